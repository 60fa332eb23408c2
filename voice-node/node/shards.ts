import type { Clock } from '../domain/clock.js';
import type { Log } from '../domain/observer.js';
import { ShardSlot } from './shard-slot.js';
import type { ShardFactory } from './shard.js';

export interface ShardsOptions {
  /** How many; 1 or more. Their names are `1` to `count`. */
  readonly count: number;
  readonly create: ShardFactory;
  readonly clock: Clock;
  readonly log: Log;
}

/** Keeps the shards of a node alive: in the place of one that has died comes another, until `stop` or `kill`. */
export class Shards {
  readonly slots: readonly ShardSlot[];

  constructor({ count, ...options }: ShardsOptions) {
    this.slots = Array.from({ length: count }, (_, index) => new ShardSlot({ ...options, name: String(index + 1) }));
  }

  /** Starts them all. Once. */
  start(): void {
    for (const slot of this.slots) slot.start();
  }

  /** Those that can be asked for their metrics. */
  up(): readonly ShardSlot[] {
    return this.slots.filter((slot) => slot.state === 'ready');
  }

  /** Ends all of them in order, none is started any more. Resolves within the deadline of the shards. */
  async stop(): Promise<void> {
    await Promise.all(this.slots.map((slot) => slot.stop()));
  }

  /** Ends all of them at once, none is started any more. For a process that is about to exit. */
  kill(): void {
    for (const slot of this.slots) slot.kill();
  }
}
