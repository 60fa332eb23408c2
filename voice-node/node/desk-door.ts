import type { Clock } from '../domain/clock.js';
import { withDeadline } from '../domain/deadline.js';
import { messageOf } from '../domain/errors.js';
import type { Journal } from '../domain/journal.js';
import type { Log, Refusal } from '../domain/observer.js';
import { loadOfNode } from './admission.js';
import type { DeskBooks } from './desk-books.js';
import type { DeskDrain } from './desk-drain.js';
import type { ExpectedCalls } from './desk-expected.js';
import type { DeskShards } from './desk-shards.js';

/** The journal is asked whether another node has the room; without an answer in this time nobody has. */
export const HOLDER_LIMIT_MS = 300;

export interface DeskDoorPorts {
  readonly books: DeskBooks;
  readonly shards: DeskShards;
  readonly drain: DeskDrain;
  readonly clock: Clock;
  readonly log: Log;
  readonly maxCalls: number;
  readonly expected: ExpectedCalls | undefined;
  readonly journal: Journal | undefined;
}

/** Who is let in, and what is said to the others. */
export class DeskDoor {
  readonly #ports: DeskDoorPorts;
  #wasFull = false;

  constructor(ports: DeskDoorPorts) {
    this.#ports = ports;
  }

  /** Those who were promised a place and have not come yet. */
  get waiting(): number {
    return this.#ports.expected?.waiting ?? 0;
  }

  /** How near the node is to what it can carry, 0 to 1. */
  get load(): number {
    const { shards, books, maxCalls } = this.#ports;
    return loadOfNode(shards.ready.map(({ load }) => load), books.count, maxCalls);
  }

  /** Why no call is taken at the moment, if `waiting` places are spoken for. */
  refusal(waiting: number): Refusal | undefined {
    const { shards, drain } = this.#ports;
    if (drain.begun) return 'draining';
    if (shards.ready.length === 0) return 'not_ready';
    return this.#places <= waiting ? 'full' : undefined;
  }

  /** Why the call of this room is not taken. @param promised it has a place of its own, which it keeps: it was accepted when the place was promised */
  refusalFor(room: string, promised: boolean): Refusal | undefined {
    if (this.#ports.books.hasRoom(room)) return 'has_robot';
    if (promised) return this.#ports.shards.ready.length === 0 ? 'not_ready' : undefined;
    return this.refusal(this.waiting);
  }

  /** Whether another living node has a robot in this room, as far as the journal says so in time. Never rejects. */
  async isElsewhere(room: string): Promise<boolean> {
    const { journal, clock, log } = this.#ports;
    if (journal === undefined) return false;
    try {
      return (await withDeadline(clock, journal.holderOf(room), HOLDER_LIMIT_MS, 'journal_failed', 'asking the journal who has a room')) === 'other';
    } catch (error) {
      log.warn({ room, error: messageOf(error) }, 'the journal did not say who has a room; it counts as free');
      return false;
    }
  }

  /** Why no call is taken, in words. */
  why(waiting: number): string | undefined {
    const { books, maxCalls } = this.#ports;
    const refusal = this.refusal(waiting);
    if (refusal === undefined) return undefined;
    if (refusal === 'draining') return 'the node is about to stop';
    if (refusal === 'not_ready') return 'no media process is up';
    return books.count + waiting >= maxCalls ? `all ${maxCalls} calls are taken` : `with another call than these ${books.count} the callers would notice`;
  }

  /** Says in the log when the node becomes full, and when it is no more. */
  tell(): void {
    const { log, books } = this.#ports;
    const isFull = this.refusal(0) === 'full';
    if (isFull === this.#wasFull) return;
    this.#wasFull = isFull;
    if (isFull) log.warn({ calls: books.count, reason: this.why(0) }, 'the node is full: new calls are refused');
    else log.info({ calls: books.count }, 'the node is not full any more');
  }

  get #places(): number {
    const { shards, books, maxCalls } = this.#ports;
    return Math.min(
      maxCalls - books.count,
      shards.ready.reduce((sum, shard) => sum + shard.places(), 0),
    );
  }
}
