import { PassThrough, Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { runVad } from '../../../voice-node/cli/vad.js';
import { concat, mix, noise, voice } from './signals.js';

interface Line {
  readonly type: string;
  readonly atMs: number;
  readonly onsetMs: number;
}

const bytesOf = (samples: Int16Array): Buffer => {
  const bytes = Buffer.alloc(samples.length * 2);
  samples.forEach((sample, i) => bytes.writeInt16LE(sample, 2 * i));
  return bytes;
};

async function vad(args: readonly string[], pieces: readonly Buffer[]): Promise<Line[]> {
  const stdout = new PassThrough({ encoding: 'utf8', highWaterMark: 1 << 20 });
  await runVad(args, { stdin: Readable.from(pieces), stdout });
  stdout.end();
  let text = '';
  for await (const piece of stdout) text += String(piece);
  return text.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Line);
}

/** Voice from 1000 to 2000 ms. */
const turnAt = (rateHz: number, restMs = 1000): Int16Array => {
  const samples = concat(new Int16Array(rateHz), voice(1000, rateHz), new Int16Array((rateHz * restMs) / 1000));
  return mix(samples, noise(samples.length, 8));
};

describe('voice-node vad', () => {
  it.each(['silero', 'webrtc', 'energy'])('finds one stretch of speech with %s', async (detector) => {
    const lines = await vad(['--detector', detector], [bytesOf(turnAt(8000))]);
    expect(lines.map((line) => Object.keys(line))).toEqual([
      ['type', 'atMs', 'onsetMs'],
      ['type', 'atMs', 'onsetMs'],
    ]);
    const [start, end] = lines as [Line, Line];
    expect([start.type, end.type]).toEqual(['speech_started', 'speech_ended']);
    expect(Math.abs(start.onsetMs - 1000)).toBeLessThanOrEqual(120);
    expect(start.atMs - 1000).toBeLessThanOrEqual(200);
    expect(Math.abs(end.onsetMs - 2000)).toBeLessThanOrEqual(120);
    // The end that is told is the voice's own; the detectors notice it up to 160 ms later.
    expect(end.atMs - end.onsetMs).toBeGreaterThanOrEqual(500);
    expect(end.atMs - end.onsetMs).toBeLessThanOrEqual(660);
  });

  it.each(['16000', '48000'])('hears the same at %s Hz', async (rate) => {
    const lines = await vad(['--rate', rate], [bytesOf(turnAt(Number(rate)))]);
    expect(lines.map((line) => line.type)).toEqual(['speech_started', 'speech_ended']);
    expect(Math.abs((lines[0] as Line).onsetMs - 1000)).toBeLessThanOrEqual(120);
  });

  it('closes what is open when the input ends', async () => {
    const lines = await vad(['--detector', 'energy'], [bytesOf(turnAt(8000, 0).subarray(0, 8 * 1500))]);
    expect(lines.map((line) => line.type)).toEqual(['speech_started', 'speech_ended']);
    expect((lines[1] as Line).atMs).toBe(1500);
  });

  it('says nothing to nothing', async () => {
    expect(await vad(['--detector', 'energy'], [])).toEqual([]);
    expect(await vad(['--detector', 'energy'], [Buffer.alloc(2)])).toEqual([]);
  });

  it('does not care how the bytes come, not even in the middle of a sample', async () => {
    const bytes = bytesOf(turnAt(8000));
    const whole = await vad(['--detector', 'energy'], [bytes]);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 9999 }), { minLength: 1, maxLength: 6 }), async (cuts) => {
        const pieces: Buffer[] = [];
        for (let at = 0, i = 0; at < bytes.length; i++) {
          const length = cuts[i % cuts.length] as number;
          pieces.push(bytes.subarray(at, at + length));
          at += length;
        }
        expect(await vad(['--detector', 'energy'], pieces)).toEqual(whole);
      }),
      { numRuns: 20 },
    );
  });

  it.each([
    [['--detector', 'magic'], '--detector: expected silero, webrtc, energy, got "magic"'],
    [['--rate', '44100'], '--rate: expected 8000, 16000, 48000, got "44100"'],
    [['--rate', ''], '--rate: expected 8000, 16000, 48000, got ""'],
    [['--loud'], "Unknown option '--loud'"],
    [['file.raw'], "Unexpected argument 'file.raw'"],
  ])('refuses %j', async (args, message) => {
    await expect(vad(args, [])).rejects.toMatchObject({ code: 'argument_invalid', message: expect.stringContaining(message) });
  });

  it.each([
    ['a WAV file', Buffer.from('RIFF\x24\0\0\0WAVEfmt ', 'latin1'), 'got a WAV file'],
    ['half a sample', Buffer.alloc(321), 'ends with half a sample'],
  ])('refuses %s', async (_, bytes, message) => {
    await expect(vad(['--detector', 'energy'], [bytes])).rejects.toMatchObject({ code: 'audio_format', message: expect.stringContaining(message) });
  });
});
