import type { CallRateHz } from '../domain/audio.js';
import { asNodeError, messageOf } from '../domain/errors.js';
import type { Clock } from '../domain/clock.js';
import type { Said } from '../domain/journal.js';
import type { Log } from '../domain/observer.js';
import type { Conversation, ConversationHost, Orchestrator, Reply } from '../domain/orchestrator.js';
import type { CallEvent } from './events.js';

export interface DialogueOptions {
  readonly callId: string;
  readonly rateHz: CallRateHz;
  /** What was said before, in a call that goes on. */
  readonly past: readonly Said[] | undefined;
  readonly orchestrator: Orchestrator;
  readonly clock: Clock;
  readonly log: Log;
  beginReply(turn: number | undefined): Reply;
  /** What the caller said, as far as recognised. */
  transcript(turn: number, text: string, final: boolean): void;
  dispatch(event: CallEvent): void;
  /** Runs code of the call's own; never throws. */
  run(task: () => void): void;
}

/** The orchestrator's side of one call: its conversation, and what becomes of the errors in it. */
export class Dialogue {
  readonly #options: DialogueOptions;
  readonly #controller = new AbortController();
  #conversation: Conversation | undefined;
  #hearFails = false;

  constructor(options: DialogueOptions) {
    this.#options = options;
  }

  /** A robot that cannot even begin would leave its caller in silence: that ends the call. */
  open(): void {
    if (this.#controller.signal.aborted) return;
    try {
      this.#conversation = this.#options.orchestrator.open(this.#host());
    } catch (error) {
      this.#options.dispatch({ type: 'failed', error: asNodeError(error, 'answer_failed') });
    }
  }

  tell(what: (conversation: Conversation) => void): void {
    if (this.#conversation !== undefined) what(this.#conversation);
  }

  /** Allocates nothing. */
  hear(frame: Int16Array): void {
    const conversation = this.#conversation;
    if (conversation?.hear === undefined) return;
    try {
      conversation.hear(frame);
      this.#hearFails = false;
    } catch (error) {
      // Fifty times a second the same trouble: told once, until it has worked again.
      if (!this.#hearFails) this.#failed(error);
      this.#hearFails = true;
    }
  }

  /** Runs the orchestrator's code: whatever it throws is its turn's trouble, not the call's. */
  guard(task: () => void): void {
    try {
      task();
    } catch (error) {
      this.#failed(error);
    }
  }

  close(): void {
    this.guard(() => this.#controller.abort());
    this.guard(() => this.#conversation?.close());
    this.#conversation = undefined;
  }

  #failed(error: unknown): void {
    if (this.#controller.signal.aborted) this.#options.log.warn({ error: messageOf(error) }, 'the conversation did not end cleanly');
    else this.#options.dispatch({ type: 'reply_failed', generation: undefined, error: asNodeError(error, 'answer_failed') });
  }

  #host(): ConversationHost {
    const { callId, rateHz, past, clock, log, run, dispatch, beginReply, transcript } = this.#options;
    return {
      callId,
      rateHz,
      past,
      signal: this.#controller.signal,
      clock,
      log,
      beginReply,
      transcript(turn, text, final) {
        run(() => transcript(turn, text, final));
        if (final) dispatch({ type: 'understood', turn });
      },
      endCall: (end) => dispatch({ type: 'end_requested', end }),
    };
  }
}
