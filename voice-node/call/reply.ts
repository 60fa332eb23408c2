import { VoiceNodeError } from '../domain/errors.js';
import type { Reply } from '../domain/orchestrator.js';
import type { Player } from '../speaking/player.js';

/** Audio that may wait in a reply whose maker does not await `audio`. */
const BACKLOG_MS = 120_000;

/** What a reply tells its call. */
export interface ReplyEvents {
  understood(turn: number): void;
  chosen(generation: number): void;
  firstAudio(generation: number): void;
  text(generation: number, text: string, final: boolean): void;
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
  #text = '';
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
    if (this.#closed || delta === '') return;
    this.#text += delta;
    this.#events.text(this.generation, this.#text, false);
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
    const done = this.#tail.then(() => this.#play(samples, rateHz));
    this.#tail = done;
    return done;
  }

  end(): void {
    if (this.#closed) return;
    this.#ended = true;
    if (this.#text !== '') this.#events.text(this.generation, this.#text, true);
    void this.#tail.then(() => this.#player.end(this.generation));
  }

  fail(error: VoiceNodeError): void {
    if (!this.signal.aborted) this.#events.failed(this.generation, error);
  }

  /** Called by the call: the reply was cut, replaced, or the call ended. */
  stop(): void {
    if (this.#text !== '' && !this.#closed) this.#events.text(this.generation, this.#text, true);
    this.#controller.abort();
    this.room();
  }

  /** Called by the call: the queue has room again. */
  room(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
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
