import type { Clock, Timer } from '../../domain/clock.js';
import { ProviderError, type Vendor } from '../../domain/provider.js';
import { monotonicMs } from '../../domain/time.js';
import { Job } from './job.js';
import type { Program } from './program.js';
import { Worker } from './worker.js';

export interface PoolOptions {
  readonly vendor: Vendor;
  readonly program: Program;
  readonly clock: Clock;
  /** Processes at most, 1 to 64. One utterance at a time each. Default 4. */
  readonly maxWorkers?: number;
  /** Utterances that may wait for one. Default 8. */
  readonly maxWaiting?: number;
  /** For how long processes beyond the first are kept without work, in ms. Default one minute. */
  readonly lingerMs?: number;
}

interface Waiting {
  take(worker: Worker): void;
}

/**
 * Side processes for utterances: started when there is work, one of them kept afterwards, never more than a
 * bound. One that dies, or hangs, takes only its own utterance with it.
 */
export class WorkerPool {
  readonly #options: Required<PoolOptions>;
  readonly #workers = new Set<Worker>();
  readonly #waiting: Waiting[] = [];
  #lingering: Timer | undefined;
  #isClosed = false;

  constructor(options: PoolOptions) {
    this.#options = { maxWorkers: 4, maxWaiting: 8, lingerMs: 60_000, ...options };
  }

  /** Processes that run. */
  get size(): number {
    return this.#workers.size;
  }

  /** Starts a process ahead of the first utterance. */
  warm(): void {
    if (this.#workers.size === 0 && !this.#isClosed) this.#start();
  }

  /**
   * A process for one utterance, which ends with `Job.close`. Undefined where `signal` aborted first. Throws
   * `provider_unavailable` where too many are waiting already.
   */
  async take(signal: AbortSignal): Promise<Job | undefined> {
    if (signal.aborted) return undefined;
    const worker = this.#free() ?? (await this.#next(signal));
    return worker === undefined ? undefined : new Job(this.#options.vendor, worker, signal);
  }

  close(): void {
    this.#isClosed = true;
    this.#lingering?.cancel();
    for (const worker of [...this.#workers]) worker.kill();
  }

  #free(): Worker | undefined {
    if (this.#isClosed) throw this.#unavailable('its processes, they have been ended');
    const { maxWorkers } = this.#options;
    const free = [...this.#workers].find((worker) => worker.isFree);
    if (free !== undefined) return free;
    if (this.#workers.size < maxWorkers) return this.#start();
    // What nobody wants any more makes room for what somebody waits for.
    const dropping = [...this.#workers].find((worker) => worker.isDropping);
    if (dropping === undefined) return undefined;
    dropping.kill();
    return this.#start();
  }

  #next(signal: AbortSignal): Promise<Worker | undefined> {
    const { maxWorkers, maxWaiting } = this.#options;
    if (this.#waiting.length >= maxWaiting) throw this.#unavailable(`at most ${maxWorkers} utterances at once and ${maxWaiting} waiting, got another`);
    return new Promise((resolve) => {
      const done = (worker: Worker | undefined): void => {
        signal.removeEventListener('abort', onAbort);
        const at = this.#waiting.indexOf(entry);
        if (at >= 0) this.#waiting.splice(at, 1);
        resolve(worker);
      };
      const onAbort = (): void => done(undefined);
      const entry: Waiting = { take: done };
      this.#waiting.push(entry);
      signal.addEventListener('abort', onAbort);
    });
  }

  #start(): Worker {
    const { vendor, program, clock } = this.#options;
    const worker: Worker = new Worker(vendor, program, clock, () => this.#changed(worker));
    this.#workers.add(worker);
    return worker;
  }

  #changed(worker: Worker): void {
    if (worker.isLost) this.#workers.delete(worker);
    const { maxWorkers } = this.#options;
    while (this.#waiting.length > 0 && !this.#isClosed) {
      const free = [...this.#workers].find((each) => each.isFree) ?? (this.#workers.size < maxWorkers ? this.#start() : undefined);
      if (free === undefined) break;
      // Taken at once, before the promise of the one who waits is looked at.
      free.reserve();
      this.#waiting[0]?.take(free);
    }
    this.#linger();
  }

  /** Ends processes without work, all but one, after a while in which nothing changed. */
  #linger(): void {
    this.#lingering?.cancel();
    this.#lingering = undefined;
    const { clock, lingerMs } = this.#options;
    if (this.#isClosed || this.#workers.size < 2) return;
    this.#lingering = clock.at(monotonicMs(clock.nowMs() + lingerMs), () => {
      const idle = [...this.#workers].filter((worker) => worker.isFree);
      const kept = idle.length === this.#workers.size ? 1 : 0;
      for (const worker of idle.slice(kept)) worker.kill();
    });
  }

  #unavailable(expected: string): ProviderError {
    return new ProviderError('provider_unavailable', `${this.#options.vendor}: expected ${expected}`);
  }
}
