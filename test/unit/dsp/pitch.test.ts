import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CallRateHz } from '../../../voice-node/domain/audio.js';
import { PitchTracker } from '../../../voice-node/dsp/pitch.js';
import { noise, sine, toInt16 } from './signals.js';

const RATES: readonly CallRateHz[] = [8000, 16_000];
/** The first frames after a start see the silence before it. */
const SETTLED = 4;

interface Voice {
  readonly rateHz: CallRateHz;
  readonly seconds: number;
  /** The pitch at a moment. */
  readonly hz: (t: number) => number;
  /** Harmonics below and above are taken away, as a telephone does. */
  readonly band?: readonly [number, number];
  /** The harmonic that a formant lifts. */
  readonly formant?: number;
  readonly formantGain?: number;
}

/** Harmonics that fall by 6 dB an octave; peak 0.5 or so. */
function voice({ rateHz, seconds, hz, band = [300, 3400], formant = 0, formantGain = 4 }: Voice): Float64Array {
  const out = new Float64Array(Math.round(seconds * rateHz));
  let phase = 0;
  for (let i = 0; i < out.length; i++) {
    const f0 = hz(i / rateHz);
    phase += f0 / rateHz;
    let sum = 0;
    for (let k = 1; k * f0 < band[1]; k++) {
      if (k * f0 >= band[0]) sum += ((k === formant ? formantGain : 1) / k) * Math.sin(2 * Math.PI * k * phase + k * k);
    }
    out[i] = 0.25 * sum;
  }
  return out;
}

/** The pitch of each frame of the signal. */
function track(signal: Float64Array, rateHz: CallRateHz): number[] {
  const tracker = new PitchTracker(rateHz);
  const samples = toInt16(signal);
  const length = rateHz / 50;
  const out: number[] = [];
  for (let at = 0; at + length <= samples.length; at += length) {
    tracker.push(samples.subarray(at, at + length));
    tracker.measure();
    out.push(tracker.pitchHz);
  }
  return out;
}

/** What the pitch was in the middle of the 40 ms that a frame was judged by. */
const middleOf = (frame: number): number => (frame + 1) * 0.02 - 0.02;
const cents = (a: number, b: number): number => Math.abs(1200 * Math.log2(a / b));

const hiss = noise(16_000 * 20, 7);

describe('the pitch', () => {
  it('of any steady voice is found within a tenth of a semitone, without its fundamental, at either rate', () => {
    fc.assert(
      fc.property(fc.integer({ min: 70, max: 420 }), fc.constantFrom(...RATES), (hz, rateHz) => {
        const found = track(voice({ rateHz, seconds: 0.2, hz: () => hz }), rateHz).slice(SETTLED);
        expect(Math.max(...found.map((each) => cents(each, hz)))).toBeLessThan(10);
      }),
      // Half way between two lags: one frame in three was 27 cents off when the search began with the frame before.
      { numRuns: 60, examples: [[381, 8000], [381, 16_000]] },
    );
  });

  it('is no octave off where a formant lifts one harmonic', () => {
    for (const hz of [85, 110, 150, 210, 260, 330]) {
      for (const formant of [1, 2, 3, 4, 5]) {
        const found = track(voice({ rateHz: 8000, seconds: 0.4, hz: () => hz, band: [60, 3400], formant }), 8000).slice(SETTLED);
        for (const each of found) expect(cents(each, hz)).toBeLessThan(50);
      }
    }
  });

  it('is no octave up where the telephone leaves one harmonic far above the others', () => {
    for (const [hz, formant] of [[100, 4], [120, 4], [150, 4], [190, 3], [220, 2], [220, 3]] as const) {
      const found = track(voice({ rateHz: 8000, seconds: 0.4, hz: (t) => hz * (1 + 0.05 * t), formant, formantGain: 3 * formant }), 8000).slice(SETTLED);
      expect(found.filter((each) => cents(each, hz) > 150)).toEqual([]);
    }
  });

  it('follows a glide and a vibrato', () => {
    fc.assert(
      fc.property(fc.integer({ min: 90, max: 300 }), fc.integer({ min: -10, max: 10 }), fc.integer({ min: 0, max: 20 }), (from, tenths, depth) => {
        const hz = (t: number): number => Math.min(420, Math.max(75, from * 2 ** ((tenths / 10) * t))) * (1 + (depth / 1000) * Math.sin(2 * Math.PI * 5 * t));
        const found = track(voice({ rateHz: 8000, seconds: 0.5, hz, band: [80, 3400] }), 8000);
        const off = found.map((each, frame) => (frame < SETTLED ? 0 : cents(each, hz(middleOf(frame)))));
        expect(Math.max(...off)).toBeLessThan(120);
      }),
      { numRuns: 60 },
    );
  });

  it('is the same with white noise 10 dB below the voice, nearly always', () => {
    const hz = 140;
    const signal = voice({ rateHz: 8000, seconds: 6, hz: () => hz });
    const power = signal.reduce((sum, x) => sum + x * x, 0) / signal.length;
    // Uniform noise of amplitude a has power a^2 / 3.
    const amplitude = Math.sqrt((3 * power) / 10);
    const noisy = signal.map((x, i) => x + amplitude * (hiss[i] as number));
    const found = track(noisy, 8000).slice(SETTLED);
    expect(found.filter((each) => each > 0 && cents(each, hz) < 50).length).toBeGreaterThan(0.97 * found.length);
  });
});

