import type { FirBank } from './fir-bank.js';
import { firBlock } from './fir-kernel.js';
import { HEADROOM, MAX_STAGE_INPUT, type Stage } from './stage.js';

/** Blocks that the history takes before it is moved to the front: few, as the first-level cache is small. */
const BLOCKS_BETWEEN_SLIDES = 2;
/** What firBlock may read beyond the end. */
const SLACK = 8;

/** up times as many samples: each phase is one FIR over the same history. */
export class FirInterpolator implements Stage {
  readonly up: number;
  readonly down = 1;
  private readonly bank: FirBank;
  private readonly history: Float64Array;
  private end = 0;

  /** `bank.down` must be 1. */
  constructor(bank: FirBank) {
    this.bank = bank;
    this.up = bank.up;
    this.history = new Float64Array(bank.taps + BLOCKS_BETWEEN_SLIDES * MAX_STAGE_INPUT + SLACK);
    this.reset();
  }

  delaySeconds(inputHz: number): number {
    return this.bank.delayAtUp / (this.up * inputHz);
  }

  process(input: Float64Array, count: number, output: Float64Array): number {
    const { history, up } = this;
    const { taps, rows } = this.bank;
    if (this.end + count > history.length - SLACK) {
      history.copyWithin(0, this.end - (taps - 1), this.end);
      this.end = taps - 1;
    }
    const first = this.end - (taps - 1);
    const head = HEADROOM;
    let end = this.end;
    for (let i = head; i < head + count; i++) history[end++] = input[i] as number;
    this.end = end;
    for (let p = 0; p < up; p++) firBlock(history, 0, first, rows, p * taps, taps, 1, output, head + p, up, count);
    return count * up;
  }

  reset(): void {
    this.history.fill(0);
    this.end = this.bank.taps - 1;
  }
}

/**
 * Every down-th sample. The input is dealt into `down` streams, so that neighbouring outputs lie side by side
 * and the kernel can share its loads; the newest sample of a group is in the last stream.
 */
export class FirDecimator implements Stage {
  readonly up = 1;
  readonly down: number;
  private readonly delayAtUp: number;
  /** `down` rows of `taps`, oldest first. */
  private readonly rows: Float64Array;
  private readonly taps: number;
  private readonly streams: Float64Array;
  private readonly stride: number;
  /** Next group to be written, and how much of it is already there. */
  private group = 0;
  private filled = 0;

  /** `bank.up` must be 1. */
  constructor(bank: FirBank) {
    const { down } = bank;
    this.down = down;
    this.delayAtUp = bank.delayAtUp;
    this.taps = 2 * Math.ceil(bank.taps / down / 2);
    this.rows = new Float64Array(down * this.taps);
    for (let lag = 0; lag < bank.taps; lag++) {
      const stream = down - 1 - (lag % down);
      this.rows[stream * this.taps + this.taps - 1 - Math.floor(lag / down)] = bank.rows[bank.taps - 1 - lag] as number;
    }
    const groups = Math.ceil(MAX_STAGE_INPUT / down) + 1;
    this.stride = this.taps + BLOCKS_BETWEEN_SLIDES * groups + SLACK;
    this.streams = new Float64Array(down * this.stride);
    this.reset();
  }

  delaySeconds(inputHz: number): number {
    return (this.delayAtUp - (this.down - 1)) / inputHz;
  }

  process(input: Float64Array, count: number, output: Float64Array): number {
    const { down, taps, stride, streams } = this;
    if (this.group + Math.ceil(count / down) + 1 > stride - SLACK) this.slide();
    const first = this.group - (taps - 1);
    const { group, filled } = this;
    const end = HEADROOM + count;
    for (let b = 0; b < down; b++) {
      // Samples of stream b come every `down`; those before `filled` belong to the next group.
      let at = b * stride + group + (b < filled ? 1 : 0);
      for (let i = HEADROOM + (b < filled ? b - filled + down : b - filled); i < end; i += down) streams[at++] = input[i] as number;
    }
    const outputs = Math.floor((filled + count) / down);
    this.group = group + outputs;
    this.filled = filled + count - outputs * down;
    firBlock(streams, stride, first, this.rows, 0, taps, down, output, HEADROOM, 1, outputs);
    return outputs;
  }

  reset(): void {
    this.streams.fill(0);
    this.group = this.taps - 1;
    this.filled = 0;
  }

  private slide(): void {
    const from = this.group - (this.taps - 1);
    for (let b = 0; b < this.down; b++) {
      this.streams.copyWithin(b * this.stride, b * this.stride + from, b * this.stride + this.group + 1);
    }
    this.group -= from;
  }
}
