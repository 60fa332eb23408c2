import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LogMel, MEL_BANDS } from '../../../voice-node/dsp/log-mel.js';
import { MixedFft } from '../../../voice-node/dsp/mixed-fft.js';
import { GOLDEN } from './log-mel-golden.js';
import { noise } from './signals.js';

/** A glide, two steady tones, one of which comes in after half a second, and some direct voltage. */
const signal = (count: number): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => {
    const t = i / 16_000;
    const high = t > 0.5 ? 0.1 * Math.sin(2 * Math.PI * 3000 * t) : 0;
    return 0.3 * Math.sin(2 * Math.PI * (200 * t + 150 * t * t)) + high + 0.02 * Math.sin(2 * Math.PI * 6500 * t) + 0.01;
  });

function features(sound: Float32Array, mel = new LogMel(8)): Float32Array {
  const out = new Float32Array(MEL_BANDS * mel.frames);
  mel.process(sound, out);
  return out;
}

describe('the mel spectrogram', () => {
  it.each(GOLDEN)('of $samples samples is that of the reference', ({ samples, mean, columns }) => {
    const out = features(signal(samples));
    expect(out).toHaveLength(80 * 800);
    expect(out.reduce((sum, x) => sum + x, 0) / out.length).toBeCloseTo(mean, 4);
    for (const [column, expected] of Object.entries(columns)) {
      const found = expected.map((_, band) => out[band * 800 + Number(column)] ?? Number.NaN);
      const worst = Math.max(...found.map((x, band) => Math.abs(x - (expected[band] ?? Number.NaN))));
      expect(worst, `column ${column}`).toBeLessThan(2e-3);
    }
  });

  it('does not depend on what was looked at before, nor on the level', () => {
    const mel = new LogMel(8);
    const quiet = signal(30_000).map((x) => x / 8);
    const first = features(quiet, mel);
    features(signal(128_000), mel);
    expect(features(quiet, mel)).toEqual(first);
    const loud = features(signal(30_000));
    expect(Math.max(...loud.map((x, i) => Math.abs(x - (first[i] ?? 0))))).toBeLessThan(1e-3);
  });

  it('is finite in silence, for nothing at all and for a single sample', () => {
    for (const sound of [new Float32Array(0), new Float32Array(1).fill(1), new Float32Array(16_000), new Float32Array(200_000)]) {
      expect(features(sound).every(Number.isFinite)).toBe(true);
    }
  });
});

describe('the transform of mixed radix', () => {
  it.each([2, 3, 4, 5, 6, 12, 30, 45, 64, 125, 400, 600])('of %i points is the sum it is defined as', (size) => {
    const [re, im] = [noise(size, size), noise(size, size + 1)];
    const [outRe, outIm] = [re.slice(), im.slice()];
    new MixedFft(size).transform(outRe, outIm);
    for (let k = 0; k < size; k++) {
      let sumRe = 0;
      let sumIm = 0;
      for (let n = 0; n < size; n++) {
        const angle = (-2 * Math.PI * ((k * n) % size)) / size;
        sumRe += (re[n] ?? 0) * Math.cos(angle) - (im[n] ?? 0) * Math.sin(angle);
        sumIm += (re[n] ?? 0) * Math.sin(angle) + (im[n] ?? 0) * Math.cos(angle);
      }
      expect(Math.hypot((outRe[k] ?? NaN) - sumRe, (outIm[k] ?? NaN) - sumIm)).toBeLessThan(1e-10);
    }
  });

  it('takes lengths of the factors 2, 3 and 5 and says so of others', () => {
    fc.assert(
      fc.property(fc.oneof(fc.integer({ min: -5, max: 2000 }), fc.constantFrom(0.5, Number.NaN, 1e6)), (size) => {
        let rest = size;
        for (const factor of [2, 3, 5]) while (rest > 1 && rest % factor === 0) rest /= factor;
        const fine = size >= 2 && rest === 1 && size <= 65_536;
        if (fine) expect(new MixedFft(size).size).toBe(size);
        else expect(() => new MixedFft(size)).toThrow(/2, 3 and 5/);
      }),
    );
  });
});
