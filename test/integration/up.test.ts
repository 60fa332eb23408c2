import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { TokenVerifier } from 'livekit-server-sdk';
import { freePort, isFree } from '../../scripts/lib/ports.mjs';
import { needLiveKitBinary } from '../../scripts/lib/livekit-binary.mjs';

const run = promisify(execFile);
const script = (name: string): string => fileURLToPath(new URL(`../../scripts/${name}`, import.meta.url));

/** A running `scripts/up` and what it has said so far. */
interface Up {
  readonly child: ChildProcess;
  readonly ended: Promise<{ code: number | null; signal: string | null }>;
  readonly output: { stdout: string; stderr: string };
}

let state: string;
const ups: Up[] = [];
const servers: Server[] = [];

beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'voice-node-up-'));
});
afterEach(async () => {
  for (const { child, ended } of ups.splice(0)) {
    child.kill('SIGTERM');
    await ended;
  }
  for (const server of servers.splice(0)) server.close();
  rmSync(state, { recursive: true, force: true });
});

/** The environment without any setting of the node, from .env neither. */
async function environment(extra: Record<string, string>): Promise<NodeJS.ProcessEnv> {
  const bare = { LIVEKIT_URL: '', LIVEKIT_PUBLIC_URL: '', LIVEKIT_API_KEY: '', LIVEKIT_API_SECRET: '', HOST: '', PORT: '', LOG_LEVEL: '' };
  return { ...process.env, ...bare, VOICE_NODE_STATE_DIR: state, LIVEKIT_SERVER_BIN: await needLiveKitBinary(), ...extra };
}

async function startUp(extra: Record<string, string> = {}): Promise<Up> {
  const child = spawn(script('up'), [], { env: await environment(extra), cwd: tmpdir(), stdio: ['ignore', 'pipe', 'pipe'] });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  const ended = new Promise<{ code: number | null; signal: string | null }>((resolve) => child.on('close', (code, signal) => resolve({ code, signal })));
  const up = { child, ended, output };
  ups.push(up);
  return up;
}

/** Waits until it has printed the address; fails with its words where it ends before. */
async function ready(up: Up): Promise<{ page: string; url: string; token: string }> {
  const printed = new Promise<void>((resolve) => up.child.stdout?.on('data', () => up.output.stdout.includes('Ctrl-C') && resolve()));
  const ended = up.ended.then(() => {
    throw new Error(`scripts/up ended: ${up.output.stderr}`);
  });
  await Promise.race([printed, ended]);
  const [, page, url, token] = /(http:\/\/\S+\/)#url=([^&\s]+)&token=(\S+)/.exec(up.output.stdout) ?? [];
  if (page === undefined || url === undefined || token === undefined) throw new Error(`no address in: ${up.output.stdout}`);
  return { page, url, token };
}

/** The processes that have this state folder in their environment: all that this test has started. Linux only. */
function processes(): { pid: number; name: string }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const environ = readFileSync(`/proc/${pid}/environ`, 'utf8');
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
        const mine = environ.includes(state) || servedPort !== undefined && environ.includes(`port: ${servedPort}\n`);
        return mine ? [{ pid: Number(pid), name: command }] : [];
      } catch {
        return [];
      }
    });
}
let servedPort: number | undefined;

async function expectAllGone(addresses: readonly string[]): Promise<void> {
  for (const address of addresses) expect(await isFree(Number(new URL(address).port)), address).toBe(true);
  expect(existsSync(join(state, 'up.env'))).toBe(false);
  await expect.poll(processes, { timeout: 10_000 }).toEqual([]);
}

