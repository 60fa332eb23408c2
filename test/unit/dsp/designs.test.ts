import { describe, expect, it } from 'vitest';

import { AllpassInterpolator } from '../../../voice-node/dsp/allpass.js';
import * as coefficients from '../../../voice-node/dsp/coefficients.js';
import { DESIGNS, PROTOTYPE_OVERSAMPLING } from '../../../voice-node/dsp/design/designs.js';
import { besselI0, kaiserLowpass } from '../../../voice-node/dsp/design/kaiser.js';
import { designRemez } from '../../../voice-node/dsp/design/remez.js';
import { halfBandInterpolate } from '../../../voice-node/dsp/halfband-kernels.js';
import { HEADROOM } from '../../../voice-node/dsp/stage.js';
import { decibels, noise } from './signals.js';

const magnitude = (h: ArrayLike<number>, f: number): number => {
  let re = 0;
  let im = 0;
  for (let n = 0; n < h.length; n++) {
    re += (h[n] as number) * Math.cos(2 * Math.PI * f * n);
    im += (h[n] as number) * Math.sin(2 * Math.PI * f * n);
  }
  return Math.hypot(re, im);
};

describe('the coefficients that are checked in', () => {
  const checkedIn: Record<string, unknown> = { ...coefficients };

  it('are all there', () => {
    expect(Object.keys(checkedIn).sort()).toEqual([...DESIGNS.map((design) => design.name), 'PROTOTYPE_OVERSAMPLING'].sort());
    expect(coefficients.PROTOTYPE_OVERSAMPLING).toBe(PROTOTYPE_OVERSAMPLING);
  });

  it.each(DESIGNS)('$name comes out of its call again', ({ name, run }) => {
    const rows = checkedIn[name] as number[][];
    const again = run();
    expect(again.map((row) => row.length)).toEqual(rows.map((row) => row.length));
    again.forEach((row, k) => row.forEach((value, i) => expect(Math.abs(value - (rows[k]?.[i] as number))).toBeLessThan(1e-9)));
  });
});

describe('the design methods', () => {
  it('Bessel function against its table (Abramowitz & Stegun 9.8)', () => {
    expect(besselI0(0)).toBe(1);
    expect(besselI0(1)).toBeCloseTo(1.2660658777520084, 13);
    expect(besselI0(5)).toBeCloseTo(27.239871823604442, 11);
    expect(besselI0(10) / 2815.716628466254).toBeCloseTo(1, 13);
  });

  it('Kaiser window reaches the attenuation it was asked for', () => {
    const h = kaiserLowpass(101, 0.2, 80);
    expect(magnitude(h, 0)).toBeCloseTo(1, 12);
    for (let f = 0.227; f <= 0.5; f += 0.001) expect(decibels(magnitude(h, f))).toBeLessThan(-79);
  });

  it('Parks-McClellan is equiripple: as many extremes of the same size as the alternation theorem asks for', () => {
    const taps = 41;
    const h = designRemez({ taps, bands: [{ from: 0, to: 0.1, gain: 1, weight: 1 }, { from: 0.15, to: 0.5, gain: 0, weight: 10 }] });
    const amplitude = (f: number): number => {
      let sum = h[20] as number;
      for (let n = 1; n <= 20; n++) sum += 2 * (h[20 + n] as number) * Math.cos(2 * Math.PI * f * n);
      return sum;
    };
    const errors: number[] = [];
    for (let f = 0; f <= 0.1; f += 1e-5) errors.push(amplitude(f) - 1);
    errors.push(Number.NaN);
    for (let f = 0.15; f <= 0.5; f += 1e-5) errors.push(10 * amplitude(f));
    const largest = Math.max(...errors.filter((e) => !Number.isNaN(e)).map(Math.abs));
    let extremes = 0;
    let sign = 0;
    for (const e of errors) {
      if (Math.abs(e) > 0.98 * largest && Math.sign(e) !== sign) {
        extremes++;
        sign = Math.sign(e);
      }
    }
    expect(extremes).toBeGreaterThanOrEqual((taps - 1) / 2 + 2);
  });
});

describe('all-pass sections', () => {
  it('keep every sample above the denormal numbers, however long the silence', () => {
    const stage = new AllpassInterpolator(coefficients.HALF_BAND, halfBandInterpolate);
    const input = new Float64Array(HEADROOM + 1000);
    const output = new Float64Array(HEADROOM + 2000);
    input.set(noise(1000, 61), HEADROOM);
    stage.process(input, 1000, output);
    input.fill(0);
    for (let block = 0; block < 200; block++) {
      stage.process(input, 1000, output);
      for (const y of output.subarray(HEADROOM)) if (Math.abs(y) < 1e-300) throw new Error(`block ${block}: ${y}`);
    }
    expect(output[HEADROOM + 1999]).toBeCloseTo(1e-100, 110);
  });
});
