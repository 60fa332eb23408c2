import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { RESAMPLER_RATES_HZ } from '../../../voice-node/dsp/resampler-plan.js';
import { createFloatResampler, createResampler, type Resampler, type ResamplerProfile } from '../../../voice-node/dsp/resampler.js';
import { noise, rootMeanSquare, sine, toFloat32, toInt16 } from './signals.js';

const RATES = [...RESAMPLER_RATES_HZ];
const PAIRS = RATES.flatMap((fromHz) => RATES.map((toHz) => [fromHz, toHz] as const));
const PROFILES: readonly ResamplerProfile[] = ['conversation', 'linear', 'archive'];

/** Pushes `input` in pieces of the given lengths, repeated as often as needed; checks every count on the way. */
function inPieces<T extends Int16Array | Float32Array>(resampler: Resampler<T>, input: T, pieces: readonly number[], out: T): T {
  let consumed = 0;
  let written = 0;
  for (let i = 0; consumed < input.length; i++) {
    const piece = input.subarray(consumed, consumed + (pieces[i % pieces.length] as number)) as T;
    const count = resampler.processInto(piece, out.subarray(written) as T);
    if (count > resampler.maxOutputSamples(piece.length)) throw new Error(`${count} samples for ${piece.length}, more than promised`);
    consumed += piece.length;
    written += count;
    const due = Math.floor((consumed * resampler.toHz) / resampler.fromHz);
    if (written !== due) throw new Error(`${written} samples after ${consumed}, expected ${due}`);
  }
  return out.subarray(0, written) as T;
}

const bytesOf = (x: Int16Array | Float32Array): Buffer => Buffer.from(x.buffer, x.byteOffset, x.byteLength);

/** Cuts from single samples to a second, most of them short. */
const cuts = (rateHz: number): fc.Arbitrary<number[]> =>
  fc.array(
    fc.oneof(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 1, max: 331 }), fc.integer({ min: 300, max: 2500 }), fc.integer({ min: 1, max: rateHz })),
    { minLength: 1, maxLength: 40 },
  );

describe.each(PROFILES)('%s: cutting the input differently changes no bit', (profile) => {
  it.each(PAIRS)('%i to %i', (fromHz, toHz) => {
    const signal = noise(Math.round(0.2 * fromHz), fromHz + toHz);
    const options = { fromHz, toHz, profile };
    const wholeInts = createResampler(options).process(toInt16(signal));
    const wholeFloats = createFloatResampler(options).process(toFloat32(signal));
    fc.assert(
      fc.property(cuts(fromHz), (pieces) => {
        const ints = inPieces(createResampler(options), toInt16(signal), pieces, new Int16Array(wholeInts.length + 2));
        expect(Buffer.compare(bytesOf(ints), bytesOf(wholeInts))).toBe(0);
        const floats = inPieces(createFloatResampler(options), toFloat32(signal), pieces, new Float32Array(wholeFloats.length + 2));
        expect(Buffer.compare(bytesOf(floats), bytesOf(wholeFloats))).toBe(0);
      }),
      { numRuns: 3 },
    );
  });
});

describe('counts', () => {
  it.each([[48000, 8000], [24000, 48000]])('%i to %i are exact over an hour of 20 ms frames', (fromHz, toHz) => {
    const resampler = createResampler({ fromHz, toHz });
    const frame = new Int16Array(fromHz / 50).fill(1000);
    const out = new Int16Array(toHz / 50);
    for (let i = 0; i < 3600 * 50; i++) if (resampler.processInto(frame, out) !== out.length) throw new Error(`frame ${i}`);
  });

  it.each([[11025, 8000]])('%i to %i are exact over an hour of odd pieces', (fromHz, toHz) => {
    const resampler = createResampler({ fromHz, toHz });
    const piece = new Int16Array(9973);
    const out = new Int16Array(resampler.maxOutputSamples(piece.length));
    let consumed = 0;
    let written = 0;
    for (const total = 3600 * fromHz; consumed < total; ) {
      const part = piece.subarray(0, Math.min(piece.length, total - consumed));
      written += resampler.processInto(part, out);
      consumed += part.length;
    }
    expect(written).toBe(3600 * toHz);
  });

  it('refuses an output that is too small, before it has consumed anything', () => {
    const resampler = createResampler({ fromHz: 48000, toHz: 8000 });
    const input = toInt16(noise(960, 1));
    expect(() => resampler.processInto(input, new Int16Array(159))).toThrowError(expect.objectContaining({ code: 'argument_invalid' }));
    expect(resampler.process(input)).toEqual(createResampler({ fromHz: 48000, toHz: 8000 }).process(input));
  });

  it('refuses rates it does not know', () => {
    for (const [fromHz, toHz] of [[48000, 7999], [0, 8000], [Number.NaN, 8000], [96000, 48000]] as const) {
      expect(() => createResampler({ fromHz, toHz })).toThrowError(expect.objectContaining({ code: 'audio_format' }));
    }
  });

  it('copies when the rates are equal', () => {
    const input = toInt16(noise(1000, 2));
    const resampler = createResampler({ fromHz: 16000, toHz: 16000 });
    expect(resampler.delaySamples).toBe(0);
    expect(resampler.process(input)).toEqual(input);
  });
});

