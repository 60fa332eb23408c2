import { fork, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ROOT } from '../../voice-node/config.js';
import { callerToken } from '../rig/caller.js';
import { NodeProcess, type LiveKitAddress } from '../rig/node-process.js';

/** Who answers the callers. */
export interface Contender {
  readonly name: string;
  readonly pid: number;
  /** A room with a robot in it, or one that comes as soon as the caller does, and the caller's way in. */
  invite(call: number): Promise<{ readonly url: string; readonly token: string }>;
  stop(): Promise<void>;
}

export async function voiceNode(liveKit: LiveKitAddress, name: string, environment: Record<string, string>): Promise<Contender> {
  const node = await NodeProcess.start(liveKit, { LOG_LEVEL: 'info', JOURNAL: 'none', ADMISSION: 'count', ROBOTS_DIR: 'bench/density/robots', ...environment });
  return { name, pid: node.pid, invite: () => node.createSession('echo'), stop: async () => void (await node.stop()) };
}

export async function bareEchoes(liveKit: LiveKitAddress): Promise<Contender> {
  const child = fork(fileURLToPath(new URL('./bare-echoes.js', import.meta.url)), [], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  return {
    name: 'bare rtc-node echo',
    pid: child.pid ?? -1,
    invite: async (call) => {
      const room = `bare-${call}-${Date.now()}`;
      child.send({ url: liveKit.url, token: await callerToken(liveKit, 'echo', room, 'agent') });
      const [answer] = (await once(child, 'message')) as [string];
      if (answer !== 'ready') throw new Error(answer);
      return { url: liveKit.url, token: await callerToken(liveKit, 'caller', room) };
    },
    stop: () => ended(child),
  };
}

const PEER = join(ROOT, 'bench/density/livekit-agents');

/** LiveKit Agents in its own folder, with its own rtc-node; installed from its lock file where that is due. */
export async function liveKitAgents(liveKit: LiveKitAddress, calls: number): Promise<Contender> {
  if (!existsSync(join(PEER, 'node_modules/@livekit/agents/package.json'))) {
    const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: PEER, stdio: 'inherit' });
    if (status !== 0) throw new Error(`npm ci in ${PEER} failed`);
  }
  // Idle processes are a reserve; with as many as there are calls nobody waits for one, and none is too many.
  const child = spawn(process.execPath, [join(PEER, 'echo.mjs'), liveKit.url, liveKit.apiKey, liveKit.apiSecret, String(Math.min(calls, 4))], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, NODE_ENV: 'production' },
  });
  await new Promise((resolve) => setTimeout(resolve, 15_000));
  return {
    name: '@livekit/agents 1.9.0',
    pid: child.pid ?? -1,
    invite: async (call) => ({ url: liveKit.url, token: await callerToken(liveKit, 'caller', `agents-${call}-${Date.now()}`) }),
    stop: () => ended(child),
  };
}

async function ended(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 5000);
  await exited;
  clearTimeout(timer);
}
