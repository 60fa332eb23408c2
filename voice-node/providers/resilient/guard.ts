import type { Clock, Timer } from '../../domain/clock.js';
import { ProviderError, type ProviderCode, type ProviderLimits } from '../../domain/provider.js';
import { monotonicMs } from '../../domain/time.js';

/** How much one stream may bring, and when it is whole. */
export interface StreamRules<T> {
  /** What one result weighs; their sum may not exceed `maxSize`. */
  size(item: T): number;
  readonly maxSize: number;
  /** Whether the stream may end after `last`; undefined: nothing came at all. */
  whole(last: T | undefined): boolean;
}

export interface GuardOptions<T> {
  readonly clock: Clock;
  readonly limits: ProviderLimits;
  readonly rules: StreamRules<T>;
  /** From when on results are due; undefined: from when it is connected. */
  readonly due: Promise<void> | undefined;
  /** For messages: vendor and kind. */
  readonly what: string;
}

/** However small they are: more results than this nobody has use for. */
const MAX_ITEMS = 50_000;

type Phase = 'connect' | 'idle' | 'first' | 'gap';

/**
 * One stream of a provider under its four deadlines. Only time spent waiting for the provider counts: who takes
 * the results slowly (the playout queue is full) does not make the provider late. When a deadline passes the
 * stream's own signal is aborted and the iteration throws a `ProviderError`; when `outer` is aborted it ends.
 */
export class GuardedStream<T> {
  readonly #options: GuardOptions<T>;
  readonly #controller = new AbortController();
  readonly #bornMs: number;
  #connectedMs: number | undefined;
  #dueMs: number | undefined;
  #items = 0;
  /** Those that came when they were due. */
  #results = 0;
  #size = 0;
  #waitedMs = 0;
  #waitingSinceMs = 0;
  #timer: Timer | undefined;
  #interrupt: ((error: ProviderError | undefined) => void) | undefined;
  #isOver = false;

  constructor(options: GuardOptions<T>) {
    this.#options = options;
    this.#bornMs = options.clock.nowMs();
    void options.due?.then(() => {
      this.#dueMs = options.clock.nowMs();
      this.#arm();
    });
  }

