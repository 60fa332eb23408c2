import type { Clock, Timer } from '../domain/clock.js';
import { withDeadline } from '../domain/deadline.js';
import { messageOf } from '../domain/errors.js';
import type { CallRecord, Journal } from '../domain/journal.js';
import type { Log } from '../domain/observer.js';
import { monotonicMs } from '../domain/time.js';

/** A record is written at most this often: what is said within it goes in one. */
export const WRITE_EVERY_MS = 1000;
/** A journal has a deadline of its own; this is for one that has not. */
const WRITE_LIMIT_MS = 5000;
/** How often it is tried to remove the record of a call that is over. What is left then is found empty when the node is gone. */
const REMOVE_ATTEMPTS = 5;

interface Entry {
  readonly callId: string;
  /** The newest, made when it is written. */
  record: () => CallRecord;
  dirty: boolean;
  writing: boolean;
  lastMs: number;
  timer: Timer | undefined;
  over: boolean;
  /** It belongs to another node: never written again. */
  foreign: boolean;
  attempts: number;
}

/**
 * Writes the records of our calls to the journal, in nobody's way: for each call at most one write at a time and one a
 * second, always of its newest state. A journal that fails is said once, and once more when it works again.
 */
export class DeskRecords {
  readonly #journal: Journal;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #lost: (callId: string) => void;
  readonly #entries = new Map<string, Entry>();
  #failing = false;
  #idle: (() => void)[] = [];

  /** @param lost the record belongs to another node by now, and so does the call */
  constructor(journal: Journal, clock: Clock, log: Log, lost: (callId: string) => void) {
    this.#journal = journal;
    this.#clock = clock;
    this.#log = log;
    this.#lost = lost;
  }

  /** There is something new about a call. */
  changed(callId: string, record: () => CallRecord): void {
    const entry = this.#entries.get(callId);
    if (entry?.over === true) return;
    if (entry === undefined) {
      const made = { callId, record, dirty: true, writing: false, lastMs: -Infinity, timer: undefined, over: false, foreign: false, attempts: 0 };
      this.#entries.set(callId, made);
      return this.#pump(made);
    }
    entry.dirty = true;
    this.#pump(entry);
  }

  /** The call is over. Its record is removed, after what is being written. */
  over(callId: string): void {
    const entry = this.#entries.get(callId);
    if (entry === undefined || entry.over) return;
    entry.over = true;
    this.#cancel(entry);
    this.#pump(entry);
  }

  /** Writes all at once: the lease may have been over, and whose the calls are is not known. */
  confirm(): void {
    for (const entry of this.#entries.values()) {
      entry.dirty = true;
      entry.lastMs = -Infinity;
      this.#cancel(entry);
      this.#pump(entry);
    }
  }

  /** Records that are kept or still to be removed. */
  get count(): number {
    return this.#entries.size;
  }

  /** Resolves when every record of a call that is over has been removed, or given up. */
  async settled(): Promise<void> {
    while ([...this.#entries.values()].some((entry) => entry.over)) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #pump(entry: Entry): void {
    if (entry.writing || entry.timer !== undefined) return;
    if (entry.over && entry.foreign) return this.#forget(entry);
    if (!entry.over && (entry.foreign || !entry.dirty)) return;
    const waitMs = entry.over && entry.attempts === 0 ? 0 : entry.lastMs + WRITE_EVERY_MS - this.#clock.nowMs();
    if (waitMs <= 0) return void this.#write(entry);
    entry.timer = this.#clock.at(monotonicMs(this.#clock.nowMs() + waitMs), () => {
      entry.timer = undefined;
      this.#pump(entry);
    });
  }

  async #write(entry: Entry): Promise<void> {
    const removing = entry.over;
    entry.writing = true;
    entry.lastMs = this.#clock.nowMs();
    entry.dirty = false;
    let done = false;
    try {
      if (removing) await this.#limited(async () => this.#journal.remove(entry.callId));
      else entry.foreign = !(await this.#limited(async () => this.#journal.put(entry.record())));
      done = true;
      this.#works();
    } catch (error) {
      entry.dirty = true;
      this.#fails(error);
    }
    entry.writing = false;
    if (removing && (done || ++entry.attempts >= REMOVE_ATTEMPTS)) return this.#forget(entry);
    if (entry.foreign && !entry.over) this.#lost(entry.callId);
    this.#pump(entry);
  }

  #limited<T>(work: () => Promise<T>): Promise<T> {
    return withDeadline(this.#clock, work(), WRITE_LIMIT_MS, 'journal_failed', 'writing a record to the journal');
  }

  #forget(entry: Entry): void {
    this.#cancel(entry);
    this.#entries.delete(entry.callId);
    const idle = this.#idle;
    this.#idle = [];
    for (const resolve of idle) resolve();
  }

  #cancel(entry: Entry): void {
    entry.timer?.cancel();
    entry.timer = undefined;
  }

  #fails(error: unknown): void {
    if (!this.#failing) this.#log.error({ error: messageOf(error) }, 'the journal cannot be written; calls go on, but would not survive the end of this node');
    this.#failing = true;
  }

  #works(): void {
    if (this.#failing) this.#log.info({}, 'the journal is written again');
    this.#failing = false;
  }
}
