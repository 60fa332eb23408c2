import { VoiceNodeError } from '../domain/errors.js';
import { DELAY_BAND_HZ, planStages, type ResamplerProfile } from './resampler-plan.js';
import { HEADROOM, MAX_STAGE_INPUT, TAILROOM, type Stage } from './stage.js';

export type { ResamplerProfile } from './resampler-plan.js';
export type SampleFormat = 's16' | 'f32';

export interface ResamplerOptions {
  readonly fromHz: number;
  readonly toHz: number;
  /** Default `conversation`. */
  readonly profile?: ResamplerProfile;
}

export interface Resampler<T extends Int16Array | Float32Array> {
  readonly fromHz: number;
  readonly toHz: number;
  readonly profile: ResamplerProfile;
  /** Delay in output samples, may be fractional: the mean over 0.3 to 3.4 kHz. */
  readonly delaySamples: number;
  /** The most that `processInto` can write for `inputLength` samples. */
  maxOutputSamples(inputLength: number): number;
  /**
   * The real-time door: takes any number of samples, writes to `out` from index 0, returns how many.
   * Allocates nothing. Throws VoiceNodeError `argument_invalid` when `out` is too small; then nothing was consumed.
   */
  processInto(input: T, out: T): number;
  /** The convenient door: the same, in a new array. */
  process(input: T): T;
  /** Back to the state of a new one. */
  reset(): void;
}

type Load<T> = (input: T, from: number, count: number, work: Float64Array) => void;
type Store<T> = (work: Float64Array, count: number, out: T, at: number) => void;

/** The engine copies a whole array three times faster than a loop does; for a part of one it would need a view. */
function loadInt16(input: Int16Array, from: number, count: number, work: Float64Array): void {
  const head = HEADROOM;
  if (count === input.length) work.set(input, head);
  else for (let i = 0; i < count; i++) work[head + i] = input[from + i] as number;
}

/** A NaN or an infinity would stay in a recursive filter for ever; it is taken as silence. */
function loadFloat32(input: Float32Array, from: number, count: number, work: Float64Array): void {
  const head = HEADROOM;
  if (count === input.length) work.set(input, head);
  else for (let i = 0; i < count; i++) work[head + i] = input[from + i] as number;
  if (isFinite(work, count)) return;
  for (let i = head; i < head + count; i++) if (!Number.isFinite(work[i])) work[i] = 0;
}

/** x * 0 is 0 for every number and NaN for what is none; four sums, so that none waits for the other. */
function isFinite(work: Float64Array, count: number): boolean {
  const end = HEADROOM + count;
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let i = HEADROOM;
  for (; i < end - 3; i += 4) {
    s0 += (work[i] as number) * 0;
    s1 += (work[i + 1] as number) * 0;
    s2 += (work[i + 2] as number) * 0;
    s3 += (work[i + 3] as number) * 0;
  }
  for (; i < end; i++) s0 += (work[i] as number) * 0;
  return s0 + s1 + s2 + s3 === 0;
}

/**
 * Rounds half up and saturates: shifted by 32768 the result is positive, where cutting off the fraction is
 * rounding down. Never dithers: silence stays silence, and the same input gives the same bits.
 */
function storeInt16(work: Float64Array, count: number, out: Int16Array, at: number): void {
  const head = HEADROOM;
  for (let i = 0; i < count; i++) {
    const x = (work[head + i] as number) + 32768.5;
    out[at + i] = ((x > 65535 ? 65535 : x < 0 ? 0 : x) | 0) - 32768;
  }
}

/** What is far below a float32 leaves as zero, and as plus zero, so that silence is silence byte for byte. */
function storeFloat32(work: Float64Array, count: number, out: Float32Array, at: number): void {
  const head = HEADROOM;
  for (let i = 0; i < count; i++) out[at + i] = Math.fround(work[head + i] as number) + 0;
}

class ChainResampler<T extends Int16Array | Float32Array> implements Resampler<T> {
  readonly fromHz: number;
  readonly toHz: number;
  readonly profile: ResamplerProfile;
  readonly delaySamples: number;
  private readonly stages: readonly Stage[];
  private readonly work: readonly Float64Array[];
  private readonly load: Load<T>;
  private readonly store: Store<T>;
  private readonly create: (length: number) => T;
  /** Input samples that go through the chain at once: no stage may get more than MAX_STAGE_INPUT. */
  private readonly blockSamples: number;
  /** (consumed * toHz) mod fromHz: how far the input is into the next output sample. */
  private remainder = 0;

  constructor(options: ResamplerOptions, load: Load<T>, store: Store<T>, create: (length: number) => T) {
    this.fromHz = options.fromHz;
    this.toHz = options.toHz;
    this.profile = options.profile ?? 'conversation';
    this.stages = planStages(this.fromHz, this.toHz, this.profile);
    this.load = load;
    this.store = store;
    this.create = create;
    let growth = 1;
    let widest = 1;
    let seconds = 0;
    for (const stage of this.stages) {
      seconds += stage.delaySeconds(this.fromHz * growth, ...DELAY_BAND_HZ);
      widest = Math.max(widest, growth);
      growth *= stage.up / stage.down;
    }
    this.blockSamples = Math.floor(MAX_STAGE_INPUT / widest);
    const work = [new Float64Array(HEADROOM + this.blockSamples)];
    let longest = this.blockSamples;
    for (const stage of this.stages) {
      longest = Math.ceil((longest * stage.up) / stage.down);
      work.push(new Float64Array(HEADROOM + longest + TAILROOM));
    }
    this.work = work;
    this.delaySamples = seconds * this.toHz;
  }

  maxOutputSamples(inputLength: number): number {
    return Math.ceil((inputLength * this.toHz) / this.fromHz);
  }

  processInto(input: T, out: T): number {
    const due = this.dueSamples(input.length);
    if (out.length < due) {
      throw new VoiceNodeError('argument_invalid', `the output needs room for ${due} samples, it has ${out.length}`);
    }
    if (this.fromHz === this.toHz) {
      for (let i = 0; i < due; i++) out[i] = input[i] as number;
      return due;
    }
    this.remainder = (this.remainder + input.length * this.toHz) % this.fromHz;
    let written = 0;
    for (let from = 0; from < input.length; from += this.blockSamples) {
      let count = Math.min(this.blockSamples, input.length - from);
      this.load(input, from, count, this.work[0] as Float64Array);
      for (let s = 0; s < this.stages.length; s++) {
        count = (this.stages[s] as Stage).process(this.work[s] as Float64Array, count, this.work[s + 1] as Float64Array);
      }
      this.store(this.work[this.stages.length] as Float64Array, count, out, written);
      written += count;
    }
    return written;
  }

  process(input: T): T {
    const out = this.create(this.dueSamples(input.length));
    this.processInto(input, out);
    return out;
  }

  reset(): void {
    this.remainder = 0;
    for (const stage of this.stages) stage.reset();
  }

  private dueSamples(inputLength: number): number {
    return Math.floor((this.remainder + inputLength * this.toHz) / this.fromHz);
  }
}

/** A resampler of mono int16: rounded, saturated, never dithered. */
export function createResampler(options: ResamplerOptions): Resampler<Int16Array> {
  return new ChainResampler<Int16Array>(options, loadInt16, storeInt16, (length) => new Int16Array(length));
}

/** A resampler of mono float32, full scale +-1; what goes beyond is passed on, not clipped. */
export function createFloatResampler(options: ResamplerOptions): Resampler<Float32Array> {
  return new ChainResampler<Float32Array>(options, loadFloat32, storeFloat32, (length) => new Float32Array(length));
}
