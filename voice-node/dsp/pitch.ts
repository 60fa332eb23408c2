import { FRAME_MS, type CallRateHz } from '../domain/audio.js';
import { Flattener, energyOf, windowedSinc } from './pitch-steps.js';

/** The range of voices, from a creaking man to a child. */
export const MIN_PITCH_HZ = 60;
export const MAX_PITCH_HZ = 500;

/**
 * The harmonics up to 1.4 kHz say all about the period, at half the samples and a quarter of the products; those
 * above fall out of step first where the pitch glides.
 */
const TRACK_RATE_HZ = 4000;
const PASS_HZ = 1400;
const FILTER_MS = 2;
/** Two periods of the lowest voice, with room. */
const WINDOW = (TRACK_RATE_HZ * 40) / 1000;
const MIN_LAG = TRACK_RATE_HZ / MAX_PITCH_HZ;
const MAX_LAG = Math.floor(TRACK_RATE_HZ / MIN_PITCH_HZ);
/** A peak between the lags is found by interpolation over eight of them, in quarters. */
const QUARTERS = 4;
const TAPS = 8;
const FIRST_LAG = MIN_LAG - TAPS / 2;
const LAST_LAG = MAX_LAG + TAPS / 2 + 1;
const HISTORY = WINDOW + LAST_LAG;
/** Below this correlation there is no period. */
const VOICED = 0.45;
/** By how much less than its true height a peak can look when it falls between two lags. */
const HIDDEN = 0.2;
/** What a period pays for being twice as long as another: the peak at two periods is as high as the one at the first. */
const OCTAVE_COST = 0.02;
/** What it pays for lying an octave or more away from the pitch just before: voices glide, they do not jump. */
const JUMP_COST = 0.1;
const REMEMBERED_FRAMES = 3;
/** RMS in int16 units below which nothing is looked for: the noise of 8-bit G.711 on a silent line. */
const MIN_RMS = 12;

/**
 * The pitch of a voice, from its period. The newest 40 ms and what came before them are flattened by a linear
 * predictor of order 4, so that the harmonic under the first formant does not pass for the voice (J. Markel, "The SIFT
 * algorithm for fundamental frequency estimation", IEEE Trans. AU-20, 1972). Of the residual x the normalised
 * cross-correlation is taken,
 *
 *   phi(k) = sum x[i] x[i-k] / sqrt(sum x[i]^2 * sum x[i-k]^2),   k = 8 ... 66 at 4 kHz,
 *
 * and its best peak is the period (D. Talkin, "A robust algorithm for pitch tracking", in Speech Coding and Synthesis,
 * 1995): the highest one, less 0.02 per octave of k and up to 0.1 for a jump from the pitch of the last 60 ms (as in
 * P. Boersma, IFA Proc. 17, 1993).
 *
 * The telephone takes away the fundamental of most voices, which the flattening makes good for: without it a quarter
 * of the frames come out an octave high, with it 3 to 6 % are more than two semitones off what Praat says of the same
 * recordings before the telephone, where Praat itself after the telephone has 3 to 14 %.
 *
 * `push` takes every frame (filter and memory); `measure` looks, and is for frames with a voice. Neither allocates.
 */
export class PitchTracker {
  /** Of the newest 40 ms, by the last `measure`: 60 to 500, or 0 where there is no pitch. */
  pitchHz = 0;
  /** The correlation at that period, 0 to 1. */
  strength = 0;

  readonly #step: number;
  readonly #frameSamples: number;
  readonly #taps: Float64Array;
  /** The filter's memory, then the frame. */
  readonly #input: Float64Array;
  readonly #history = new Float64Array(HISTORY);
  readonly #flattener = new Flattener(HISTORY);
  readonly #flat = new Float64Array(HISTORY);
  readonly #correlation = new Float64Array(LAST_LAG + 1);
  /** The correlation around a peak, from one lag before it to one after, in quarters. */
  readonly #fine = new Float64Array(2 * QUARTERS + 1);
  #period = 0;
  #height = 0;
  /** The period of a moment ago, and how many frames ago. */
  #lastPeriod = 0;
  #age = Infinity;

  constructor(rateHz: CallRateHz) {
    this.#step = rateHz / TRACK_RATE_HZ;
    this.#frameSamples = (rateHz * FRAME_MS) / 1000;
    this.#taps = windowedSinc(PASS_HZ / rateHz, (rateHz * FILTER_MS) / 1000 + 1);
    this.#input = new Float64Array(this.#taps.length - 1 + this.#frameSamples);
  }

