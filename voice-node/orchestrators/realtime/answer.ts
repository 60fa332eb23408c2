import type { VoiceNodeError } from '../../domain/errors.js';
import type { Reply } from '../../domain/orchestrator.js';
import { ProviderError } from '../../domain/provider.js';
import type { RealtimeSession } from '../../domain/realtime.js';
import type { ToolCalls } from '../pipeline/tools.js';
import { SpokenItem } from './spoken-item.js';

/** Audio of one answer that may wait to be played. */
const MAX_WAITING_MS = 120_000;
/** Rounding of sample counts. */
const TOLERANCE_MS = 1;

/** Where an item of an answer has to be cut. */
export interface Truncation {
  readonly itemId: string;
  readonly audioMs: number;
}

/**
 * One answer of the robot: what the session sends of it, handed to its reply at the pace of speech. It may be made
 * by several responses, one after another (a tool was called in between), and may wait for its reply to begin.
 */
export class Answer {
  /** The session that makes it, and holds its items. Undefined: a recording. */
  session: RealtimeSession | undefined;
  /** The response that is under way. */
  response: string | undefined;
  /** A response is due: the caller has spoken, or a tool has answered. */
  expects = false;
  tools: ToolCalls | undefined;
  /** Results of tools that are being waited for. */
  readonly results: Promise<{ readonly callId: string; readonly output: string }>[] = [];
  /** How often tools were asked. */
  rounds = 0;
  /** With the end of this answer the call ends. */
  farewell = false;
  reply: Reply | undefined;
  readonly #controller = new AbortController();
  readonly #items: SpokenItem[] = [];
  #current = 0;
  #closed = false;
  #error: VoiceNodeError | undefined;
  #wake: (() => void) | undefined;

  constructor(session: RealtimeSession | undefined) {
    this.session = session;
  }

  /** Aborted once nobody will hear more of it. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get turn(): number | undefined {
    return this.reply?.turn;
  }

  /** Something of it can be heard. */
  get hasAudio(): boolean {
    return this.#items.some((item) => item.receivedMs > 0);
  }

  get usesTools(): boolean {
    return this.rounds > 0 || this.results.length > 0;
  }

  /** Why it failed. */
  get error(): VoiceNodeError | undefined {
    return this.#error;
  }

  /** It still grows. */
  get isOpen(): boolean {
    return !this.#closed && !this.signal.aborted;
  }

  text(itemId: string, delta: string): void {
    this.#item(itemId).addText(delta);
    this.#wakeUp();
  }

  audio(itemId: string, samples: Int16Array, rateHz: number): void {
    if (!this.isOpen) return;
    this.#item(itemId).addAudio(samples, rateHz);
    const waitingMs = this.#items.reduce((sum, item) => sum + item.waitingMs, 0);
    if (waitingMs > MAX_WAITING_MS) this.close(new ProviderError('provider_overflow', `expected an answer of at most ${MAX_WAITING_MS} ms, got more`));
    this.#wakeUp();
  }

  /** Nothing of it has come, and it will be made anew by another session. */
  expectFrom(session: RealtimeSession): void {
    this.session = session;
    this.response = undefined;
    this.expects = true;
  }

  /** The response under way is over; the answer may go on with another one. */
  responseDone(): void {
    this.response = undefined;
    this.#items.at(-1)?.complete();
    this.#wakeUp();
  }

  /** Nothing more comes: it ends when all of it was handed over, or fails then. */
  close(error?: VoiceNodeError): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#error = error;
    this.expects = false;
    this.#items.at(-1)?.complete();
    this.#wakeUp();
  }

  /** From now on it is heard. */
  begin(reply: Reply): void {
    this.reply = reply;
    if (this.session !== undefined && !this.expects) reply.understood();
    void this.#handOver(reply);
  }

  /** `heardMs` of it were heard, and no more will be. Returns where its items are to be cut. */
  stop(heardMs: number): Truncation[] {
    this.#controller.abort();
    this.#closed = true;
    this.#wakeUp();
    const cuts: Truncation[] = [];
    let beforeMs = 0;
    for (const { id, receivedMs, handedMs, isComplete } of this.#items) {
      const audioMs = Math.min(handedMs, Math.max(0, heardMs - beforeMs));
      // Of what is still being made, more is on its way than has come.
      if (receivedMs > 0 && (!isComplete || audioMs < receivedMs - TOLERANCE_MS)) cuts.push({ itemId: id, audioMs });
      beforeMs += handedMs;
    }
    return cuts;
  }

  #item(id: string): SpokenItem {
    const last = this.#items.at(-1);
    if (last?.id === id) return last;
    const known = this.#items.find((item) => item.id === id);
    if (known !== undefined) return known;
    last?.complete();
    const item = new SpokenItem(id);
    this.#items.push(item);
    return item;
  }

  #wakeUp(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  /** Ends with the reply, however that ends. */
  async #handOver(reply: Reply): Promise<void> {
    let chosen = false;
    for (;;) {
      const slice = this.#next();
      if (reply.signal.aborted) return;
      if (slice === undefined) {
        if (this.#closed) break;
        await new Promise<void>((resolve) => (this.#wake = resolve));
        continue;
      }
      if (!chosen) reply.chosen();
      chosen = true;
      if (slice.text !== '') reply.text(slice.text);
      if (slice.samples !== undefined && !(await reply.audio(slice.samples, slice.rateHz))) return;
    }
    if (this.#error === undefined) reply.end();
    else reply.fail(this.#error);
  }

  #next(): ReturnType<SpokenItem['next']> {
    for (;;) {
      const item = this.#items[this.#current];
      const slice = item?.next();
      if (slice !== undefined || this.#current >= this.#items.length - 1) return slice;
      this.#current++;
    }
  }
}
