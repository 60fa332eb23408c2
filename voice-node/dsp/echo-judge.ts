/** An echo is taken to be at most this much of what was played before anything is known (-8 dB), and once its delay is. */
const PRIOR_GAIN = 0.16;
const FOUND_GAIN = 0.08;
const LEAST_GAIN = 1e-6;
const MOST_GAIN = 4;
/** A room's echo fades by 2.2 dB a frame: 60 dB in 0.54 s. */
const FADE = 0.6;
/** What is expected may be exceeded by 3 dB. */
const MARGIN = 2;
/** One band alone says no more than this. */
const MOST_DB = 12;
/** The sums that bound the gain reach back about a second. */
const BOUND_KEPT = 0.98;
/** 1 dB a second. */
const BOUND_RISE = 10 ** (1 / 10 / 50);
/** Steps of the gain: up where an echo exceeds it, down where not, so that 1 in 8 does; larger in the first 0.8 s. */
const FIRST_FRAMES = 40;
/** While the gate is open: 3 dB a second up, so that an echo that has grown does not keep it open for ever. */
const STEPS = { first: { up: 2.5, down: 0.87 }, later: { up: 1.35, down: 0.955 }, doubtful: { up: 1.014, down: 1 } } as const;

/**
 * Says how far a frame exceeds what echo and the line's noise can account for. In each band it expects at most
 * gain * (what was played, fading as in a room) + noise, and learns the gain from frames that are echo. For what
 * a filter leaves that gain falls as the filter learns. Whoever speaks exceeds it.
 */
export class EchoJudge {
  private readonly bands: number;
  private readonly gain: Float64Array;
  private readonly expected: Float64Array;
  private readonly nearSum: Float64Array;
  private readonly farSum: Float64Array;
  private learned = 0;

  constructor(bands: number) {
    this.bands = bands;
    this.gain = new Float64Array(bands).fill(PRIOR_GAIN);
    this.expected = new Float64Array(bands);
    this.nearSum = new Float64Array(bands);
    this.farSum = new Float64Array(bands);
  }

  reset(): void {
    this.gain.fill(PRIOR_GAIN);
    this.expected.fill(0);
    this.nearSum.fill(0);
    this.farSum.fill(0);
    this.learned = 0;
  }

  /** What an echo is taken to be of what was played at most, mean over the bands (power). */
  get meanGain(): number {
    let sum = 0;
    for (let b = 0; b < this.bands; b++) sum += this.gain[b] as number;
    return sum / this.bands;
  }

  /** The delay was found: from now on `played` is what was played that long ago. */
  begin(): void {
    for (let b = 0; b < this.bands; b++) this.gain[b] = Math.min(FOUND_GAIN, this.gain[b] as number);
    this.expected.fill(0);
    this.learned = 0;
  }

  /**
   * Mean over the bands of what exceeds the expectation, in dB, 0 to 12. `near`: the frame, or what a filter left of
   * it; `played`: what was played at the echo's delay; `noise`: the line's; `unknown`: what a filter
   * knows that it does not know, where it works on frequencies that it has hardly met. Energies by bands, of one frame.
   */
  excessDb(near: Float64Array, played: Float64Array, noise: Float64Array, unknown?: Float64Array): number {
    let sum = 0;
    for (let b = 0; b < this.bands; b++) {
      const far = Math.max(played[b] as number, FADE * (this.expected[b] as number));
      this.expected[b] = far;
      const echo = Math.max((this.gain[b] as number) * far, unknown?.[b] ?? 0);
      const limit = MARGIN * (echo + (noise[b] as number));
      sum += decibelsOver(near[b] as number, limit);
    }
    return sum / this.bands;
  }

  /**
   * The gain follows the frame last judged, where an echo could stand out of the noise: quickly where it was `echo`, or
   * nothing; hardly where somebody seems to speak, or it would learn to take him for an echo.
   */
  learn(near: Float64Array, noise: Float64Array, echo: boolean): void {
    const { up, down } = !echo ? STEPS.doubtful : this.learned < FIRST_FRAMES ? STEPS.first : STEPS.later;
    if (echo) this.learned++;
    for (let b = 0; b < this.bands; b++) {
      const far = this.expected[b] as number;
      const gain = this.gain[b] as number;
      const floor = MARGIN * (noise[b] as number);
      if (far <= 0 || (gain * far < floor && (near[b] as number) < floor)) continue;
      this.gain[b] = (near[b] as number) > gain * far ? Math.min(MOST_GAIN, gain * up) : Math.max(LEAST_GAIN, gain * down);
    }
  }

  /**
   * The same before the delay is known: anything played in the last half second may come back. `loudest`: the most
   * of it in each band. `longAgo`: what was played just before that; all its echo has been heard by now, so near
   * over far is a bound for the gain.
   */
  boundedExcessDb(near: Float64Array, loudest: Float64Array, longAgo: Float64Array, noise: Float64Array): number {
    let sum = 0;
    for (let b = 0; b < this.bands; b++) {
      const nearSum = BOUND_KEPT * (this.nearSum[b] as number) + (near[b] as number);
      const farSum = BOUND_KEPT * (this.farSum[b] as number) + (longAgo[b] as number);
      this.nearSum[b] = nearSum;
      this.farSum[b] = farSum;
      // The least of late: a caller's own voice raises what is near, not what an echo could be.
      const bound = farSum > 0 ? (MARGIN * nearSum) / farSum : PRIOR_GAIN;
      const gain = Math.min(PRIOR_GAIN, bound, BOUND_RISE * (this.gain[b] as number));
      this.gain[b] = gain;
      sum += decibelsOver(near[b] as number, gain * (loudest[b] as number) + MARGIN * (noise[b] as number));
    }
    return sum / this.bands;
  }
}

function decibelsOver(energy: number, limit: number): number {
  if (energy <= limit) return 0;
  return Math.min(MOST_DB, 10 * Math.log10(energy / (limit + 1e-9)));
}