describe('scripts/up', () => {
  test('brings up a page, metrics and a token that opens the room; Ctrl-C ends all of it', async () => {
    const up = await startUp();
    const { page, url, token } = await ready(up);
    servedPort = Number(new URL(url).port);
    expect(processes().length).toBeGreaterThanOrEqual(3);

    const html = await fetch(page);
    expect(html.status).toBe(200);
    expect(html.headers.get('content-type')).toContain('text/html');
    expect(await (await fetch(`${page}metrics`)).text()).toContain('voice_node_calls');
    expect((await fetch(`${url.replace('ws', 'http')}/rtc/validate?access_token=${token}`)).status).toBe(200);

    expect(statSync(join(state, 'up.env')).mode & 0o777).toBe(0o600);
    const generated = await run(script('gen-token'), ['--identity', 'my-user', '--room', 'other'], { env: await environment({}), cwd: tmpdir() });
    expect(generated.stdout).toMatch(/^\S+\n$/);
    const keys = Object.fromEntries(readFileSync(join(state, 'up.env'), 'utf8').trim().split('\n').map((line) => line.split(/=(.*)/s)));
    const claims = await new TokenVerifier(String(keys.LIVEKIT_API_KEY), String(keys.LIVEKIT_API_SECRET)).verify(generated.stdout.trim());
    expect(claims).toMatchObject({ sub: 'my-user', video: { room: 'other', roomJoin: true } });

    up.child.kill('SIGINT');
    expect(await up.ended).toEqual({ code: 130, signal: null });
    await expectAllGone([page, url.replace('ws', 'http')]);
  });

  test('when the server dies, the node is ended too, and it says so', async () => {
    const up = await startUp();
    const { page, url } = await ready(up);
    servedPort = Number(new URL(url).port);
    const server = processes().find(({ name }) => name.trim() === process.env.LIVEKIT_SERVER_BIN || /livekit-server\s*$/.test(name));
    process.kill(server?.pid ?? Number.NaN, 'SIGKILL');
    expect((await up.ended).code).toBe(1);
    expect(up.output.stderr).toContain('livekit-server ended (signal SIGKILL)');
    await expectAllGone([page, url.replace('ws', 'http')]);
  });

  test('when it is killed without a word, nothing stays behind', async () => {
    const up = await startUp();
    const { page, url } = await ready(up);
    servedPort = Number(new URL(url).port);
    up.child.kill('SIGKILL');
    await up.ended;
    await expect.poll(processes, { timeout: 30_000 }).toEqual([]);
    rmSync(join(state, 'up.env'));
    await expectAllGone([page, url.replace('ws', 'http')]);
  });

  test('a taken PORT of the user is an error that names it', async () => {
    const server = createServer();
    servers.push(server);
    const port = await freePort();
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    const up = await startUp({ PORT: String(port) });
    expect((await up.ended).code).toBe(1);
    expect(up.output.stderr).toContain(`127.0.0.1:${port} is taken`);
  });

  test.each([
    ['a LIVEKIT_URL without keys', { LIVEKIT_URL: 'ws://127.0.0.1:1' }, 'LIVEKIT_API_KEY and LIVEKIT_API_SECRET must be set too'],
    ['a LIVEKIT_URL that is none', { LIVEKIT_URL: 'localhost:7880', LIVEKIT_API_KEY: 'k', LIVEKIT_API_SECRET: 's'.repeat(32) }, "got 'localhost:7880'"],
    ['a LIVEKIT_URL where nothing answers', { LIVEKIT_URL: 'ws://127.0.0.1:1', LIVEKIT_API_KEY: 'k', LIVEKIT_API_SECRET: 's'.repeat(32) }, 'nothing answers there'],
    ['a setting the node refuses', { VAD: 'magic' }, 'VAD: expected one of silero, webrtc, energy, got "magic"'],
    ['a PORT that is none', { PORT: 'eighty' }, "PORT: expected a whole number from 1 to 65535, got 'eighty'"],
  ])('%s: one clear message, exit code 1, nothing left', async (_, extra, message) => {
    const up = await startUp(extra);
    expect((await up.ended).code).toBe(1);
    expect(up.output.stderr).toContain(message);
    expect(up.output.stderr).not.toMatch(/\n\s+at /);
    await expectAllGone([]);
  });
});