  /** Takes the next 20 ms, borrowed. */
  push(frame: Int16Array): void {
    const input = this.#input;
    const taps = this.#taps;
    const history = this.#history;
    const memory = taps.length - 1;
    input.copyWithin(0, this.#frameSamples);
    for (let i = 0; i < this.#frameSamples; i++) input[memory + i] = frame[i] as number;
    const fresh = this.#frameSamples / this.#step;
    history.copyWithin(0, fresh);
    for (let out = HISTORY - fresh, at = 0; out < HISTORY; out++, at += this.#step) {
      let sum = 0;
      for (let j = 0; j < taps.length; j++) sum += (taps[j] as number) * (input[at + j] as number);
      history[out] = sum;
    }
    this.#age++;
  }

  /** Looks for the period in the newest 40 ms; sets `pitchHz` and `strength`. */
  measure(): void {
    this.pitchHz = 0;
    this.strength = 0;
    if (!this.#correlate()) return;
    const phi = this.#correlation;
    let best = 0;
    let period = 0;
    for (let lag = MIN_LAG; lag <= MAX_LAG; lag++) {
      const here = phi[lag] as number;
      if (here < VOICED - HIDDEN || here < (phi[lag - 1] as number) || here <= (phi[lag + 1] as number)) continue;
      this.#refine(lag);
      const worth = this.#height - this.#costOf(this.#period);
      if (this.#height < VOICED || worth <= best) continue;
      best = worth;
      period = this.#period;
      this.strength = Math.min(1, this.#height);
    }
    if (period === 0) return;
    this.pitchHz = TRACK_RATE_HZ / period;
    this.#lastPeriod = period;
    this.#age = 0;
  }

  reset(): void {
    this.#input.fill(0);
    this.#history.fill(0);
    this.#age = Infinity;
    this.pitchHz = 0;
    this.strength = 0;
  }

  #costOf(period: number): number {
    const octave = OCTAVE_COST * Math.log2(period / MIN_LAG);
    return this.#age > REMEMBERED_FRAMES ? octave : octave + JUMP_COST * Math.min(1, Math.abs(Math.log2(period / this.#lastPeriod)));
  }

  /** The peak beside `lag`: the interpolated correlation in quarters, then the parabola. Sets #period and #height. */
  #refine(lag: number): void {
    const fine = this.#fine;
    let top = 0;
    for (let q = 0; q < fine.length; q++) {
      const base = lag - 1 + Math.floor(q / QUARTERS) - (TAPS / 2 - 1);
      const row = (q % QUARTERS) * TAPS;
      let sum = 0;
      for (let j = 0; j < TAPS; j++) sum += (INTERPOLATION[row + j] as number) * (this.#correlation[base + j] as number);
      fine[q] = sum;
      if (sum > (fine[top] as number)) top = q;
    }
    const at = Math.min(fine.length - 2, Math.max(1, top));
    const before = fine[at - 1] as number;
    const here = fine[at] as number;
    const after = fine[at + 1] as number;
    const bend = before - 2 * here + after;
    const shift = bend < 0 ? (0.5 * (before - after)) / bend : 0;
    this.#period = lag + (at - QUARTERS + shift) / QUARTERS;
    this.#height = here - 0.25 * (before - after) * shift;
  }

  /** Fills phi around the range of periods; false in silence. */
  #correlate(): boolean {
    const from = HISTORY - WINDOW;
    if (energyOf(this.#history, from, WINDOW) < WINDOW * MIN_RMS * MIN_RMS) return false;
    const x = this.#flat;
    this.#flattener.process(this.#history, x);
    const energy = energyOf(x, from, WINDOW);
    let shifted = energyOf(x, from - FIRST_LAG, WINDOW);
    for (let lag = FIRST_LAG; lag <= LAST_LAG; lag++) {
      let sum = 0;
      for (let i = from; i < HISTORY; i++) sum += (x[i] as number) * (x[i - lag] as number);
      this.#correlation[lag] = sum / Math.sqrt(Math.max(energy * shifted, 1e-9));
      // The window moves one sample further back.
      const leaving = x[HISTORY - 1 - lag] as number;
      const entering = x[from - lag - 1] ?? 0;
      shifted += entering * entering - leaving * leaving;
    }
    return true;
  }
}

/** Weights of the eight lags around a place 0, 1, 2, 3 quarters after the fourth of them: sinc under a raised cosine. */
const INTERPOLATION = Float64Array.from({ length: QUARTERS * TAPS }, (_, i) => {
  const t = (i % TAPS) - (TAPS / 2 - 1) - Math.floor(i / TAPS) / QUARTERS;
  return t === 0 ? 1 : (Math.sin(Math.PI * t) / (Math.PI * t)) * (0.5 + 0.5 * Math.cos((2 * Math.PI * t) / (TAPS + 1)));
});