describe('no pitch', () => {
  it.each(RATES)('has noise at %i Hz, whatever its level', (rateHz) => {
    for (const amplitude of [0.003, 0.05, 0.9]) {
      const found = track(hiss.slice(0, rateHz * 20).map((x) => amplitude * x), rateHz);
      expect(found.filter((hz) => hz > 0).length).toBeLessThan(0.02 * found.length);
    }
  });

  it('have silence, direct voltage and what is quieter than the line', () => {
    expect(track(new Float64Array(8000), 8000).every((hz) => hz === 0)).toBe(true);
    expect(track(new Float64Array(8000).fill(0.4), 8000).slice(SETTLED).every((hz) => hz === 0)).toBe(true);
    expect(track(sine(8000, 8000, 200, 8 / 32768), 8000).every((hz) => hz === 0)).toBe(true);
  });

  it('has the hum of the mains at 50 Hz: below any voice', () => {
    expect(track(sine(8000, 8000, 50, 0.3), 8000).slice(SETTLED).every((hz) => hz === 0)).toBe(true);
  });
});

describe('a tracker', () => {
  it('is as new after a reset', () => {
    const tracker = new PitchTracker(8000);
    const frames = toInt16(voice({ rateHz: 8000, seconds: 0.2, hz: () => 120 }));
    const play = (): number[] => {
      const out: number[] = [];
      for (let at = 0; at < frames.length; at += 160) {
        tracker.push(frames.subarray(at, at + 160));
        tracker.measure();
        out.push(tracker.pitchHz, tracker.strength);
      }
      return out;
    };
    const first = play();
    expect(play()).not.toEqual(first);
    tracker.reset();
    expect([tracker.pitchHz, tracker.strength]).toEqual([0, 0]);
    expect(play()).toEqual(first);
  });

  it('says nothing new until it is asked', () => {
    const tracker = new PitchTracker(8000);
    const samples = toInt16(voice({ rateHz: 8000, seconds: 0.2, hz: () => 120 }));
    for (let at = 0; at < samples.length; at += 160) tracker.push(samples.subarray(at, at + 160));
    expect(tracker.pitchHz).toBe(0);
    tracker.measure();
    expect(cents(tracker.pitchHz, 120)).toBeLessThan(25);
    expect(tracker.strength).toBeGreaterThan(0.95);
  });
});
