import { execFile, type ExecFileException } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NodeProcess } from '../../bench/rig/node-process.js';
import { ROOT } from '../../voice-node/config.js';
import { startLiveKit, type TestLiveKit } from '../support/livekit-server.js';

const KEYS = { LIVEKIT_API_KEY: 'key', LIVEKIT_API_SECRET: '0123456789abcdef0123456789abcdef' };

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly lines: readonly string[];
}

/** The real command, without the environment of whoever runs the tests. */
const voiceNode = (args: readonly string[], environment: Record<string, string> = {}, input = ''): Promise<Outcome> =>
  new Promise((resolve) => {
    const env = { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', ...environment };
    const child = execFile(process.execPath, [join(ROOT, 'dist/voice-node/main.js'), ...args], { env, timeout: 30_000 }, (error: ExecFileException | null, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, lines: stderr.trimEnd().split('\n') });
    });
    child.stdin?.end(input);
  });

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'voice-node-bad-'))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('bad input on the command line', () => {
  it('tells every wrong setting at once: variable, what is allowed, what came', async () => {
    const { code, lines } = await voiceNode(['start'], { ...KEYS, PORT: '99999', VAD: 'ears', CALL_RATE_HZ: '44100', LIVEKIT_URL: 'http://x' });
    expect(code).toBe(2);
    expect(lines[0]).toBe('voice-node: 4 settings are wrong:');
    expect(lines.slice(1).join('\n')).toMatch(/LIVEKIT_URL: .*ws:.*got "http:\/\/x"[\s\S]*PORT: .*65535.*"99999"[\s\S]*CALL_RATE_HZ: .*8000, 16000.*"44100"[\s\S]*VAD: .*silero, webrtc, energy.*"ears"/);
  });

  it.each<[string, string[], RegExp]>([
    ['no command', [], /expected a command, got none/],
    ['an unknown command', ['dance'], /expected a command, got "dance"/],
    ['a token for nobody', ['token'], /--identity: expected 1 to 128 characters, got nothing/],
    ['an unknown option', ['token', '--identity', 'x', '--colour', 'red'], /colour/],
    ['a rate that is none', ['resample', '--from', '48000', '--to', 'x'], /--to/],
    ['a rate that is not supported', ['resample', '--from', '48000', '--to', '7000'], /7000/],
    ['an unknown detector', ['vad', '--detector', 'ears'], /silero.*webrtc.*energy.*ears/],
    ['no recording', ['replay'], /expected one recording, got 0/],
    ['robots told to dance', ['robots', 'dance'], /expected check or nothing, got "dance"/],
    ['a robot to check that is not there', ['robots', 'check', 'hal'], /expected one of .*echo.*, got "hal"/],
    ['a recording that is not there', ['replay', '/nonexistent.wav'], /readable recording/],
    ['an unknown robot', ['replay', '/nonexistent.wav', '--robot', 'hal'], /expected one of .*echo.*, got "hal"/],
  ])('%s: one clear line, exit code 2', async (_name, args, expected) => {
    const { code, lines, stdout } = await voiceNode(args, KEYS);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(lines[0]).toMatch(/^voice-node: /);
    expect(lines[0]).toMatch(expected);
  });

  it('a file that is no WAV, or another kind of WAV', async () => {
    const file = join(folder, 'no.wav');
    writeFileSync(file, 'this is text');
    expect(await voiceNode(['replay', file])).toMatchObject({ code: 2, lines: [expect.stringMatching(/expected a WAV file .* got "this"/) as string] });
  });

  it('audio that ends within a sample', async () => {
    const { code, lines } = await voiceNode(['resample', '--from', '48000', '--to', '8000'], {}, 'abc');
    expect([code, lines.length]).toEqual([2, 1]);
  });

  it('missing keys', async () => {
    expect(await voiceNode(['start'])).toMatchObject({ code: 2, lines: [expect.stringMatching(/LIVEKIT_API_KEY and LIVEKIT_API_SECRET: expected/) as string] });
  });

  it('a port that is taken', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    const { code, lines } = await voiceNode(['start'], { ...KEYS, PORT: String(port), VAD: 'energy' });
    server.close();
    expect([code, lines]).toEqual([1, [`voice-node: PORT: expected a free port, got ${port}, which another program on 127.0.0.1 uses`]]);
  });
});

