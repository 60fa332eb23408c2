import { describe, expect, it } from 'vitest';
import { createFloatResampler, createResampler } from '../../../voice-node/dsp/resampler.js';

const sine = (count: number, rateHz: number, hz: number, amplitude: number): Int16Array =>
  Int16Array.from({ length: count }, (_, i) => Math.round(amplitude * Math.sin((2 * Math.PI * hz * i) / rateHz)));

/** Residual after fitting a sine of `hz` by least squares, in dB of that sine, from `skip` on. */
function residualDb(y: ArrayLike<number>, rateHz: number, hz: number, skip: number): { db: number; amplitude: number } {
  const usable = Math.floor((y.length - skip) / rateHz * hz) * Math.round(rateHz / hz);
  let c = 0, s = 0, e = 0;
  for (let i = 0; i < usable; i++) {
    const w = (2 * Math.PI * hz * i) / rateHz;
    c += (y[skip + i] as number) * Math.cos(w);
    s += (y[skip + i] as number) * Math.sin(w);
  }
  c *= 2 / usable; s *= 2 / usable;
  for (let i = 0; i < usable; i++) {
    const w = (2 * Math.PI * hz * i) / rateHz;
    e += ((y[skip + i] as number) - c * Math.cos(w) - s * Math.sin(w)) ** 2;
  }
  return { db: 10 * Math.log10(e / usable / ((c * c + s * s) / 2)), amplitude: Math.hypot(c, s) };
}

describe('resampler', () => {
  it.each([[48000, 8000], [48000, 16000], [8000, 48000], [16000, 48000], [24000, 48000], [8000, 16000], [16000, 8000], [48000, 24000], [22050, 48000], [44100, 48000]])('%i to %i keeps a tone and counts exactly', (fromHz, toHz) => {
    const input = sine(fromHz, fromHz, 1000, 20000);
    const out = createResampler({ fromHz, toHz }).process(input);
    expect(out.length).toBe(toHz);
    const { db, amplitude } = residualDb(out, toHz, 1000, toHz / 10);
    expect(amplitude).toBeCloseTo(20000, -1);
    expect(db).toBeLessThan(-70);
    const float = createFloatResampler({ fromHz, toHz }).process(Float32Array.from(input, (x) => x / 32768));
    expect(residualDb(float, toHz, 1000, toHz / 10).db).toBeLessThan(-70);
  });
});