  /** For the request. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** For the request. */
  readonly connected = (): void => {
    if (this.#connectedMs !== undefined) return;
    this.#connectedMs = this.#options.clock.nowMs();
    if (this.#options.due === undefined) this.#dueMs = this.#connectedMs;
    this.#arm();
  };

  async *run(open: () => AsyncIterable<T>, outer: AbortSignal): AsyncGenerator<T> {
    const onAbort = (): void => this.#stop(undefined);
    outer.addEventListener('abort', onAbort);
    let iterator: AsyncIterator<T> | undefined;
    let last: T | undefined;
    try {
      if (outer.aborted) return;
      iterator = this.#begin(open);
      while (true) {
        const next = await this.#next(iterator);
        if (next === undefined) return;
        if (next.done === true) break;
        this.#count(next.value);
        last = next.value;
        yield next.value;
        if (outer.aborted) return;
      }
      if (!this.#options.rules.whole(last)) throw this.#error(last === undefined ? 'provider_protocol' : 'provider_broken', last === undefined ? 'expected a result, got an empty answer' : 'the stream ended before it was complete');
    } finally {
      this.#isOver = true;
      this.#timer?.cancel();
      outer.removeEventListener('abort', onAbort);
      this.#controller.abort();
      // Not awaited: a provider that hangs in its clean-up must not hold up the turn.
      void Promise.resolve(iterator?.return?.()).catch(() => undefined);
    }
  }

  #begin(open: () => AsyncIterable<T>): AsyncIterator<T> {
    try {
      return open()[Symbol.asyncIterator]();
    } catch (error) {
      throw this.#known(error);
    }
  }

  /** The next result; undefined: nobody wants it any more. Throws what the provider threw, or that it was late. */
  #next(iterator: AsyncIterator<T>): Promise<IteratorResult<T> | undefined> {
    const { clock } = this.#options;
    this.#waitingSinceMs = clock.nowMs();
    return new Promise<IteratorResult<T> | undefined>((resolve, reject) => {
      const settle = (done: () => void): void => {
        if (this.#interrupt === undefined) return;
        this.#interrupt = undefined;
        this.#timer?.cancel();
        if (this.#dueMs !== undefined) this.#waitedMs += clock.nowMs() - Math.max(this.#waitingSinceMs, this.#dueMs);
        done();
      };
      this.#interrupt = (error) => settle(() => (error === undefined ? resolve(undefined) : reject(error)));
      this.#arm();
      iterator.next().then(
        (result) => settle(() => resolve(result)),
        (error: unknown) => settle(() => (this.#controller.signal.aborted ? resolve(undefined) : reject(this.#known(error)))),
      );
    });
  }

  #count(item: T): void {
    const { rules } = this.#options;
    this.connected();
    if (this.#dueMs !== undefined) this.#results++;
    this.#size += rules.size(item);
    if (this.#size > rules.maxSize || ++this.#items > MAX_ITEMS) throw this.#error('provider_overflow', `expected at most ${rules.maxSize}, got more`);
  }

  get #phase(): Phase {
    if (this.#connectedMs === undefined) return 'connect';
    if (this.#dueMs === undefined) return 'idle';
    return this.#results === 0 ? 'first' : 'gap';
  }

  /** Sets the timer for the phase in which the stream is; only while somebody waits for it. */
  #arm(): void {
    this.#timer?.cancel();
    if (this.#interrupt === undefined || this.#isOver) return;
    const { clock, limits } = this.#options;
    const late = (atMs: number, code: ProviderCode, limitMs: number): { atMs: number; code: ProviderCode; limitMs: number } => ({ atMs, code, limitMs });
    const total = late(Math.max(this.#waitingSinceMs, this.#dueMs ?? 0) + limits.totalMs - this.#waitedMs, 'provider_total_timeout', limits.totalMs);
    let first: typeof total;
    switch (this.#phase) {
      case 'idle':
        return;
      case 'connect':
        first = late(this.#bornMs + limits.connectMs, 'provider_connect_timeout', limits.connectMs);
        break;
      case 'first':
        first = late(Math.max(this.#dueMs ?? 0, this.#connectedMs ?? 0) + limits.firstMs, 'provider_first_timeout', limits.firstMs);
        break;
      case 'gap':
        first = late(this.#waitingSinceMs + limits.gapMs, 'provider_gap_timeout', limits.gapMs);
        break;
    }
    const { atMs, code, limitMs } = this.#dueMs !== undefined && total.atMs < first.atMs ? total : first;
    this.#timer = clock.at(monotonicMs(atMs), () => this.#stop(this.#error(code, `${DEADLINES[code] ?? 'result'} expected within ${limitMs} ms, none came`)));
  }

  #stop(error: ProviderError | undefined): void {
    this.#controller.abort();
    this.#interrupt?.(error);
  }

  #error(code: ProviderCode, message: string): ProviderError {
    return new ProviderError(code, `${this.#options.what}: ${message}`);
  }

  /** Whatever a provider throws that is none of its own errors is not repeated: nobody knows what is in it. */
  #known(error: unknown): ProviderError {
    if (error instanceof ProviderError) return error;
    const kind = error instanceof Error ? error.name : typeof error;
    return new ProviderError(this.#results === 0 ? 'provider_unreachable' : 'provider_broken', `${this.#options.what}: failed with ${kind}`, { cause: error });
  }
}

const DEADLINES: Partial<Record<ProviderCode, string>> = {
  provider_connect_timeout: 'a connection',
  provider_first_timeout: 'a first result',
  provider_gap_timeout: 'the next result',
  provider_total_timeout: 'the whole answer',
};
