import type { Clock, Timer } from '../domain/clock.js';
import { monotonicMs } from '../domain/time.js';

/** A place for a call whose caller is about to join. */
export interface Reservation {
  /** No room came of it: the place is free at once. Idempotent. */
  release(): void;
}

export interface Readiness {
  readonly ready: boolean;
  /** Why not. */
  readonly reason?: string;
}

/**
 * How long a place is kept. The caller's joining makes the room, and the dispatch offers it in the same moment: so this
 * is the time that a page has for joining. Who takes longer gets a place if there is one. Where several nodes share a server the offer may go to another one, and this node hears nothing of it.
 */
export const RESERVATION_MS = 10_000;

export interface ReservationPorts {
  /** Whether another call could be taken if `waiting` more than are in the books had already come. */
  readiness(waiting: number): Readiness;
  readonly clock: Clock;
}

/**
 * The sessions that were handed out and whose call has not come yet. Between the two the books know nothing of the call;
 * without this, any number of requests in the same instant would find the same last place free.
 */
export class Reservations {
  readonly #ports: ReservationPorts;
  readonly #expiries = new Map<string, Timer>();

  constructor(ports: ReservationPorts) {
    this.#ports = ports;
  }

  /** Calls that are expected. As many as the node has places, at most. */
  get waiting(): number {
    return this.#expiries.size;
  }

  /** Whether the call of this room is expected: its place is its own. */
  has(room: string): boolean {
    return this.#expiries.has(room);
  }

  /** Whether a further call could be taken. */
  get readiness(): Readiness {
    return this.#ports.readiness(this.waiting);
  }

  /** Keeps a place for the call in this room, or says why there is none. Returns at once. */
  reserve(room: string): Reservation | Readiness {
    const { readiness } = this;
    if (!readiness.ready) return readiness;
    const { clock } = this.#ports;
    const timer = clock.at(monotonicMs(clock.nowMs() + RESERVATION_MS), () => this.#expiries.delete(room));
    this.#expiries.set(room, timer);
    return { release: () => this.#end(room, timer) };
  }

  /** The call was offered: from now on the books count it. To be called in the same turn as that. */
  came(room: string): void {
    const timer = this.#expiries.get(room);
    if (timer !== undefined) this.#end(room, timer);
  }

  /** No timer is left. */
  close(): void {
    for (const timer of this.#expiries.values()) timer.cancel();
    this.#expiries.clear();
  }

  #end(room: string, timer: Timer): void {
    timer.cancel();
    if (this.#expiries.get(room) === timer) this.#expiries.delete(room);
  }
}
