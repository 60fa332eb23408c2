import { describe, expect, it } from 'vitest';

import { DtmfDetector } from '../../../voice-node/dsp/dtmf-detector.js';
import { DTMF_KEYS, DtmfTone, type DtmfToneOptions } from '../../../voice-node/dsp/dtmf.js';
import { decibels, fitTone, noise } from './signals.js';

type Piece = readonly [key: string | null, ms: number];

function dial(pieces: readonly Piece[], options: DtmfToneOptions): Int16Array {
  const parts = pieces.map(([key, ms]) => {
    const part = new Int16Array(Math.round((ms * options.rateHz) / 1000));
    if (key !== null) new DtmfTone(key, options).fillInto(part);
    return part;
  });
  return Int16Array.from(parts.flatMap((part) => [...part]));
}

function detect(samples: Int16Array, rateHz: number, cut = samples.length): { keys: string; starts: number[] } {
  const starts: number[] = [];
  let keys = '';
  const detector = new DtmfDetector({
    rateHz,
    onKey: (key, atSample) => {
      keys += key;
      starts.push(atSample);
    },
  });
  for (let i = 0; i < samples.length; i += cut) detector.push(samples.subarray(i, i + cut));
  return { keys, starts };
}

/** One key after `offset` samples of silence, so that it meets the blocks at every angle. */
const press = (key: string, ms: number, options: DtmfToneOptions, offset = 0): string =>
  detect(dial([[null, 50 + (1000 * offset) / options.rateHz], [key, ms], [null, 100]], options), options.rateHz).keys;

const OFFSETS = [0, 13, 27, 40, 55, 71];

describe('DTMF generator', () => {
  it('gives both frequencies of Q.23 at their levels', () => {
    const tone = new Int16Array(8000);
    new DtmfTone('6', { rateHz: 8000, levelDbfs: -12, twistDb: 2 }).fillInto(tone);
    expect(decibels(fitTone(tone, 8000, 770, 0).amplitude / 32767)).toBeCloseTo(-12, 2);
    expect(decibels(fitTone(tone, 8000, 1477, 0).amplitude / 32767)).toBeCloseTo(-10, 2);
  });

  it('refuses what is no key and what would clip', () => {
    expect(() => new DtmfTone('E', { rateHz: 8000 })).toThrowError(expect.objectContaining({ code: 'argument_invalid' }));
    expect(() => new DtmfTone('12', { rateHz: 8000 })).toThrowError(expect.objectContaining({ code: 'argument_invalid' }));
    expect(() => new DtmfTone('1', { rateHz: 8000, levelDbfs: -3 })).toThrowError(expect.objectContaining({ code: 'argument_invalid' }));
  });
});

describe.each([8000, 16000, 48000])('DTMF detector at %i Hz, Q.24', (rateHz) => {
  it('hears every key once, in order, however the stream is cut', () => {
    const samples = dial([...DTMF_KEYS].flatMap((key): Piece[] => [[key, 60], [null, 60]]), { rateHz });
    const whole = detect(samples, rateHz);
    expect(whole.keys).toBe(DTMF_KEYS);
    whole.starts.forEach((at, i) => expect(Math.abs((1000 * at) / rateHz - 120 * i)).toBeLessThanOrEqual(15));
    expect(detect(samples, rateHz, 7)).toEqual(whole);
    expect(detect(samples, rateHz, rateHz / 50)).toEqual(whole);
  });

  it('accepts 1.5 % of deviation and refuses 3.5 %', () => {
    for (const key of DTMF_KEYS) {
      for (const deviation of [-0.015, 0.015]) expect(press(key, 80, { rateHz, deviation })).toBe(key);
      for (const deviation of [-0.035, 0.035]) expect(press(key, 80, { rateHz, deviation })).toBe('');
    }
  });

  it('accepts a high tone 4 dB louder or 8 dB quieter, and refuses 7 and 12', () => {
    for (const key of '159D') {
      for (const twistDb of [4, -8]) expect(press(key, 80, { rateHz, twistDb, levelDbfs: -14 })).toBe(key);
      for (const twistDb of [7, -12]) expect(press(key, 80, { rateHz, twistDb, levelDbfs: -14 })).toBe('');
    }
  });

  it('accepts 40 ms and refuses 20 ms, wherever it begins', () => {
    for (const offset of OFFSETS) {
      for (const key of '1590') {
        expect(press(key, 41, { rateHz }, (offset * rateHz) / 8000)).toBe(key);
        expect(press(key, 20, { rateHz }, (offset * rateHz) / 8000)).toBe('');
      }
    }
  });

  it('tells two presses 40 ms apart from one with a gap of 10 ms', () => {
    for (const offset of OFFSETS) {
      const lead: Piece = [null, 50 + offset / 8];
      expect(detect(dial([lead, ['5', 60], [null, 40], ['5', 60], [null, 50]], { rateHz }), rateHz).keys).toBe('55');
      expect(detect(dial([lead, ['5', 60], [null, 10], ['5', 60], [null, 50]], { rateHz }), rateHz).keys).toBe('5');
    }
  });

  it('hears keys 30 dB down, and through noise 15 dB under them', () => {
    expect(press('7', 60, { rateHz, levelDbfs: -38 })).toBe('7');
    const hiss = noise(rateHz * 5, 11);
    const samples = dial([...DTMF_KEYS].flatMap((key): Piece[] => [[key, 80], [null, 80]]), { rateHz, levelDbfs: -20 });
    // Noise in the telephone band's share of the spectrum: 15 dB under both tones together.
    const rms = 32767 * 10 ** (-20 / 20) * Math.sqrt((1 + 10 ** 0.2) / 2) * 10 ** (-15 / 20);
    const noisy = samples.map((x, i) => Math.round(x + rms * Math.sqrt(3) * (hiss[i] as number)));
    expect(detect(noisy, rateHz).keys).toBe(DTMF_KEYS);
  });

  it('hears nothing in silence, in noise, in single tones and in a buzz full of harmonics', () => {
    const seconds = 3;
    const hiss = Int16Array.from(noise(rateHz * seconds, 12), (x) => 8000 * x);
    expect(detect(hiss, rateHz).keys).toBe('');
    expect(detect(new Int16Array(rateHz), rateHz).keys).toBe('');
    for (let hz = 100; hz < 3800; hz += 37) {
      const tone = Int16Array.from({ length: rateHz / 5 }, (_, i) => 9000 * Math.sin((2 * Math.PI * hz * i) / rateHz));
      expect(detect(tone, rateHz).keys).toBe('');
    }
    for (let hz = 80; hz < 420; hz += 3) {
      const buzz = Int16Array.from({ length: rateHz / 5 }, (_, i) => {
        let sum = 0;
        for (let k = 1; k * hz < 3500; k++) sum += Math.sin((2 * Math.PI * k * hz * i) / rateHz + k * k) / k;
        return 6000 * sum;
      });
      expect(detect(buzz, rateHz).keys).toBe('');
    }
  });
});
