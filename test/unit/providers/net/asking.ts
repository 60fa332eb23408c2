import type { Audio, CallRateHz } from '../../../../voice-node/domain/audio.js';
import { ProviderError, type ProviderRequest, type UsageUnit } from '../../../../voice-node/domain/provider.js';
import type { SpeechFeed, TranscribeRequest } from '../../../../voice-node/domain/stt.js';
import type { SpeakRequest } from '../../../../voice-node/domain/tts.js';

/** What must never stand in an error message. */
export const KEY = 'canary-key-7391';
export const WORDS = 'канарейка поёт в четверг';

/** A request and what the provider told it. */
export class Asking {
  readonly controller = new AbortController();
  connections = 0;
  readonly usage: Partial<Record<UsageUnit, number>> = {};
  readonly #connected = withResolvers<void>();

  get base(): ProviderRequest {
    return {
      signal: this.controller.signal,
      connected: () => {
        this.connections++;
        this.#connected.resolve();
      },
      used: (unit, amount) => void (this.usage[unit] = (this.usage[unit] ?? 0) + amount),
    };
  }

  /** Resolves once the provider says that it is connected. */
  get connected(): Promise<void> {
    return this.#connected.promise;
  }

  abort(): void {
    this.controller.abort();
  }

  hear(speech: SpeechFeed, language = 'ru-RU'): TranscribeRequest {
    return { ...this.base, speech, language };
  }

  say(text: string | AsyncIterable<string>, language = 'ru-RU'): SpeakRequest {
    return { ...this.base, text, language };
  }
}

function withResolvers<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((done) => (resolve = done));
  return { promise, resolve };
}

/** Pieces that can be iterated again, and grow until `end`. */
export class Growing<T> implements AsyncIterable<T> {
  readonly #items: T[] = [];
  readonly #wakers = new Set<() => void>();
  #isOver = false;

  push(...items: T[]): this {
    this.#items.push(...items);
    for (const wake of this.#wakers) wake();
    return this;
  }

  end(): this {
    this.#isOver = true;
    return this.push();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    for (let at = 0; ; at++) {
      while (at >= this.#items.length) {
        if (this.#isOver) return;
        await new Promise<void>((resolve) => this.#wakers.add(resolve));
      }
      yield this.#items[at] as T;
    }
  }
}

/** Speech in pieces of 20 ms. */
export class Feed extends Growing<Int16Array> implements SpeechFeed {
  readonly rateHz: CallRateHz;
  readonly #ended = withResolvers<void>();

  constructor(rateHz: CallRateHz = 16000) {
    super();
    this.rateHz = rateHz;
  }

  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** A slope that no two samples of a second share, so that a lost or repeated one shows. */
  speak(durationMs: number): this {
    const count = (this.rateHz * 20) / 1000;
    for (let ms = 0; ms < durationMs; ms += 20) this.push(Int16Array.from({ length: count }, (_, i) => (((ms * this.rateHz) / 1000 + i) % 60_000) - 30_000));
    return this;
  }

  override end(): this {
    this.#ended.resolve();
    return super.end();
  }
}

export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

export const samplesOf = (pieces: readonly Audio[]): number[] => pieces.flatMap(({ samples }) => [...samples]);

/** What came before the failure, and the failure; fails the test where there is none, or it is no ProviderError. */
export async function failureOf<T>(items: AsyncIterable<T>): Promise<{ readonly items: T[]; readonly error: ProviderError }> {
  const list: T[] = [];
  try {
    for await (const item of items) list.push(item);
  } catch (error) {
    if (error instanceof ProviderError) return { items: list, error };
    throw error;
  }
  throw new Error(`expected a ProviderError, got ${list.length} results and an orderly end`);
}

/** Ends by itself or with an error, as an aborted request may. */
export async function settled<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  try {
    for await (const item of items) list.push(item);
  } catch {
    // Either is right.
  }
  return list;
}
