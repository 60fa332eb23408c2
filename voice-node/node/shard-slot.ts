import type { Clock, Timer } from '../domain/clock.js';
import { messageOf, VoiceNodeError } from '../domain/errors.js';
import type { CallEnd, Log } from '../domain/observer.js';
import type { ShardView, Vitals } from '../domain/operations.js';
import { monotonicMs } from '../domain/time.js';
import type { CallRequest, Shard, ShardFactory, ShardListener } from './shard.js';
import { IDLE_VITALS } from './vitals.js';

/** The first replacement comes at once: it may have been chance. What dies again and again must not take the machine with it. */
const FIRST_DELAY_MS = 200;
const MAX_DELAY_MS = 5000;
/** A process that took calls for this long has not died of its start. */
const HEALTHY_MS = 30_000;

export interface ShardSlotOptions {
  readonly name: string;
  readonly create: ShardFactory;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * One place for a shard: the process in it may change, name and place stay. Its `died` is told each time that the
 * process in it dies, and nothing is told of that process afterwards.
 */
export class ShardSlot implements Shard {
  readonly name: string;
  readonly #options: ShardSlotOptions;
  readonly #listener: ShardListener;
  readonly #calls = new Set<string>();
  #shard: Shard | undefined;
  #state: ShardView['state'] = 'dead';
  #vitals: Vitals = IDLE_VITALS;
  #readyMs = 0;
  /** Processes started so far. */
  #generation = 0;
  #delayMs = 0;
  #timer: Timer | undefined;
  #retiring = false;
  #stopping = false;

  constructor(options: ShardSlotOptions, listener: ShardListener) {
    this.name = options.name;
    this.#options = options;
    this.#listener = listener;
  }

  get pid(): number | undefined {
    return this.#shard?.pid;
  }

  get state(): ShardView['state'] {
    return this.#state;
  }

  /** Whether calls may be begun here. */
  get accepts(): boolean {
    return this.#state === 'ready' && !this.#retiring && !this.#stopping;
  }

  /** The newest of the process in here; all zero before its first. */
  get vitals(): Vitals {
    return this.#vitals;
  }

  /** Those in the vitals; more where some have just been begun here. */
  get calls(): number {
    return Math.max(this.#calls.size, this.#vitals.calls.length);
  }

  /** Which process of this name it is, from 1. */
  get generation(): number {
    return this.#generation;
  }

  view(): ShardView {
    const { calls: _, ...vitals } = this.#vitals;
    const pid = this.pid;
    return { ...vitals, name: this.name, ...(pid === undefined ? {} : { pid }), state: this.#state, calls: this.calls, restarts: Math.max(0, this.#generation - 1) };
  }

  /** Puts a process in. */
  start(): void {
    if (this.#stopping || this.#shard !== undefined) return;
    const generation = ++this.#generation;
    this.#state = 'starting';
    try {
      this.#shard = this.#options.create(this.name, this.#listenerFor(generation));
    } catch (error) {
      this.#died(`it could not be made: ${messageOf(error)}`);
    }
  }

  begin(request: CallRequest): void {
    if (this.#shard === undefined) return;
    this.#calls.add(request.callId);
    this.#shard.begin(request);
  }

  hangUp(callId: string, end: CallEnd): void {
    this.#shard?.hangUp(callId, end);
  }

  sayGoodbye(callId: string): void {
    this.#shard?.sayGoodbye(callId);
  }

  metrics(): Promise<readonly unknown[]> {
    return this.#shard?.metrics() ?? Promise.reject(new VoiceNodeError('shard_failed', `shard ${this.name} is not up`));
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#timer?.cancel();
    await this.#shard?.stop();
  }

  kill(): void {
    this.#stopping = true;
    this.#timer?.cancel();
    this.#shard?.kill();
  }

  /** What a process tells that is not in here any more is nobody's business. */
  #listenerFor(generation: number): ShardListener {
    const current = (task: () => void): void => {
      if (generation === this.#generation && this.#state !== 'dead') task();
    };
    return {
      ready: () => current(() => this.#becameReady()),
      vitals: (vitals) => current(() => {
        this.#vitals = vitals;
        this.#listener.vitals(vitals);
      }),
      said: (callId, said) => current(() => this.#listener.said(callId, said)),
      identity: (callId, identity) => current(() => this.#listener.identity(callId, identity)),
      ended: (callId, end) => current(() => {
        this.#calls.delete(callId);
        this.#listener.ended(callId, end);
      }),
      retiring: () => current(() => {
        this.#retiring = true;
        this.#listener.retiring?.();
      }),
      died: (reason) => current(() => this.#died(reason)),
    };
  }

  #becameReady(): void {
    this.#state = 'ready';
    this.#readyMs = this.#options.clock.nowMs();
    this.#options.log.info({ shard: this.name, pid: this.pid }, 'a shard is ready');
    this.#listener.ready();
  }

  #died(reason: string): void {
    const { clock, log } = this.#options;
    const livedMs = this.#state === 'ready' ? clock.nowMs() - this.#readyMs : 0;
    // One that was replaced on purpose is no reason to wait.
    if (livedMs >= HEALTHY_MS || this.#retiring) this.#delayMs = 0;
    const delayMs = this.#delayMs;
    const fields = { shard: this.name, reason, calls: this.calls, livedMs: Math.round(livedMs) };
    if (this.#stopping || this.#retiring) log.info(fields, 'a shard has ended');
    else log.error({ ...fields, againInMs: delayMs }, 'a shard has died');
    this.#shard = undefined;
    this.#state = 'dead';
    this.#vitals = IDLE_VITALS;
    this.#retiring = false;
    this.#calls.clear();
    if (!this.#stopping) {
      this.#delayMs = Math.min(MAX_DELAY_MS, Math.max(FIRST_DELAY_MS, 2 * delayMs));
      // Even at once means after its calls have been given to others: starting a process takes its time.
      this.#timer = clock.at(monotonicMs(clock.nowMs() + delayMs), () => this.start());
    }
    this.#listener.died(reason);
  }
}
