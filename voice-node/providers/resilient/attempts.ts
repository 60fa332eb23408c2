import type { Clock } from '../../domain/clock.js';
import type { Log, Meter, ProviderKind } from '../../domain/observer.js';
import { ProviderError, type ProviderCode, type ProviderLimits, type ProviderRequest, type Vendor } from '../../domain/provider.js';
import { monotonicMs } from '../../domain/time.js';
import { GuardedStream, type StreamRules } from './guard.js';

/** One provider of a list. */
export interface Candidate<R extends ProviderRequest, T> {
  readonly vendor: Vendor;
  readonly limits: ProviderLimits;
  open(request: R): AsyncIterable<T>;
}

export interface AttemptRules<T> extends StreamRules<T> {
  /** Whether after this result nobody else can take over any more: something was said. */
  commits(item: T): boolean;
}

export interface ResiliencePorts {
  readonly clock: Clock;
  readonly meter: Meter;
  readonly log: Log;
  /** From 0 to below 1. */
  random(): number;
}

/** What a second try at the same provider may cure: nobody was there, or it said that it was busy. */
const RETRIED = new Set<ProviderCode>(['provider_unreachable', 'provider_unavailable', 'provider_broken', 'provider_rate_limited']);
const TRIES = 2;
/** Full jitter: anything from 0 to this, doubled with each try (AWS Architecture Blog, "Exponential Backoff And Jitter"). */
const BACKOFF_MS = 200;
/** A caller waits: whoever wants to be left alone for longer is passed over. */
const MAX_BACKOFF_MS = 1000;
/** A provider that failed comes last for a while, twice as long each time it fails again. */
const REST_MS = 10_000;
const MAX_REST_MS = 60_000;

interface Health {
  restsUntilMs: number;
  failures: number;
}

/**
 * Several providers in the place of one. Each request goes to the first that is well; where it fails before
 * anything was said, it is tried once more or goes to the next one, within the same turn. Throws the last
 * provider's error when nothing helps. One per robot: what one call learns of a provider helps the others.
 */
export class Attempts<R extends ProviderRequest, T> {
  readonly #kind: ProviderKind;
  readonly #candidates: readonly Candidate<R, T>[];
  readonly #health: readonly Health[];
  readonly #rules: AttemptRules<T>;
  readonly #ports: ResiliencePorts;

  constructor(kind: ProviderKind, candidates: readonly Candidate<R, T>[], rules: AttemptRules<T>, ports: ResiliencePorts) {
    this.#kind = kind;
    this.#candidates = candidates;
    this.#health = candidates.map(() => ({ restsUntilMs: 0, failures: 0 }));
    this.#rules = rules;
    this.#ports = ports;
  }

  /** `due`: from when on results are expected, where that is not at once. */
  async *stream(request: R, due?: Promise<void>): AsyncGenerator<T> {
    const queue = this.#order();
    let error: ProviderError | undefined;
    for (const [place, which] of queue.entries()) {
      for (let attempt = 1; attempt <= TRIES; attempt++) {
        const outcome = yield* this.#attempt(which, request, due);
        if (outcome === 'done' || request.signal.aborted) return;
        error = outcome.error;
        const next = outcome.committed ? 'none' : attempt < TRIES && this.#worthAnother(error) ? 'retry' : place + 1 < queue.length ? 'next' : 'none';
        this.#failed(which, error, next);
        if (outcome.committed) throw error;
        if (next !== 'retry') break;
        await this.#pause(attempt, error, request.signal);
        if (request.signal.aborted) return;
      }
    }
    throw error ?? new ProviderError('provider_unreachable', `${this.#kind}: expected a provider, got an empty list`);
  }

  async *#attempt(which: number, request: R, due: Promise<void> | undefined): AsyncGenerator<T, 'done' | { readonly error: ProviderError; readonly committed: boolean }> {
    const { clock, meter } = this.#ports;
    const candidate = this.#candidates[which] as Candidate<R, T>;
    const { vendor, limits } = candidate;
    const guard = new GuardedStream<T>({ clock, limits, rules: this.#rules, due, what: `${this.#kind} ${vendor}` });
    let beganMs = clock.nowMs();
    void due?.then(() => (beganMs = clock.nowMs()));
    let committed = false;
    const own: R = {
      ...request,
      signal: guard.signal,
      connected: guard.connected,
      used: (unit, amount) => meter.providerUsed(vendor, unit, amount),
    };
    try {
      for await (const item of guard.run(() => candidate.open(own), request.signal)) {
        if (!committed && this.#rules.commits(item)) {
          committed = true;
          meter.providerFirst(this.#kind, vendor, clock.nowMs() - beganMs);
        }
        yield item;
      }
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error;
      return { error, committed };
    }
    const health = this.#health[which] as Health;
    if (committed) health.failures = health.restsUntilMs = 0;
    return 'done';
  }

  /** Those that are well first, each group in the order of the config. */
  #order(): number[] {
    const nowMs = this.#ports.clock.nowMs();
    const all = this.#candidates.map((_, i) => i);
    const rests = (i: number): boolean => (this.#health[i] as Health).restsUntilMs > nowMs;
    return [...all.filter((i) => !rests(i)), ...all.filter(rests)];
  }

  #worthAnother(error: ProviderError): boolean {
    return RETRIED.has(error.code as ProviderCode) && (error.retryAfterMs ?? 0) <= MAX_BACKOFF_MS;
  }

  #failed(which: number, error: ProviderError, next: 'retry' | 'next' | 'none'): void {
    const { clock, meter, log } = this.#ports;
    const { vendor } = this.#candidates[which] as Candidate<R, T>;
    const health = this.#health[which] as Health;
    if (next !== 'retry') {
      health.restsUntilMs = clock.nowMs() + Math.min(MAX_REST_MS, Math.max(error.retryAfterMs ?? 0, REST_MS * 2 ** health.failures));
      health.failures++;
    }
    meter.providerError(this.#kind, error.code);
    log.warn({ kind: this.#kind, vendor, code: error.code, error: error.message, next }, 'a provider failed');
  }

  #pause(attempt: number, error: ProviderError, signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#ports;
    const jitterMs = random() * Math.min(MAX_BACKOFF_MS, BACKOFF_MS * 2 ** (attempt - 1));
    return new Promise((resolve) => {
      const timer = clock.at(monotonicMs(clock.nowMs() + Math.max(jitterMs, error.retryAfterMs ?? 0)), done);
      function done(): void {
        signal.removeEventListener('abort', done);
        timer.cancel();
        resolve();
      }
      signal.addEventListener('abort', done);
    });
  }
}