/** A folder of robots: their files by path. */
function robotsOf(name: string, files: Readonly<Record<string, string>>): string {
  const robots = join(folder, name);
  for (const [path, text] of Object.entries({ 'echo/config.json': '{"mode":"echo"}', ...files })) {
    mkdirSync(join(robots, path, '..'), { recursive: true });
    writeFileSync(join(robots, path), text);
  }
  return robots;
}
const CHANGED = 'a robot has changed; its next call goes by that';
const SHOP = { 'shop/config.json': '{"mode":"realtime","realtime":{"provider":"openai","api_key_env":"SHOP_KEY"}}', 'shop/prompt.txt': 'Be kind.' };

describe('robots that are not right', () => {
  it('keep the node from starting, all their faults together', async () => {
    const ROBOTS_DIR = robotsOf('broken', { 'a/config.json': '{"mode":"parrot"}', 'b/config.json': '{"mode":"echo","vad":{"minSpeechMs":1}}', 'b/.env': 'PORT=1\nVAD=ears' });
    const { code, lines } = await voiceNode(['start'], { ...KEYS, ROBOTS_DIR });
    expect(code).toBe(2);
    expect(lines).toEqual([
      'voice-node: a/config.json: mode: expected one of echo, tone, pipeline, realtime, llm_script, got "parrot"',
      'b/config.json: vad.minSpeechMs: unknown key; keys are written like min_speech_ms',
      'b/.env: PORT: belongs to the node; expected it in the environment or in the root .env',
    ]);
    const check = await voiceNode(['robots', 'check'], { ROBOTS_DIR });
    expect([check.code, check.lines]).toEqual([2, ['']]);
    for (const line of lines) expect(check.stdout).toContain(line.replace('voice-node: ', ''));
  });

  it('are told by what they lack; as the default they keep the node from starting', async () => {
    const ROBOTS_DIR = robotsOf('lacking', SHOP);
    const { code, stdout } = await voiceNode(['robots', 'check'], { ROBOTS_DIR });
    expect([code, stdout]).toEqual([1, 'ready    echo\nmissing  shop\n           realtime openai: SHOP_KEY is not set\n1 of 2 can take calls; 1 lack something; 0 broken\n']);
    expect((await voiceNode(['robots', 'check'], { ROBOTS_DIR, SHOP_KEY: 'k' })).code).toBe(0);
    expect(await voiceNode(['start'], { ...KEYS, ROBOTS_DIR, ROBOT: 'shop', VAD: 'energy' })).toMatchObject({
      code: 2,
      lines: ['voice-node: ROBOT: expected a robot that can take calls, got "shop", which lacks something:', '  realtime openai: SHOP_KEY is not set'],
    });
    expect(await voiceNode(['start'], { ...KEYS, ROBOTS_DIR, ROBOT: 'hal', VAD: 'energy' })).toMatchObject({ code: 2, lines: ['voice-node: ROBOT: expected one of echo, shop, got "hal"'] });
  });
});

