import { execFile, type ExecFileException } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
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
    ['a recording that is not there', ['replay', '/nonexistent.wav'], /readable recording/],
    ['an unknown robot', ['replay', '/nonexistent.wav', '--robot', 'hal'], /expected one of echo, tone, got "hal"/],
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