describe.each(PROFILES)('%s', (profile) => {
  it.each([[48000, 8000], [8000, 48000], [24000, 48000], [44100, 16000]])('%i to %i: reset() equals new', (fromHz, toHz) => {
    const resampler = createResampler({ fromHz, toHz, profile });
    const input = toInt16(noise(5001, 3));
    const first = resampler.process(input);
    expect(resampler.process(input.subarray(0, 4999))).not.toEqual(first.subarray(0, Math.floor((4999 * toHz) / fromHz)));
    resampler.reset();
    expect(resampler.process(input)).toEqual(first);
  });

  it.each([[48000, 8000], [8000, 48000], [16000, 48000], [48000, 24000], [48000, 44100]])('%i to %i saturates and never wraps', (fromHz, toHz) => {
    // Full-scale square wave: every filter overshoots it by a tenth.
    const square = Int16Array.from({ length: fromHz / 4 }, (_, i) => (Math.floor((i * 300) / fromHz) % 2 === 0 ? 32767 : -32768));
    const ints = createResampler({ fromHz, toHz, profile }).process(square);
    const floats = createFloatResampler({ fromHz, toHz, profile }).process(Float32Array.from(square, (x) => x / 32768));
    expect(Math.max(...floats)).toBeGreaterThan(1);
    for (let i = 0; i < ints.length; i++) {
      const wanted = Math.max(-32768, Math.min(32767, 32768 * (floats[i] as number)));
      expect(Math.abs((ints[i] as number) - wanted)).toBeLessThanOrEqual(0.51);
    }
    expect(Math.max(...ints)).toBe(32767);
    expect(Math.min(...ints)).toBe(-32768);
  });

  it.each([[48000, 8000], [8000, 48000], [48000, 16000], [24000, 48000], [22050, 48000]])('%i to %i keeps silence exact, before and after sound', (fromHz, toHz) => {
    const zeros = new Int16Array(fromHz);
    const ints = createResampler({ fromHz, toHz, profile });
    expect(ints.process(zeros).every((x) => x === 0)).toBe(true);
    ints.process(toInt16(noise(fromHz, 4)));
    ints.process(zeros);
    expect(ints.process(zeros).every((x) => x === 0)).toBe(true);
    const floats = createFloatResampler({ fromHz, toHz, profile });
    expect(floats.process(new Float32Array(fromHz)).every((x) => Object.is(x, 0))).toBe(true);
    floats.process(toFloat32(noise(fromHz, 5)));
    for (let i = 0; i < 20; i++) floats.process(new Float32Array(fromHz));
    expect(floats.process(new Float32Array(fromHz)).every((x) => x === 0)).toBe(true);
  });
});

describe('faults that resamplers have shipped with', () => {
  it('16 to 24 kHz in 10 ms pushes is not near silence', () => {
    const resampler = createResampler({ fromHz: 16000, toHz: 24000 });
    const input = toInt16(sine(16000, 16000, 440, 0.16));
    const out = inPieces(resampler, input, [160], new Int16Array(24010));
    expect(rootMeanSquare(out, 2400) / rootMeanSquare(input)).toBeCloseTo(1, 2);
  });

  it('survives a NaN or an infinity in the input', () => {
    const resampler = createFloatResampler({ fromHz: 48000, toHz: 8000 });
    resampler.process(Float32Array.of(0.5, Number.NaN, Infinity, -Infinity, 0.5, 0.5));
    resampler.process(new Float32Array(48000));
    expect(resampler.process(new Float32Array(960).fill(0.5)).every(Number.isFinite)).toBe(true);
  });

  it('does not touch its input, and takes views that begin inside a buffer', () => {
    const whole = toInt16(noise(2000, 6));
    const copy = whole.slice();
    const view = whole.subarray(37, 997);
    expect(createResampler({ fromHz: 48000, toHz: 8000 }).process(view)).toEqual(createResampler({ fromHz: 48000, toHz: 8000 }).process(view.slice()));
    expect(whole).toEqual(copy);
  });

  it('two resamplers at once do not disturb each other', () => {
    const input = toInt16(noise(9600, 7));
    const alone = createResampler({ fromHz: 44100, toHz: 48000 }).process(input);
    const a = createResampler({ fromHz: 44100, toHz: 48000 });
    const b = createResampler({ fromHz: 44100, toHz: 48000 });
    const first = a.process(input.subarray(0, 4000));
    b.process(toInt16(noise(5000, 8)));
    expect([...first, ...a.process(input.subarray(4000))]).toEqual([...alone]);
  });
});
