import { withDeadline } from '../domain/deadline.js';
import type { Clock } from '../domain/clock.js';
import { messageOf } from '../domain/errors.js';
import type { Said } from '../domain/journal.js';
import type { CallEnd, Log } from '../domain/observer.js';
import type { CallView } from '../domain/operations.js';
import type { CallRequest } from './shard.js';

/** A call, as far as whoever keeps it has to know. `Call` of call/ is one. No method throws; `done` never rejects. */
export interface LiveCall {
  readonly callId: string;
  /** Its caller has left and may come back, but nobody is there. */
  readonly isDeserted: boolean;
  /** Resolves once the call has ended and everything it held is free. */
  readonly done: Promise<CallEnd>;
  start(): void;
  hangUp(end: CallEnd): void;
  /** The robot says good-bye and hangs up: the end is `shutdown`. */
  sayGoodbye(): void;
  view(): CallView;
}

/** What a call tells while it goes on. */
export interface CallNews {
  said(said: Said): void;
  /** The robot is in the room under another identity now. */
  identity(identity: string): void;
}

/** Makes a call; it begins with `start`. May throw: then the call has `failed`. */
export type CallFactory = (request: CallRequest, news: CallNews) => LiveCall;

export interface LiveCallsListener {
  said(callId: string, said: Said): void;
  identity(callId: string, identity: string): void;
  /** Exactly once for each call that was begun; its last view, where it came to be. */
  ended(callId: string, end: CallEnd, last?: CallView): void;
}

interface Entry {
  readonly call: LiveCall;
  readonly room: string;
}

/** The calls of this process: begins them, knows them by name, ends them. */
export class LiveCalls {
  readonly #create: CallFactory;
  readonly #listener: LiveCallsListener;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #entries = new Map<string, Entry>();

  constructor(create: CallFactory, listener: LiveCallsListener, clock: Clock, log: Log) {
    this.#create = create;
    this.#listener = listener;
    this.#clock = clock;
    this.#log = log;
  }

  get count(): number {
    return this.#entries.size;
  }

  views(): CallView[] {
    return [...this.#entries.values()].map(({ call }) => call.view());
  }

  /**
   * Begins a call. One that is already in that room is hung up: two robots would answer each other's caller.
   * Never throws: a call that could not be made has `failed`.
   */
  begin(request: CallRequest): void {
    const { callId, room } = request;
    if (this.#entries.has(callId)) return this.#log.error({ callId, room }, 'a call was begun twice; the first one goes on');
    for (const { call, room: taken } of this.#entries.values()) if (taken === room) call.hangUp('superseded');
    let call: LiveCall;
    try {
      call = this.#create(request, this.#newsOf(callId));
    } catch (error) {
      this.#log.error({ callId, room, error: messageOf(error) }, 'a call could not be made');
      return this.#listener.ended(callId, 'failed');
    }
    this.#entries.set(callId, { call, room });
    void call.done.then((end) => {
      this.#entries.delete(callId);
      this.#listener.ended(callId, end, call.view());
    });
    call.start();
  }

  hangUp(callId: string, end: CallEnd): void {
    this.#entries.get(callId)?.call.hangUp(end);
  }

  sayGoodbye(callId: string): void {
    this.#entries.get(callId)?.call.sayGoodbye();
  }

  hangUpAll(end: CallEnd): void {
    for (const { call } of [...this.#entries.values()]) call.hangUp(end);
  }

  /** Hangs up all calls and waits until what they held is free, for a bounded time. Never rejects. */
  async close(): Promise<void> {
    this.hangUpAll('shutdown');
    await this.#emptyWithin(CLOSE_LIMIT_MS);
  }

  /**
   * Waits for the calls to end by themselves for `graceMs`; what is left then says good-bye, and in the end is hung
   * up. Never rejects.
   */
  async drain(graceMs: number): Promise<void> {
    // In a room that its caller has left there is nobody to wait for.
    for (const { call } of [...this.#entries.values()]) if (call.isDeserted) call.hangUp('shutdown');
    if (this.count > 0) this.#log.info({ calls: this.count, graceMs }, 'waiting for calls to end');
    await this.#emptyWithin(graceMs);
    for (const { call } of [...this.#entries.values()]) call.sayGoodbye();
    await this.#emptyWithin(GOODBYE_LIMIT_MS);
    await this.close();
  }

  async #emptyWithin(limitMs: number): Promise<void> {
    // Those that begin while others end are waited for as well.
    const empty = async (): Promise<void> => {
      while (this.#entries.size > 0) await Promise.race([...this.#entries.values()].map(({ call }) => call.done));
    };
    await withDeadline(this.#clock, empty(), limitMs, 'transport_timeout', 'waiting for the calls to end').catch(() => undefined);
  }

  #newsOf(callId: string): CallNews {
    return {
      said: (said) => this.#listener.said(callId, said),
      identity: (identity) => this.#listener.identity(callId, identity),
    };
  }
}

/** Longer than a good-bye and the line's closing take. */
const GOODBYE_LIMIT_MS = 10_000;
/** Longer than a line takes to close at worst. */
const CLOSE_LIMIT_MS = 12_000;
