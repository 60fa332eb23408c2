import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RealFft } from '../../../voice-node/dsp/fft.js';

/** The definition, term by term. */
function slow(x: Float64Array): { re: number[]; im: number[] } {
  const re: number[] = [];
  const im: number[] = [];
  for (let k = 0; k <= x.length / 2; k++) {
    let [sr, si] = [0, 0];
    x.forEach((value, n) => {
      sr += value * Math.cos((2 * Math.PI * k * n) / x.length);
      si -= value * Math.sin((2 * Math.PI * k * n) / x.length);
    });
    re.push(sr);
    im.push(si);
  }
  return { re, im };
}

const samples = (size: number) => fc.array(fc.double({ min: -32768, max: 32767, noNaN: true }), { minLength: size, maxLength: size });

describe('RealFft', () => {
  it.each([8, 16, 32, 64, 512, 1024])('of %i samples is the sum that defines it, and goes back', (size) => {
    const fft = new RealFft(size);
    const [re, im, back] = [new Float64Array(fft.bins), new Float64Array(fft.bins), new Float64Array(size)];
    fc.assert(
      fc.property(samples(size), (values) => {
        const x = Float64Array.from(values);
        fft.forward(x, re, im);
        const expected = slow(x);
        expected.re.forEach((value, k) => expect(Math.abs((re[k] as number) - value)).toBeLessThan(1e-4));
        expected.im.forEach((value, k) => expect(Math.abs((im[k] as number) - value)).toBeLessThan(1e-4));
        fft.inverse(re, im, back);
        x.forEach((value, n) => expect(Math.abs((back[n] as number) - value)).toBeLessThan(1e-7));
      }),
      { numRuns: size > 100 ? 2 : 20 },
    );
  });

  it.each([0, 4, 100, 131_072, 8.5, Number.NaN])('refuses a length of %d', (size) => {
    expect(() => new RealFft(size)).toThrow('expected a power of two from 8 to 65536');
  });
});
