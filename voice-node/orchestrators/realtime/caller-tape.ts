import { FRAME_MS, type CallRateHz } from '../../domain/audio.js';
import type { Utterance } from '../../domain/speech.js';
import { samplesIn } from '../../domain/time.js';
import { SampleRing } from '../../dsp/ring.js';

/** Before t1: the pre-roll of hearing (400 ms), and the time that a detector takes to be sure. */
export const PRE_ROLL_MS = 600;
/** Before a provider's detector has found speech and its word of it has reached us. */
export const LOOKBACK_MS = 1000;
/** More than this nobody says in one go; what is older is given up. */
const MAX_MS = 60_000;
const CHUNK_MS = 1000;

/**
 * What the caller has said and nobody has answered: kept so that a second session can hear it too. Takes memory
 * a second at a time, and none beyond its look-back while nobody speaks.
 */
export class CallerTape {
  readonly rateHz: CallRateHz;
  readonly #lookback: SampleRing;
  readonly #chunkSamples: number;
  #chunks: Int16Array[] = [];
  #filled = 0;
  #recording = false;

  constructor(rateHz: CallRateHz) {
    this.rateHz = rateHz;
    this.#lookback = new SampleRing(samplesIn(LOOKBACK_MS, rateHz));
    this.#chunkSamples = samplesIn(CHUNK_MS, rateHz);
  }

  get isRecording(): boolean {
    return this.#recording;
  }

  /** The next 20 ms; borrowed. */
  hear(frame: Int16Array): void {
    const ring = this.#lookback;
    if (ring.free < frame.length) ring.discard(frame.length - ring.free);
    ring.write(frame);
    if (this.#recording) this.#append(frame);
  }

  /** Records from `lookbackMs` ago on; goes on where it records already. */
  start(lookbackMs: number): void {
    if (this.#recording) return;
    this.stop();
    this.#recording = true;
    this.#append(this.latest(lookbackMs));
  }

  /** `samples` are what the caller has said. */
  replaceWith(samples: Int16Array): void {
    this.stop();
    this.#recording = true;
    this.#append(samples);
  }

  stop(): void {
    this.#recording = false;
    this.#chunks = [];
    this.#filled = 0;
  }

  /** Up to `lookbackMs` (at most a second) of what was heard last, in a new array. */
  latest(lookbackMs: number): Int16Array {
    const out = new Int16Array(Math.min(samplesIn(lookbackMs, this.rateHz), this.#lookback.length));
    this.#lookback.peekLast(out, out.length);
    return out;
  }

  /** What was recorded, in pieces of a second at most; borrowed. */
  *pieces(): Generator<Int16Array, void, undefined> {
    const last = this.#chunks.length - 1;
    for (let i = 0; i <= last; i++) {
      const chunk = this.#chunks[i] as Int16Array;
      yield i < last ? chunk : chunk.subarray(0, this.#filled);
    }
  }

  /** All of it, in a new array. */
  copy(): Int16Array {
    const out = new Int16Array(Math.max(0, this.#chunks.length - 1) * this.#chunkSamples + (this.#chunks.length > 0 ? this.#filled : 0));
    let at = 0;
    for (const piece of this.pieces()) {
      out.set(piece, at);
      at += piece.length;
    }
    return out;
  }

  /**
   * An utterance that was cut for its length ends with the newest frame, and the next one goes on right there: what
   * is looked back to must not repeat words of this one.
   */
  forgetWords({ samples }: Utterance): void {
    const newest = this.latest(FRAME_MS);
    const last = samples.subarray(-newest.length);
    if (last.length === newest.length && last.every((sample, i) => sample === newest[i])) this.#lookback.clear();
  }

  #append(samples: Int16Array): void {
    for (let from = 0; from < samples.length; ) {
      if (this.#chunks.length === 0 || this.#filled === this.#chunkSamples) this.#addChunk();
      const chunk = this.#chunks.at(-1) as Int16Array;
      const part = Math.min(samples.length - from, chunk.length - this.#filled);
      chunk.set(from === 0 && part === samples.length ? samples : samples.subarray(from, from + part), this.#filled);
      this.#filled += part;
      from += part;
    }
  }

  #addChunk(): void {
    this.#chunks.push(new Int16Array(this.#chunkSamples));
    this.#filled = 0;
    if (this.#chunks.length > MAX_MS / CHUNK_MS) this.#chunks.shift();
  }
}
