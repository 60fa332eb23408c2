import { VoiceNodeError } from '../domain/errors.js';
import type { Reply } from '../domain/orchestrator.js';
import type { Player } from '../speaking/player.js';
import { SpokenText } from './spoken-text.js';

/** Audio that may wait in a reply whose maker does not await `audio`. */
const BACKLOG_MS = 120_000;

/** What a reply tells its call. */
export interface ReplyEvents {
  understood(turn: number): void;
  chosen(generation: number): void;
  firstAudio(generation: number): void;
  /** The words that were heard so far: all of them, not what is new. */
  spoken(generation: number, text: string, final: boolean): void;
  failed(generation: number, error: VoiceNodeError): void;
  /** Audio of a reply that is not being played any more. */
  stale(durationMs: number): void;
}

/**
 * One answer on its way to the player. Pieces are played in the order they were handed in, whether or not the
 * maker waits. Once stopped, every method does nothing.
 */
export class LiveReply implements Reply {
  readonly generation: number;
  readonly turn: number | undefined;
  readonly #player: Player;
  readonly #events: ReplyEvents;
  readonly #controller = new AbortController();
  #tail: Promise<unknown> = Promise.resolve();
  #backlogMs = 0;
  readonly #words = new SpokenText();
  #told: string | undefined;
  #over = false;
  #hasAudio = false;
  #ended = false;
  #wake: (() => void) | undefined;

  constructor(generation: number, turn: number | undefined, player: Player, events: ReplyEvents) {
    this.generation = generation;
    this.turn = turn;
    this.#player = player;
    this.#events = events;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get #closed(): boolean {
    return this.#ended || this.signal.aborted;
  }

  understood(): void {
    if (!this.#closed && this.turn !== undefined) this.#events.understood(this.turn);
  }

  chosen(): void {
    if (!this.#closed) this.#events.chosen(this.generation);
  }

  text(delta: string): void {
    if (!this.#closed) this.#words.say(delta);
  }

  audio(samples: Int16Array, rateHz: number): Promise<boolean> {
    const durationMs = durationOf(samples.length, rateHz);
    if (this.#closed) {
      this.#events.stale(durationMs);
      return Promise.resolve(false);
    }
    if (samples.length === 0) return Promise.resolve(true);
    if (this.#backlogMs + durationMs > BACKLOG_MS && this.#backlogMs > 0) {
      this.fail(new VoiceNodeError('answer_failed', `expected at most ${BACKLOG_MS} ms of audio to wait, got ${Math.round(this.#backlogMs + durationMs)} ms: await audio()`));
      return Promise.resolve(false);
    }
    if (!this.#hasAudio) {
      this.#hasAudio = true;
      this.#events.firstAudio(this.generation);
    }
    this.#backlogMs += durationMs;
    this.#words.audio(durationMs);
    const done = this.#tail.then(() => this.#play(samples, rateHz));
    this.#tail = done;
    return done;
  }

  end(): void {
    if (this.#closed) return;
    this.#ended = true;
    this.#words.end();
    void this.#tail.then(() => this.#player.end(this.generation));
  }

  fail(error: VoiceNodeError): void {
    if (!this.signal.aborted) this.#events.failed(this.generation, error);
  }

  /** Called by the call with every packet: so much has been played. Allocates nothing but for a new word. */
  played(heardMs: number): void {
    if (!this.#over && this.#words.advance(heardMs)) this.#tell(this.#words.heard, false);
  }

  /** Called by the call: all of it was played. Returns its words. */
  finish(): string {
    const text = this.#words.whole;
    this.#tell(text, true);
    return text;
  }

  /** Called by the call: nothing more of it is played. Returns the words that were heard to their end. */
  cutAt(heardMs: number): string {
    this.#words.advance(heardMs);
    const text = this.#words.heard;
    this.#tell(text, true);
    return text;
  }

  /** Called by the call: the reply was cut, replaced, or the call ended. */
  stop(): void {
    this.#controller.abort();
    this.room();
  }

  /** Called by the call: the queue has room again. */
  room(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  #tell(text: string, final: boolean): void {
    if (this.#over || (text === '' && this.#told === undefined)) return;
    this.#over = final;
    this.#told = text;
    this.#events.spoken(this.generation, text, final);
  }

  async #play(samples: Int16Array, rateHz: number): Promise<boolean> {
    this.#backlogMs -= durationOf(samples.length, rateHz);
    for (let at = 0; at < samples.length; ) {
      if (this.signal.aborted) return this.#drop(samples.length - at, rateHz);
      let taken: number;
      try {
        taken = this.#player.write(this.generation, samples, at, rateHz);
      } catch (error) {
        this.fail(error instanceof VoiceNodeError ? error : new VoiceNodeError('answer_failed', String(error)));
        return false;
      }
      if (taken < 0) return this.#drop(samples.length - at, rateHz);
      at += taken;
      if (at < samples.length) await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    return true;
  }

  #drop(samples: number, rateHz: number): false {
    this.#events.stale(durationOf(samples, rateHz));
    return false;
  }
}

/** In ms. A rate that makes no sense is complained about when the audio is converted. */
const durationOf = (samples: number, rateHz: number): number => (rateHz > 0 ? (samples / rateHz) * 1000 : 0);
