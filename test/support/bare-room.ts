import { fork, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { callerToken } from '../../bench/rig/caller.js';
import type { LiveKitAddress } from '../../bench/rig/node-process.js';
import { ROOT } from '../../voice-node/config.js';

/** A room with a bare rtc-node echo in it that the page takes for its robot. */
export async function bareEchoRoom(liveKit: LiveKitAddress): Promise<{ readonly token: string; stop(): void }> {
  const room = 'bare-echo';
  const token = await callerToken(liveKit, 'bare-echo', room, 'agent');
  const bot: ChildProcess = fork(join(ROOT, 'dist/bench/rig/bare-echo.js'), [liveKit.url, token, '200', '20'], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  await new Promise((resolve, reject) => {
    bot.once('message', resolve);
    bot.once('exit', () => reject(new Error('the bare echo has ended')));
  });
  return { token: await callerToken(liveKit, 'chromium', room), stop: () => bot.kill('SIGKILL') };
}
