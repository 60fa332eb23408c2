import type { Clock, Timer } from '../domain/clock.js';
import { messageOf, VoiceNodeError } from '../domain/errors.js';
import type { Log } from '../domain/observer.js';
import type { ShardView } from '../domain/operations.js';
import { monotonicMs } from '../domain/time.js';
import type { Shard, ShardFactory, ShardListener } from './shard.js';

/** The first replacement comes at once: it may have been chance. What dies again and again must not take the machine with it. */
const FIRST_DELAY_MS = 200;
const MAX_DELAY_MS = 5000;
/** A process that took calls for this long has not died of its start. */
const HEALTHY_MS = 30_000;

const nothing = (): void => undefined;

export interface ShardSlotOptions {
  readonly name: string;
  /** Whoever wants to know what a shard tells listens in here. */
  readonly create: ShardFactory;
  readonly clock: Clock;
  readonly log: Log;
}

/** One place for a shard, kept filled: the process in it may change, the name stays. What its calls do is not its business. */
export class ShardSlot {
  readonly name: string;
  readonly #options: ShardSlotOptions;
  #shard: Shard | undefined;
  #state: ShardView['state'] = 'dead';
  #readyMs = 0;
  /** Processes started so far. */
  #generation = 0;
  #delayMs = 0;
  #timer: Timer | undefined;
  #retiring = false;
  #stopping = false;

  constructor(options: ShardSlotOptions) {
    this.name = options.name;
    this.#options = options;
  }

  get pid(): number | undefined {
    return this.#shard?.pid;
  }

  get state(): ShardView['state'] {
    return this.#state;
  }

  /** Which process of this name it is, from 1. */
  get generation(): number {
    return this.#generation;
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
      retiring: () => current(() => (this.#retiring = true)),
      died: (reason) => current(() => this.#died(reason)),
      ...{ vitals: nothing, said: nothing, identity: nothing, ended: nothing },
    };
  }

  #becameReady(): void {
    this.#state = 'ready';
    this.#readyMs = this.#options.clock.nowMs();
    this.#options.log.info({ shard: this.name, pid: this.pid }, 'a shard is ready');
  }

  #died(reason: string): void {
    const { clock, log } = this.#options;
    const livedMs = this.#state === 'ready' ? clock.nowMs() - this.#readyMs : 0;
    // One that was replaced on purpose is no reason to wait.
    if (livedMs >= HEALTHY_MS || this.#retiring) this.#delayMs = 0;
    const delayMs = this.#delayMs;
    const fields = { shard: this.name, reason, livedMs: Math.round(livedMs) };
    if (this.#stopping || this.#retiring) log.info(fields, 'a shard has ended');
    else log.error({ ...fields, againInMs: delayMs }, 'a shard has died');
    this.#shard = undefined;
    this.#state = 'dead';
    this.#retiring = false;
    if (this.#stopping) return;
    this.#delayMs = Math.min(MAX_DELAY_MS, Math.max(FIRST_DELAY_MS, 2 * delayMs));
    // Even at once means after its calls have been given to others: starting a process takes its time.
    this.#timer = clock.at(monotonicMs(clock.nowMs() + delayMs), () => this.start());
  }
}
