import type { Clock, Timer } from '../domain/clock.js';
import type { Log } from '../domain/observer.js';
import { monotonicMs } from '../domain/time.js';
import type { DeskBooks } from './desk-books.js';
import type { ExpectedCalls } from './desk-expected.js';
import type { DeskLife } from './desk-life.js';

/** For the recorded good-bye: no longer than anybody would listen to. */
export const GOODBYE_LIMIT_MS = 8000;
/** Longer than a call says it takes to close at worst. */
export const CLOSE_LIMIT_MS = 16_000;

/** While somebody who was promised a place has not come yet, it is looked again this often. */
const LOOK_AGAIN_MS = 250;

export interface DeskDrainPorts {
  readonly books: DeskBooks;
  readonly life: DeskLife;
  readonly expected?: ExpectedCalls | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * The end of a node: first those calls hang up whose caller is gone, then the others may go on to their end. When the
 * time is over each robot says good-bye; who does not hang up then is hung up, and who does not do that either is gone.
 */
export class DeskDrain {
  readonly #ports: DeskDrainPorts;
  #over: Promise<void> | undefined;
  #resolve: (() => void) | undefined;
  #timer: Timer | undefined;
  #again: Timer | undefined;
  /** The time for draining is over: nobody is waited for any more. */
  #late = false;

  constructor(ports: DeskDrainPorts) {
    this.#ports = ports;
  }

  get begun(): boolean {
    return this.#over !== undefined;
  }

  /** Resolves when no call is left. Whoever asks again is told of the same drain, with its own time. Never rejects. */
  begin(graceMs: number): Promise<void> {
    if (this.#over !== undefined) return this.#over;
    const { log, books, life } = this.#ports;
    this.#over = new Promise((resolve) => (this.#resolve = resolve));
    for (const call of books.calls) if (call.isDeserted) life.hangUp(call, 'shutdown');
    log.info({ calls: books.count, graceMs }, books.count > 0 ? 'draining: no new calls; waiting for those there are' : 'draining: there are no calls');
    this.#after(graceMs, () => this.#goodbye());
    this.look();
    return this.#over;
  }

  /** To be called whenever a call has ended. */
  look(): void {
    if (this.#resolve === undefined || this.#ports.books.count > 0) return;
    if (!this.#late && (this.#ports.expected?.waiting ?? 0) > 0) return this.#lookAgain();
    this.#timer?.cancel();
    this.#again?.cancel();
    this.#resolve();
    this.#resolve = undefined;
  }

  #lookAgain(): void {
    const { clock } = this.#ports;
    this.#again?.cancel();
    this.#again = clock.at(monotonicMs(clock.nowMs() + LOOK_AGAIN_MS), () => this.look());
  }

  #goodbye(): void {
    const { log, books, life } = this.#ports;
    this.#late = true;
    log.info({ calls: books.count }, 'the time for draining is over: robots say good-bye');
    for (const call of books.calls) life.sayGoodbye(call);
    this.look();
    this.#after(GOODBYE_LIMIT_MS, () => this.#hangUp());
  }

  #hangUp(): void {
    const { books, life } = this.#ports;
    for (const call of books.calls) life.hangUp(call, 'shutdown');
    this.#after(CLOSE_LIMIT_MS, () => this.#giveUp());
  }

  #giveUp(): void {
    const { log, books } = this.#ports;
    log.warn({ calls: books.count }, 'calls that do not end are given up');
    for (const call of books.calls) books.finish(call, call.ending ?? 'shutdown');
  }

  #after(waitMs: number, task: () => void): void {
    const { clock } = this.#ports;
    if (this.#resolve === undefined) return;
    this.#timer = clock.at(monotonicMs(clock.nowMs() + waitMs), task);
  }
}