describe('robots of a running node', () => {
  let liveKit: TestLiveKit;
  let node: NodeProcess;
  let robots: string;
  beforeAll(async () => {
    liveKit = await startLiveKit();
    robots = robotsOf('running', SHOP);
    node = await NodeProcess.start(liveKit, { ROBOTS_DIR: robots, ROBOT: 'echo', VAD: 'energy' });
  });
  afterAll(async () => {
    await node.stop();
    await liveKit.stop();
  });

  const list = async (): Promise<unknown> => (await fetch(`${node.url}/api/robots`)).json();
  const ask = async (robot: string): Promise<{ status: number; body: unknown }> => {
    const response = await fetch(`${node.url}/api/session/create`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ robot }) });
    return { status: response.status, body: await response.json() };
  };

  it('are offered and refused by what they lack, and taken as soon as it is there', async () => {
    expect(await node.waitForLog(({ msg }) => msg === 'a robot cannot take calls yet', 5000)).toMatchObject({ robot: 'shop', missing: ['realtime openai: SHOP_KEY is not set'] });
    const echo = { name: 'echo', mode: 'echo', ready: true };
    expect(await list()).toEqual({ robots: ['echo', 'shop'], default: 'echo', details: [echo, { name: 'shop', mode: 'realtime', ready: false, missing: ['SHOP_KEY'] }] });
    expect(await ask('shop')).toEqual({ status: 503, body: { error: { code: 'robot_unavailable', message: 'robot: shop cannot take calls: realtime openai: SHOP_KEY is not set' } } });
    writeFileSync(join(robots, 'shop/.env'), 'SHOP_KEY=sk-of-the-shop');
    expect(await list()).toMatchObject({ details: [echo, { name: 'shop', ready: true }] });
    writeFileSync(join(robots, 'shop/.env'), '');
    expect(await ask('shop')).toMatchObject({ status: 503 });
    let seen = 0;
    await node.waitForLog(({ msg, robot }) => msg === CHANGED && robot === 'shop' && ++seen === 2, 5000);
    expect(JSON.stringify(node.log)).not.toContain('sk-of-the-shop');
  });

  it('keep their last good state through an edit that is none, which is told once', async () => {
    const config = join(robots, 'echo/config.json');
    writeFileSync(config, '{"mode":"echo",');
    for (let i = 0; i < 3; i++) expect(await ask('echo')).toMatchObject({ status: 200, body: { robot: 'echo' } });
    writeFileSync(config, '{"mode":"echo","description":"mended"}');
    expect(await list()).toMatchObject({ details: [{ name: 'echo', description: 'mended' }, { name: 'shop' }] });
    // Its line is the last one: what was told before has been read by then.
    await node.waitForLog(({ msg, robot }) => msg === CHANGED && robot === 'echo', 5000);
    const told = node.log.filter(({ level, robot }) => level === 'warn' && robot === 'echo');
    expect(told).toMatchObject([{ msg: 'a robot was changed and is not right; its last good state stays', faults: [expect.stringMatching(/^echo\/config\.json: expected JSON: /) as string] }]);
  });

  it('may be new or gone', async () => {
    robotsOf('running', { 'tone/config.json': '{"mode":"tone"}' });
    expect(await list()).toMatchObject({ robots: ['echo', 'shop', 'tone'] });
    expect(await ask('tone')).toMatchObject({ status: 200 });
    rmSync(join(robots, 'tone'), { recursive: true });
    expect(await ask('tone')).toMatchObject({ status: 400, body: { error: { code: 'robot_unknown' } } });
  });
});

describe('a wrong key', () => {
  let liveKit: TestLiveKit;
  beforeAll(async () => void (liveKit = await startLiveKit()));
  afterAll(() => liveKit.stop());

  it('is told in one line, and the node waits for better times without being ready', async () => {
    const starting = NodeProcess.launch({ LIVEKIT_URL: liveKit.url, ...KEYS, PORT: '0', VAD: 'energy' });
    const line = await starting.waitForLog(({ msg }) => msg === 'not registered; trying again', 20_000);
    expect(line).toMatchObject({ level: 'error', code: 'auth_failed' });
    expect(String(line['error'])).toMatch(/LIVEKIT_API_KEY and LIVEKIT_API_SECRET/);
    const up = await starting.waitForLog(({ msg }) => msg === 'voice-node is up', 20_000);
    expect((await fetch(`http://127.0.0.1:${String(up['port'])}/readyz`)).status).toBe(503);
    expect(await starting.stop()).toBe(0);
  });
});
