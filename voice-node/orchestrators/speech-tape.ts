import { FRAME_MS, type CallRateHz } from '../domain/audio.js';
import type { Utterance } from '../domain/speech.js';
import type { SpeechFeed } from '../domain/stt.js';
import { samplesIn } from '../domain/time.js';
import { SampleRing } from '../dsp/ring.js';
import { Replay } from './replay.js';

/**
 * What a recogniser is given from before t1: the pre-roll of hearing (400 ms), and the time that a detector takes
 * to be sure.
 */
const PRE_ROLL_MS = 600;
/** Hearing cuts an utterance after 10 minutes at the latest; its silence and the pre-roll come on top. */
const MAX_MS = 610_000;
/** A recording this much shorter than the utterance has missed its beginning. */
const MISSED_MS = 100;

/** Tapes the caller's frames for speech recognition. Allocates nothing while nobody speaks. */
export class SpeechTape {
  readonly #rateHz: CallRateHz;
  readonly #preRoll: SampleRing;
  #feed: TapeFeed | undefined;

  constructor(rateHz: CallRateHz) {
    this.#rateHz = rateHz;
    this.#preRoll = new SampleRing(samplesIn(PRE_ROLL_MS, rateHz));
  }

  /** The next 20 ms of the caller; borrowed. */
  hear(frame: Int16Array): void {
    const ring = this.#preRoll;
    if (ring.free < frame.length) ring.discard(frame.length - ring.free);
    ring.write(frame);
    this.#feed?.push(frame);
  }

  /** The caller began to speak. What was being taped before ends here. */
  begin(): TapeFeed {
    this.stop();
    const preRoll = new Int16Array(this.#preRoll.length);
    this.#preRoll.peekLast(preRoll, preRoll.length);
    this.#feed = new TapeFeed(this.#rateHz, preRoll);
    return this.#feed;
  }

  /** The caller fell silent, or what began was no speech. */
  stop(): void {
    this.#feed?.end();
    this.#feed = undefined;
  }

  /**
   * The utterance is complete. Where it was cut for its length, it ends with the newest frame, and the next one
   * goes on right there: its pre-roll must not repeat words of this one.
   */
  finish(utterance: Utterance): void {
    this.stop();
    const newest = new Int16Array(samplesIn(FRAME_MS, this.#rateHz));
    this.#preRoll.peekLast(newest, newest.length);
    const last = utterance.samples.subarray(-newest.length);
    if (last.length === newest.length && last.every((sample, i) => sample === newest[i])) this.#preRoll.clear();
  }
}

/** One utterance as it is spoken. Bounded; what comes after ten minutes is not kept. */
export class TapeFeed implements SpeechFeed {
  readonly rateHz: CallRateHz;
  readonly ended: Promise<void>;
  readonly #pieces = new Replay<Int16Array>();
  #block = new Int16Array(0);
  #blockUsed = 0;
  #samples = 0;
  #resolveEnded!: () => void;

  /** `preRoll` is taken over. */
  constructor(rateHz: CallRateHz, preRoll: Int16Array) {
    this.rateHz = rateHz;
    this.ended = new Promise((resolve) => (this.#resolveEnded = resolve));
    if (preRoll.length > 0) this.#pieces.push(preRoll);
    this.#samples = preRoll.length;
  }

  /** An utterance that is complete already. */
  static of(utterance: Utterance, rateHz: CallRateHz): TapeFeed {
    const feed = new TapeFeed(rateHz, utterance.samples);
    feed.end();
    return feed;
  }

  /** Whether the utterance began before what was taped: speech over a robot that could not be interrupted. */
  hasMissed(utterance: Utterance): boolean {
    return utterance.samples.length > this.#samples + samplesIn(MISSED_MS, this.rateHz);
  }

  /** Copies `frame`; memory is taken a second at a time. */
  push(frame: Int16Array): void {
    if (this.#pieces.isOver || this.#samples >= samplesIn(MAX_MS, this.rateHz)) return;
    if (this.#blockUsed + frame.length > this.#block.length) {
      this.#block = new Int16Array(Math.max(this.rateHz, frame.length));
      this.#blockUsed = 0;
    }
    const piece = this.#block.subarray(this.#blockUsed, this.#blockUsed + frame.length);
    piece.set(frame);
    this.#blockUsed += frame.length;
    this.#samples += frame.length;
    this.#pieces.push(piece);
  }

  end(): void {
    this.#pieces.end();
    this.#resolveEnded();
  }

  [Symbol.asyncIterator](): AsyncIterator<Int16Array> {
    return this.#pieces[Symbol.asyncIterator]();
  }
}
