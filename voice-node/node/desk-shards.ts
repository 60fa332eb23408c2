import type { Clock } from '../domain/clock.js';
import type { Said } from '../domain/journal.js';
import type { CallEnd } from '../domain/observer.js';
import type { ShardView, Vitals } from '../domain/operations.js';
import type { MonotonicMs } from '../domain/time.js';
import { loadOf, newShard, observe, placesIn, unseen, type ShardCalls, type ShardKnowledge } from './admission.js';
import type { Shard, ShardFactory, ShardListener } from './shard.js';
import { IDLE_VITALS } from './vitals.js';

/** What the desk hears of the processes its calls live in. */
export interface DeskShardListener {
  /** A shard has room that was not there before, perhaps. */
  changed(): void;
  vitals(shard: DeskShard, vitals: Vitals): void;
  said(shard: DeskShard, callId: string, said: Said): void;
  identity(shard: DeskShard, callId: string, identity: string): void;
  ended(shard: DeskShard, callId: string, end: CallEnd): void;
  died(shard: DeskShard, reason: string): void;
}

/** A call as far as a shard's load is concerned. */
export interface Seat {
  /** When it was first seen with a caller. */
  readonly talksSinceMs: MonotonicMs | undefined;
}

export interface DeskShardsOptions {
  readonly clock: Clock;
  /** The most calls of one shard. */
  readonly rooms: number;
  /** Whether only the number of calls counts. */
  readonly byCount: boolean;
}

/** One process as the desk knows it. The process that takes a dead one's place is another one, of the same name. */
export class DeskShard {
  readonly name: string;
  readonly restarts: number;
  /** Those that live here, and those whose place is kept. */
  readonly calls = new Set<Seat>();
  state: ShardView['state'] = 'starting';
  /** Undefined only while its maker has not returned yet. */
  shard: Shard | undefined;
  vitals: Vitals = IDLE_VITALS;
  /** It is to be replaced when its calls are over: it gets no more. */
  retiring = false;
  known: ShardKnowledge;
  readonly #clock: Clock;
  readonly #rooms: number;
  readonly #byCount: boolean;

  constructor(name: string, restarts: number, { clock, rooms, byCount }: DeskShardsOptions) {
    this.name = name;
    this.restarts = restarts;
    this.#clock = clock;
    this.#rooms = rooms;
    this.#byCount = byCount;
    this.known = newShard(clock.nowMs(), rooms);
  }

  get isReady(): boolean {
    return this.state === 'ready' && this.shard !== undefined;
  }

  get load(): number {
    if (this.#byCount && this.isReady) return this.calls.size / this.#rooms;
    return this.isReady ? loadOf(this.known, this.#shardCalls, this.#clock.nowMs(), this.#rooms) : 1;
  }

  places(lifeboat = false): number {
    if (this.#byCount && this.isReady && !this.retiring) return Math.max(0, this.#rooms - this.calls.size);
    return this.isReady && !this.retiring ? placesIn(this.known, this.#shardCalls, this.#clock.nowMs(), this.#rooms, lifeboat) : 0;
  }

  becomeReady(): void {
    this.known = newShard(this.#clock.nowMs(), this.#rooms);
    this.state = 'ready';
  }

  hear(vitals: Vitals): void {
    this.vitals = vitals;
    this.known = observe(this.known, vitals, this.#clock.nowMs(), this.#rooms);
  }

  /** A dead one has nothing left to show. */
  get view(): ShardView {
    const isDead = this.state === 'dead';
    const { lateShare, loopP99Ms, utilisation, cpu, residentBytes } = isDead ? IDLE_VITALS : this.vitals;
    const pid = isDead ? undefined : this.shard?.pid;
    return {
      name: this.name,
      ...(pid === undefined ? {} : { pid }),
      state: this.state,
      calls: isDead ? 0 : this.calls.size,
      restarts: this.restarts,
      ...{ lateShare, loopP99Ms, utilisation, cpu, residentBytes },
    };
  }

  get #shardCalls(): ShardCalls {
    const nowMs = this.#clock.nowMs();
    let sum = 0;
    for (const { talksSinceMs } of this.calls) sum += unseen(talksSinceMs, nowMs);
    return { count: this.calls.size, unseen: sum };
  }
}

/** All processes, by name: the newest of each. */
export class DeskShards {
  readonly #byName = new Map<string, DeskShard>();
  readonly #options: DeskShardsOptions;
  readonly #listener: DeskShardListener;

  constructor(options: DeskShardsOptions, listener: DeskShardListener) {
    this.#options = options;
    this.#listener = listener;
  }

  get all(): readonly DeskShard[] {
    return [...this.#byName.values()];
  }

  /** Those that calls may be begun in. */
  get ready(): readonly DeskShard[] {
    return this.all.filter((shard) => shard.isReady && !shard.retiring);
  }

  /** The least loaded one with a place; without one, undefined. */
  pick(lifeboat = false): DeskShard | undefined {
    return leastLoaded(this.ready.filter((shard) => shard.places(lifeboat) > 0));
  }

  /** The least loaded one, full or not: for a call that has nowhere else to go. */
  pickAny(): DeskShard | undefined {
    return leastLoaded(this.ready);
  }

  /** The factory whose shards the desk hears of, each time before whoever else listens. */
  watched(factory: ShardFactory): ShardFactory {
    return (name, listener) => {
      const before = this.#byName.get(name);
      const shard = new DeskShard(name, before === undefined ? 0 : before.restarts + 1, this.#options);
      this.#byName.set(name, shard);
      let made: Shard;
      try {
        made = factory(name, this.#both(shard, listener));
      } catch (error) {
        shard.state = 'dead';
        throw error;
      }
      shard.shard = made;
      // It may have been ready, or dead, before its maker returned.
      if (shard.isReady) this.#listener.changed();
      return made;
    };
  }

  #both(shard: DeskShard, also: ShardListener): ShardListener {
    const desk = this.#listener;
    return {
      ready: () => {
        if (shard.state === 'starting') shard.becomeReady();
        if (shard.isReady) desk.changed();
        also.ready();
      },
      vitals: (vitals) => {
        shard.hear(vitals);
        desk.vitals(shard, vitals);
        also.vitals(vitals);
      },
      retiring: () => {
        shard.retiring = true;
        desk.changed();
        also.retiring?.();
      },
      said: (callId, said) => {
        desk.said(shard, callId, said);
        also.said(callId, said);
      },
      identity: (callId, identity) => {
        desk.identity(shard, callId, identity);
        also.identity(callId, identity);
      },
      ended: (callId, end) => {
        desk.ended(shard, callId, end);
        also.ended(callId, end);
      },
      died: (reason) => {
        if (shard.state !== 'dead') {
          shard.state = 'dead';
          desk.died(shard, reason);
        }
        also.died(reason);
      },
    };
  }
}

function leastLoaded(shards: readonly DeskShard[]): DeskShard | undefined {
  let best: DeskShard | undefined;
  let bestLoad = Infinity;
  for (const shard of shards) {
    const { load } = shard;
    if (load < bestLoad || (load === bestLoad && best !== undefined && shard.calls.size < best.calls.size)) {
      best = shard;
      bestLoad = load;
    }
  }
  return best;
}
