import { FRAME_MS, type CallRateHz } from '../domain/audio.js';

/** The range of voices, from a creaking man to a child. */
export const MIN_PITCH_HZ = 60;
export const MAX_PITCH_HZ = 500;

/**
 * The harmonics up to 1.1 kHz say all about the period, at half the samples and a quarter of the products; those
 * above it fall out of step first where the pitch glides.
 */
const TRACK_RATE_HZ = 4000;
const PASS_HZ = 1100;
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
/** Below this correlation there is no period. White noise in this band reaches 0.45 once in a thousand frames. */
const VOICED = 0.55;
/** By how much less than its true height a peak can look when it falls between two lags. */
const HIDDEN = 0.2;
/** What a period pays for being twice as long as another: the peak at two periods is as high as the one at the first. */
const OCTAVE_COST = 0.04;
/** RMS in int16 units below which nothing is looked for: the noise of 8-bit G.711 on a silent line. */
const MIN_RMS = 12;
const TAPS_PER_PHASE = 8;

/**
 * The pitch of a voice, from its period: the normalised cross-correlation of the newest 40 ms with what came k
 * samples before them,
 *
 *   phi(k) = sum x[i] x[i-k] / sqrt(sum x[i]^2 * sum x[i-k]^2),   k = 8 ... 66 at 4 kHz,
 *
 * at whose highest peak, less 0.04 per octave of k, the period lies (D. Talkin, "A robust algorithm for pitch
 * tracking", in Speech Coding and Synthesis, 1995, section 3; the octave's price as in P. Boersma, IFA Proc. 17,
 * 1993). Peaks are placed between the lags by interpolation. The telephone takes away the
 * fundamental of most voices; the correlation finds the period of the harmonics that are left.
 *
 * `push` takes every frame (filter and memory, 2 us); `measure` looks (10 us) and is for frames with a voice.
 * Neither allocates.
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
  readonly #correlation = new Float64Array(LAST_LAG + 1);
  /** The correlation around a peak, from one lag before it to one after, in quarters. */
  readonly #fine = new Float64Array(2 * QUARTERS + 1);
  #period = 0;
  #height = 0;

  constructor(rateHz: CallRateHz) {
    this.#step = rateHz / TRACK_RATE_HZ;
    this.#frameSamples = (rateHz * FRAME_MS) / 1000;
    this.#taps = lowPass(rateHz, TAPS_PER_PHASE * this.#step);
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
  }

  /** Looks for the period in the newest 40 ms; sets `pitchHz` and `strength`. */
  measure(): void {
    this.pitchHz = 0;
    this.strength = 0;
    if (!this.#correlate()) return;
    const phi = this.#correlation;
    let best = 0;
    for (let lag = MIN_LAG; lag <= MAX_LAG; lag++) {
      const here = phi[lag] as number;
      if (here < VOICED - HIDDEN || here < (phi[lag - 1] as number) || here <= (phi[lag + 1] as number)) continue;
      this.#refine(lag);
      const worth = this.#height - OCTAVE_COST * Math.log2(this.#period / MIN_LAG);
      if (this.#height < VOICED || worth <= best) continue;
      best = worth;
      this.strength = Math.min(1, this.#height);
      this.pitchHz = TRACK_RATE_HZ / this.#period;
    }
  }

  reset(): void {
    this.#input.fill(0);
    this.#history.fill(0);
    this.pitchHz = 0;
    this.strength = 0;
  }

  /** The peak beside `lag`: the interpolated correlation in quarters, then the parabola. Sets #period and #height. */
  #refine(lag: number): void {
    const fine = this.#fine;
    let top = QUARTERS;
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
    const x = this.#history;
    const from = HISTORY - WINDOW;
    const energy = energyOf(x, from);
    if (energy < WINDOW * MIN_RMS * MIN_RMS) return false;
    let shifted = energyOf(x, from - FIRST_LAG);
    for (let lag = FIRST_LAG; lag <= LAST_LAG; lag++) {
      let sum = 0;
      for (let i = from; i < HISTORY; i++) sum += (x[i] as number) * (x[i - lag] as number);
      this.#correlation[lag] = sum / Math.sqrt(energy * Math.max(shifted, 1));
      // The window moves one sample further back.
      const leaving = x[HISTORY - 1 - lag] as number;
      const entering = x[from - lag - 1] ?? 0;
      shifted += entering * entering - leaving * leaving;
    }
    return true;
  }
}

function energyOf(x: Float64Array, from: number): number {
  let sum = 0;
  for (let i = from; i < from + WINDOW; i++) sum += (x[i] as number) * (x[i] as number);
  return sum;
}

/** Weights of the eight lags around a place 0, 1, 2, 3 quarters after the fourth of them: sinc under a raised cosine. */
const INTERPOLATION = Float64Array.from({ length: QUARTERS * TAPS }, (_, i) => {
  const t = (i % TAPS) - (TAPS / 2 - 1) - Math.floor(i / TAPS) / QUARTERS;
  return t === 0 ? 1 : (Math.sin(Math.PI * t) / (Math.PI * t)) * (0.5 + 0.5 * Math.cos((2 * Math.PI * t) / (TAPS + 1)));
});

/**
 * A low-pass at 1.1 kHz: sinc under a Hamming window, sum 1. What folds back from above 2 kHz would not stand at
 * multiples of the pitch.
 */
function lowPass(rateHz: number, count: number): Float64Array {
  const middle = (count - 1) / 2;
  const taps = Float64Array.from({ length: count }, (_, i) => {
    const t = (2 * PASS_HZ * (i - middle)) / rateHz;
    const sinc = t === 0 ? 1 : Math.sin(Math.PI * t) / (Math.PI * t);
    return sinc * (0.54 - 0.46 * Math.cos((2 * Math.PI * i) / (count - 1)));
  });
  const sum = taps.reduce((a, b) => a + b, 0);
  return taps.map((tap) => tap / sum);
}
