import type { Clock } from '../domain/clock.js';
import type { Said } from '../domain/journal.js';
import type { CallEnd, Log } from '../domain/observer.js';
import type { ShardView, Vitals } from '../domain/operations.js';
import { ShardSlot } from './shard-slot.js';
import type { ShardFactory } from './shard.js';

/** What the shards of a node tell, each by its name. See ShardListener. */
export interface ShardsListener {
  ready(shard: string): void;
  vitals(shard: string, vitals: Vitals): void;
  said(shard: string, callId: string, said: Said): void;
  identity(shard: string, callId: string, identity: string): void;
  ended(shard: string, callId: string, end: CallEnd): void;
  /** With every call in it. Another process takes its place, without them. */
  died(shard: string, reason: string): void;
}

export interface ShardsOptions {
  /** How many; 1 or more. Their names are `1` to `count`. */
  readonly count: number;
  readonly create: ShardFactory;
  readonly clock: Clock;
  readonly log: Log;
}

/** Keeps the shards of a node alive: in the place of one that has died comes another, until `stop` or `kill`. */
export class Shards {
  readonly #options: ShardsOptions;
  readonly #slots: readonly ShardSlot[];
  #listener: ShardsListener | undefined;

  constructor(options: ShardsOptions) {
    this.#options = options;
    this.#slots = Array.from({ length: options.count }, (_, index) => this.#slot(String(index + 1)));
  }

  /** Starts them all. Once. The listener may be left out where the factory's maker listens already. */
  start(listener?: ShardsListener): void {
    this.#listener = listener;
    for (const slot of this.#slots) slot.start();
  }

  /** Those that can take calls now, by name, each with its newest vitals. */
  ready(): readonly ShardSlot[] {
    return this.#slots.filter((slot) => slot.accepts);
  }

  /** The place of this name, whatever process is in it. */
  get(name: string): ShardSlot | undefined {
    return this.#slots.find((slot) => slot.name === name);
  }

  views(): ShardView[] {
    return this.#slots.map((slot) => slot.view());
  }

  /** Those that can be asked for their metrics. */
  up(): readonly ShardSlot[] {
    return this.#slots.filter((slot) => slot.state === 'ready');
  }

  /** Ends all of them in order, none is started any more. Resolves within the deadline of the shards. */
  async stop(): Promise<void> {
    await Promise.all(this.#slots.map((slot) => slot.stop()));
  }

  /** Ends all of them at once, none is started any more. For a process that is about to exit. */
  kill(): void {
    for (const slot of this.#slots) slot.kill();
  }

  #slot(name: string): ShardSlot {
    const { create, clock, log } = this.#options;
    return new ShardSlot({ name, create, clock, log }, {
      ready: () => this.#listener?.ready(name),
      vitals: (vitals) => this.#listener?.vitals(name, vitals),
      said: (callId, said) => this.#listener?.said(name, callId, said),
      identity: (callId, identity) => this.#listener?.identity(name, callId, identity),
      ended: (callId, end) => this.#listener?.ended(name, callId, end),
      died: (reason) => this.#listener?.died(name, reason),
    });
  }
}
