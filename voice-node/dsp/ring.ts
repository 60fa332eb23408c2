import { VoiceNodeError } from '../domain/errors.js';

/**
 * A bounded first-in first-out buffer of int16 samples. What does not fit is refused, never overwritten:
 * the caller decides what to drop and counts it. No method allocates.
 */
export class SampleRing {
  readonly capacity: number;
  private readonly samples: Int16Array;
  private head = 0;
  private count = 0;

  /** Throws VoiceNodeError `argument_invalid` unless `capacity` is a positive integer. */
  constructor(capacity: number) {
    if (!Number.isInteger(capacity) || capacity < 1) {
      throw new VoiceNodeError('argument_invalid', `expected a capacity of at least 1 sample, got ${capacity}`);
    }
    this.capacity = capacity;
    this.samples = new Int16Array(capacity);
  }

  /** Samples held. */
  get length(): number {
    return this.count;
  }

  /** Samples that still fit. */
  get free(): number {
    return this.capacity - this.count;
  }

  /** Appends `samples[from..to)`, as many as fit; returns how many. */
  write(samples: Int16Array, from = 0, to = samples.length): number {
    const fitting = Math.min(to - from, this.free);
    const { capacity, samples: store } = this;
    let at = this.head + this.count;
    if (at >= capacity) at -= capacity;
    for (let i = 0; i < fitting; i++) {
      store[at] = samples[from + i] as number;
      if (++at === capacity) at = 0;
    }
    if (fitting > 0) this.count += fitting;
    return Math.max(0, fitting);
  }

  /** Takes the oldest samples, up to `out.length`; returns how many. */
  read(out: Int16Array): number {
    return this.readInto(out, 0, out.length);
  }

  /** Takes up to `count` of the oldest samples into `out` from index `at`; returns how many. */
  readInto(out: Int16Array, at: number, count: number): number {
    const taken = Math.max(0, Math.min(count, this.count, out.length - at));
    this.copy(this.head, taken, out, at);
    this.discard(taken);
    return taken;
  }

  /** Copies the newest `count` samples, oldest of them first, without taking them; returns how many there were. */
  peekLast(out: Int16Array, count: number): number {
    const taken = Math.max(0, Math.min(count, this.count, out.length));
    let from = this.head + this.count - taken;
    if (from >= this.capacity) from -= this.capacity;
    this.copy(from, taken, out, 0);
    return taken;
  }

  /** Forgets up to `count` of the oldest samples; returns how many. */
  discard(count: number): number {
    const gone = Math.max(0, Math.min(count, this.count));
    this.head = (this.head + gone) % this.capacity;
    this.count -= gone;
    return gone;
  }

  clear(): void {
    this.head = 0;
    this.count = 0;
  }

  private copy(from: number, count: number, out: Int16Array, at: number): void {
    const { capacity, samples } = this;
    let index = from;
    for (let i = 0; i < count; i++) {
      out[at + i] = samples[index] as number;
      if (++index === capacity) index = 0;
    }
  }
}
