import { describe, expect, it } from 'vitest';

import { amplitudeToDbfs, levelDbfs, peak } from '../../../voice-node/dsp/level.js';
import { Limiter } from '../../../voice-node/dsp/limiter.js';
import { SpeechGain } from '../../../voice-node/dsp/speech-gain.js';
import { SpeechLevelMeter } from '../../../voice-node/dsp/speech-level.js';
import { noise, sine, toInt16 } from './signals.js';

const RATE = 16000;

/** Something like speech: syllables of noise 5 a second, words with pauses between, at an RMS of about -20 dBFS while on. */
function babble(seconds: number, gain: number, seed: number): Int16Array {
  const hiss = noise(seconds * RATE, seed);
  return Int16Array.from(hiss, (x, i) => {
    const t = i / RATE;
    const on = t % 1.5 < 1 ? 0.5 - 0.5 * Math.cos(2 * Math.PI * 5 * t) : 0;
    return Math.max(-32768, Math.min(32767, Math.round(32768 * 0.28 * gain * on * x)));
  });
}

describe('Limiter', () => {
  it('never exceeds the ceiling, and leaves what is below it untouched but for the delay', () => {
    const limiter = new Limiter({ rateHz: RATE, ceilingDbfs: -1 });
    const ceiling = 32768 * 10 ** (-1 / 20);
    const loud = Float64Array.from(noise(RATE, 31), (x) => 90000 * x ** 3);
    limiter.processInPlace(loud, loud.length);
    for (const x of loud) expect(Math.abs(x)).toBeLessThanOrEqual(ceiling);
    limiter.reset();
    const quiet = Float64Array.from(noise(RATE, 32), (x) => 20000 * x);
    const out = quiet.slice();
    limiter.processInPlace(out, out.length);
    for (let i = limiter.delaySamples; i < out.length; i++) expect(out[i]).toBe(quiet[i - limiter.delaySamples]);
  });

  it('ramps down before a peak instead of clipping it', () => {
    const limiter = new Limiter({ rateHz: RATE, ceilingDbfs: -6, lookAheadMs: 5 });
    const step = Float64Array.from({ length: 2000 }, (_, i) => (i < 1000 ? 10000 : 30000));
    limiter.processInPlace(step, step.length);
    const gainAt = (i: number): number => (step[i + limiter.delaySamples] as number) / (i < 1000 ? 10000 : 30000);
    for (let i = 901; i < 1400; i++) expect(Math.abs(gainAt(i) - gainAt(i - 1))).toBeLessThan(0.02);
    expect(gainAt(1000)).toBeLessThanOrEqual(32768 * 10 ** (-6 / 20) / 30000 + 1e-9);
  });

  it('does not depend on the cut', () => {
    const input = Float64Array.from(noise(5000, 33), (x) => 80000 * x ** 3);
    const whole = input.slice();
    new Limiter({ rateHz: RATE }).processInPlace(whole, whole.length);
    const cut = input.slice();
    const limiter = new Limiter({ rateHz: RATE });
    for (let at = 0; at < cut.length; at += 119) limiter.processInPlace(cut.subarray(at, at + 119), Math.min(119, cut.length - at));
    expect(cut).toEqual(whole);
  });
});

describe('SpeechLevelMeter, P.56', () => {
  it('reads a steady tone at its RMS, always active', () => {
    const meter = new SpeechLevelMeter(RATE);
    meter.push(toInt16(sine(10 * RATE, RATE, 1000, 10 ** (-26 / 20) * Math.SQRT2)));
    expect(meter.activeLevelDbfs()).toBeCloseTo(-26, 1);
    expect(meter.activity()).toBeGreaterThan(0.98);
  });

  it('does not count the pauses', () => {
    const active = new SpeechLevelMeter(RATE);
    const tone = toInt16(sine(2 * RATE, RATE, 500, 0.1 * Math.SQRT2));
    for (let i = 0; i < 10; i++) {
      active.push(tone);
      active.push(new Int16Array(3 * RATE));
    }
    // 2 s of tone and 200 ms of hangover in each 5 s; the hangover costs 10 log10(2.2 / 2) = 0.41 dB and the decay a little more.
    expect(active.activeLevelDbfs()).toBeGreaterThan(-20.9);
    expect(active.activeLevelDbfs()).toBeLessThan(-20.3);
    expect(active.activity()).toBeGreaterThan(0.43);
    expect(active.activity()).toBeLessThan(0.49);
  });

  it('moves by exactly the gain, does not depend on the cut, and says silence', () => {
    const meters = [1, 0.1].map((gain) => {
      const meter = new SpeechLevelMeter(RATE);
      meter.push(babble(12, gain, 41));
      return meter.activeLevelDbfs();
    });
    expect((meters[0] as number) - (meters[1] as number)).toBeCloseTo(20, 0);
    const cut = new SpeechLevelMeter(RATE);
    const samples = babble(12, 1, 41);
    for (let at = 0; at < samples.length; at += 777) cut.push(samples.subarray(at, at + 777));
    expect(cut.activeLevelDbfs()).toBe(meters[0]);
    cut.reset();
    cut.push(new Int16Array(RATE));
    expect(cut.activeLevelDbfs()).toBe(-150);
    expect(cut.activity()).toBe(0);
  });
});

describe('SpeechGain', () => {
  const levelled = (gain: number): { level: number; peakDbfs: number } => {
    const samples = babble(12, gain, 51);
    new SpeechGain({ rateHz: RATE, targetDbfs: -22 }).processInPlace(samples);
    const meter = new SpeechLevelMeter(RATE);
    meter.push(samples.subarray(4 * RATE));
    return { level: meter.activeLevelDbfs(), peakDbfs: amplitudeToDbfs(peak(samples)) };
  };

  it('brings a quiet voice and a loud one within a decibel of each other', () => {
    const quiet = levelled(0.2);
    const loud = levelled(3);
    expect(Math.abs(quiet.level - loud.level)).toBeLessThan(1);
    expect(Math.abs(quiet.level + 22)).toBeLessThan(3);
    expect(quiet.peakDbfs).toBeLessThanOrEqual(-0.99);
    expect(loud.peakDbfs).toBeLessThanOrEqual(-0.99);
  });

  it('does not pull up the noise in the pauses, nor a silence', () => {
    const gain = new SpeechGain({ rateHz: RATE });
    gain.processInPlace(babble(6, 1, 52));
    const before = gain.gainDb;
    const hiss = toInt16(noise(5 * RATE, 53).map((x) => 0.001 * x));
    const level = levelDbfs(hiss);
    gain.processInPlace(hiss);
    expect(Math.abs(gain.gainDb - before)).toBeLessThan(1.5);
    expect(levelDbfs(hiss.subarray(2 * RATE)) - level).toBeCloseTo(gain.gainDb, 0);
    const silence = new Int16Array(RATE);
    new SpeechGain({ rateHz: RATE }).processInPlace(silence);
    expect(silence.every((x) => x === 0)).toBe(true);
  });

  it('does not depend on the cut', () => {
    const whole = babble(4, 0.3, 54);
    const cut = whole.slice();
    new SpeechGain({ rateHz: RATE }).processInPlace(whole);
    const gain = new SpeechGain({ rateHz: RATE });
    for (let at = 0; at < cut.length; at += 331) gain.processInPlace(cut.subarray(at, at + 331));
    expect(cut).toEqual(whole);
  });
});
