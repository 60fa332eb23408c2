import { ANTI_DENORMAL_BIAS, type Stage } from './stage.js';

/** Most input samples that one call of `process` may bring. */
export const MAX_STAGE_INPUT = 1024;

/** Taps of a polyphase filter in the order in which they are used. */
export interface FirBank {
  readonly up: number;
  readonly down: number;
  /** Taps per phase. */
  readonly taps: number;
  /** `up` rows of `taps`, each reversed: oldest sample first. Row p holds up * h[up * k + p]. */
  readonly rows: Float64Array;
  /** Group delay of the prototype in seconds (linear phase: exact; minimum phase: mean over the pass band). */
  readonly prototypeDelaySeconds: number;
}

/**
 * Rational resampler by polyphase FIR. Output m is computed when the input reaches the end of its interval,
 * from the newest sample n = floor(((m+1) down - 1) / up) with phase p = ((m+1) down - 1) mod up, so that N
 * input samples have always given exactly floor(N up / down) output samples.
 * (P. P. Vaidyanathan, "Multirate Systems and Filter Banks", 1993, section 4.3.)
 */
export class FirStage implements Stage {
  readonly up: number;
  readonly down: number;
  private readonly bank: FirBank;
  private readonly history: Float64Array;
  /** Where in `history` the next input sample goes. */
  private end: number;
  /** History index of the newest sample the next output needs, and its phase. */
  private newest = 0;
  private phase = 0;

  constructor(bank: FirBank) {
    this.bank = bank;
    this.up = bank.up;
    this.down = bank.down;
    this.history = new Float64Array(bank.taps + bank.down + 4 * MAX_STAGE_INPUT);
    this.end = 0;
    this.reset();
  }

  delaySeconds(inputHz: number): number {
    return this.bank.prototypeDelaySeconds - (this.down - 1) / (this.up * inputHz);
  }

  process(input: Float64Array, count: number, output: Float64Array): number {
    if (this.end + count > this.history.length) this.slide();
    const { history } = this;
    const { taps, rows } = this.bank;
    for (let i = 0; i < count; i++) history[this.end + i] = input[i] as number;
    this.end += count;
    const stepSamples = Math.floor(this.down / this.up);
    const stepPhase = this.down % this.up;
    let { newest, phase } = this;
    let written = 0;
    while (newest < this.end) {
      let sum = 0;
      const first = newest - taps + 1;
      const row = phase * taps;
      for (let k = 0; k < taps; k++) sum += (rows[row + k] as number) * (history[first + k] as number);
      output[written++] = sum;
      newest += stepSamples;
      phase += stepPhase;
      if (phase >= this.up) {
        phase -= this.up;
        newest++;
      }
    }
    this.newest = newest;
    this.phase = phase;
    return written;
  }

  reset(): void {
    const kept = this.bank.taps - 1;
    this.history.fill(ANTI_DENORMAL_BIAS);
    this.end = kept;
    this.newest = kept + Math.floor((this.down - 1) / this.up);
    this.phase = (this.down - 1) % this.up;
  }

  /** Moves what is still needed to the front. */
  private slide(): void {
    const from = Math.min(this.end, this.newest - this.bank.taps + 1);
    this.history.copyWithin(0, from, this.end);
    this.end -= from;
    this.newest -= from;
  }
}
