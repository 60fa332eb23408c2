import type { FirBank } from './fir-bank.js';
import { firOne } from './fir-kernel.js';
import { HEADROOM, MAX_STAGE_INPUT, type Stage } from './stage.js';

/** Blocks that the history takes before it is moved to the front: few, as the first-level cache is small. */
const BLOCKS_BETWEEN_SLIDES = 2;

/**
 * Rational resampler by polyphase FIR. Output m is computed when the input reaches the end of its interval,
 * from the newest sample n = floor(((m+1) down - 1) / up) with phase p = ((m+1) down - 1) mod up, so that N
 * input samples have always given exactly floor(N up / down) output samples. All integers: no drift.
 * (P. P. Vaidyanathan, "Multirate Systems and Filter Banks", 1993, section 4.3.)
 */
export class RationalFir implements Stage {
  readonly up: number;
  readonly down: number;
  private readonly bank: FirBank;
  private readonly history: Float64Array;
  private readonly stepSamples: number;
  private readonly stepRow: number;
  /** Where in `history` the next input sample goes. */
  private end = 0;
  /** History index of the newest sample the next output needs, and where the row of its phase begins. */
  private newest = 0;
  private row = 0;

  constructor(bank: FirBank) {
    this.bank = bank;
    this.up = bank.up;
    this.down = bank.down;
    this.stepSamples = Math.floor(bank.down / bank.up);
    this.stepRow = (bank.down % bank.up) * bank.taps;
    this.history = new Float64Array(bank.taps + BLOCKS_BETWEEN_SLIDES * MAX_STAGE_INPUT);
    this.reset();
  }

  delaySeconds(inputHz: number): number {
    return (this.bank.delayAtUp - (this.down - 1)) / (this.up * inputHz);
  }

  process(input: Float64Array, count: number, output: Float64Array): number {
    if (this.end + count > this.history.length) this.slide();
    const { history, stepSamples, stepRow } = this;
    const { taps, rows } = this.bank;
    const head = HEADROOM;
    let end = this.end;
    for (let i = head; i < head + count; i++) history[end++] = input[i] as number;
    this.end = end;
    let { newest, row } = this;
    const rowsEnd = rows.length;
    const before = taps - 1;
    let at = head;
    while (newest < end) {
      output[at++] = firOne(history, newest - before, rows, row, taps);
      newest += stepSamples;
      row += stepRow;
      if (row >= rowsEnd) {
        row -= rowsEnd;
        newest++;
      }
    }
    this.newest = newest;
    this.row = row;
    return at - head;
  }

  reset(): void {
    const kept = this.bank.taps - 1;
    this.history.fill(0);
    this.end = kept;
    this.newest = kept + Math.floor((this.down - 1) / this.up);
    this.row = ((this.down - 1) % this.up) * this.bank.taps;
  }

  /** Moves what is still needed to the front. */
  private slide(): void {
    const from = Math.min(this.end, this.newest - this.bank.taps + 1);
    this.history.copyWithin(0, from, this.end);
    this.end -= from;
    this.newest -= from;
  }
}
