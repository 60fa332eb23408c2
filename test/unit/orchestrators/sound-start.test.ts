import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SoundStart } from '../../../voice-node/orchestrators/pipeline/sound-start.js';

const RATE = 16_000;
const ms = (samples: number): number => (samples / RATE) * 1000;

/** Noise of a few steps of the converter, then a voice. */
const speech = (silenceMs: number, voiceMs: number): Int16Array =>
  new Int16Array(((silenceMs + voiceMs) * RATE) / 1000).map((_, i) => (ms(i) < silenceMs ? (i % 7) - 3 : Math.round(6000 * Math.sin(i / 4))));

function taken(samples: Int16Array, pieceMs: number, trim: boolean): { lead: number[]; sound: number[] } {
  const start = new SoundStart(trim);
  const out = { lead: [] as number[], sound: [] as number[] };
  for (let at = 0, step = Math.max(1, Math.round((pieceMs * RATE) / 1000)); at < samples.length; at += step) {
    const { lead, sound } = start.take({ samples: samples.subarray(at, at + step), rateHz: RATE });
    // Never silence after sound, nor sound before its silence.
    if (lead !== undefined) expect(out.sound).toEqual([]);
    out.lead.push(...(lead?.samples ?? []));
    out.sound.push(...(sound?.samples ?? []));
  }
  return out;
}

describe('the beginning of a voice', () => {
  it('is found to 10 ms, however the audio is cut; in front of an answer 30 ms of silence are left', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 400 }), fc.integer({ min: 5, max: 300 }), (silenceMs, pieceMs) => {
        const samples = speech(silenceMs, 200);
        const { lead, sound } = taken(samples, pieceMs, true);
        expect([...lead, ...sound]).toEqual([...samples.subarray(samples.length - lead.length - sound.length)]);
        expect(ms(lead.length)).toBeLessThanOrEqual(30);
        expect(ms(lead.length)).toBeGreaterThanOrEqual(Math.min(silenceMs - 10, 20));
        expect(ms(sound.length)).toBeGreaterThanOrEqual(200);
        expect(ms(sound.length)).toBeLessThan(210.1);
      }),
      { numRuns: 200 },
    );
  });

  it('inside an answer nothing is taken away', () => {
    const samples = speech(250, 100);
    const { lead, sound } = taken(samples, 20, false);
    expect([...lead, ...sound]).toEqual([...samples]);
    expect(ms(lead.length)).toBeCloseTo(250, 6);
  });

  it('does not come in silence', () => {
    expect(taken(speech(500, 0), 20, true)).toEqual({ lead: [], sound: [] });
  });
});
