import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { runReplay } from '../../../voice-node/cli/replay.js';
import type { CallerEvent } from '../../../voice-node/domain/events.js';
import { readWav, writeWav } from '../../../voice-node/dsp/wav.js';
import { concat, noise, voice } from '../vad/signals.js';

let folder: string;
const at = (name: string): string => join(folder, name);

/** Room noise, a sentence, a pause in which it is echoed, and one more over the echo. */
const dialogue = (rateHz: number): Int16Array => {
  const quiet = (ms: number, seed: number): Int16Array => noise((ms * rateHz) / 1000, 3, seed);
  return concat(quiet(800, 1), voice(1500, rateHz, 12_000), quiet(1200, 2), voice(900, rateHz, 12_000), quiet(600, 3));
};

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'voice-node-replay-'));
  for (const rateHz of [8000, 16_000, 48_000]) writeFileSync(at(`${rateHz}.wav`), writeWav({ samples: dialogue(rateHz), rateHz }));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(() => vi.unstubAllEnvs());

interface Run {
  readonly bytes: Buffer;
  readonly text: string;
  readonly events: CallerEvent[];
}

async function replay(file: string, environment: Readonly<Record<string, string>>, robot = 'echo'): Promise<Run> {
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  await runReplay([at(file), '--robot', robot, '--out', at('reply.wav'), '--events', at('events.jsonl')], new PassThrough());
  const text = readFileSync(at('events.jsonl'), 'utf8');
  const events = text.trimEnd().split('\n').map((line) => JSON.parse(line) as CallerEvent);
  return { bytes: readFileSync(at('reply.wav')), text, events };
}

const typesOf = (run: Run): string[] => run.events.map((event) => event.type).filter((type) => type !== 'vad' && type !== 'call');
const DIALOGUE = [
  ...['speech_started', 'speech_ended', 'reply_started'],
  ...['interruption', 'speech_started', 'reply_ended', 'barge_in', 'turn'],
  ...['speech_ended', 'reply_started', 'reply_ended', 'turn'],
];

describe('replay', () => {
  it('gives the same bytes and events each time, with every rate of recording', async () => {
    for (const file of ['8000.wav', '48000.wav']) {
      const first = await replay(file, { VAD: 'energy' });
      const second = await replay(file, { VAD: 'energy' });
      expect(second.text).toBe(first.text);
      expect(second.bytes.equals(first.bytes)).toBe(true);
      expect(typesOf(first)).toEqual(DIALOGUE);
    }
  });

  it('lays the reply beside the recording: it is heard where the events say', async () => {
    const run = await replay('16000.wav', { VAD: 'energy' });
    const { samples, rateHz } = readWav(run.bytes);
    expect(rateHz).toBe(48_000);
    const turn = run.events.find((event) => event.type === 'turn');
    const firstMs = samples.findIndex((x) => Math.abs(x) >= 33) / 48;
    const t6 = turn?.type === 'turn' ? (turn.marksMs.t6 ?? NaN) : NaN;
    // t6 is the tick that handed the frame over, which carries that moment and the 10 ms after.
    expect(firstMs).toBeGreaterThanOrEqual(t6);
    expect(firstMs).toBeLessThan(t6 + 20);
    const cut = run.events.find((event) => event.type === 'barge_in');
    const cutMs = cut?.atMs ?? NaN;
    // From 20 ms after the cut until the next reply begins there is nothing.
    const next = run.events.findLast((event) => event.type === 'reply_started')?.atMs ?? NaN;
    expect(samples.subarray(Math.round((cutMs + 40) * 48), Math.round(next * 48)).every((x) => x === 0)).toBe(true);
  });

  it('does so with Silero as well, at both rates a call is heard at', async () => {
    for (const rate of ['8000', '16000']) {
      const first = await replay('16000.wav', { VAD: 'silero', CALL_RATE_HZ: rate });
      const second = await replay('16000.wav', { VAD: 'silero', CALL_RATE_HZ: rate });
      expect(second.text).toBe(first.text);
      expect(second.bytes.equals(first.bytes)).toBe(true);
      expect(typesOf(first)).toEqual(DIALOGUE);
      expect(first.events[0]).toMatchObject({ type: 'call', detector: 'silero', rateHz: Number(rate) });
    }
  });

  it('answers with the robot that is asked for', async () => {
    const run = await replay('16000.wav', { VAD: 'energy' }, 'tone');
    const turn = run.events.findLast((event) => event.type === 'turn');
    expect(turn).toMatchObject({ end: 'answered' });
    expect(turn?.type === 'turn' ? turn.heardMs : 0).toBeCloseTo(1000, -1);
  });

  it('writes its events to the standard output where no file is named', async () => {
    vi.stubEnv('VAD', 'energy');
    const out = new PassThrough();
    await runReplay([at('8000.wav')], out);
    const text = String(out.read());
    expect(text.trimEnd().split('\n').length).toBeGreaterThan(10);
    expect(text).toContain('"type":"barge_in"');
  });

  it('says what is wrong with what it is given', async () => {
    writeFileSync(at('none.wav'), 'no wave');
    writeFileSync(at('empty.wav'), writeWav({ samples: new Int16Array(0), rateHz: 8000 }));
    writeFileSync(at('odd.wav'), writeWav({ samples: new Int16Array(100), rateHz: 12_345 }));
    const faults: readonly [readonly string[], string, RegExp][] = [
      [[], 'argument_invalid', /expected one recording, got 0; usage: voice-node replay/],
      [[at('8000.wav'), at('8000.wav')], 'argument_invalid', /got 2/],
      [[at('missing.wav')], 'argument_invalid', /expected a readable recording/],
      [[folder], 'argument_invalid', /expected a readable recording/],
      [[at('none.wav')], 'audio_format', /none\.wav: expected a WAV file/],
      [[at('empty.wav')], 'audio_format', /empty\.wav: expected at least one sample, got none/],
      [[at('odd.wav')], 'audio_format', /odd\.wav: expected a rate of .*got 12345/],
      [[at('8000.wav'), '--robot', 'nobody'], 'robot_unknown', /expected one of .*echo.*, got "nobody"/],
      [[at('8000.wav'), '--out', at('no/such/folder.wav')], 'argument_invalid', /expected a file that can be written/],
      [[at('8000.wav'), '--nonsense'], 'argument_invalid', /replay: .*nonsense.*usage/],
    ];
    for (const [args, code, message] of faults) {
      await expect(runReplay(args, new PassThrough())).rejects.toMatchObject({ code, message: expect.stringMatching(message) as string });
    }
    vi.stubEnv('VAD', 'nose');
    await expect(runReplay([at('8000.wav')], new PassThrough())).rejects.toMatchObject({ code: 'config_invalid' });
  });
});
