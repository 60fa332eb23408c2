import type { Clock } from '../domain/clock.js';
import { LEASE_MS, type CallRecord, type Journal } from '../domain/journal.js';
import { journalClosed, KEEP_MS, ownerName, readRecord } from './journal-record.js';

interface Entry {
  /** '' once the call is over: who lost it long ago must not put it back. */
  owner: string;
  room: string;
  text: string;
  /** Whether it has ever changed hands. */
  moved: boolean;
  untilMs: number;
}

/** What several `MemoryJournal`s of one process share. */
export class JournalShelf {
  /** When each owner's lease is over, by the clock's monotonic time. */
  readonly leases = new Map<string, number>();
  readonly entries = new Map<string, Entry>();
}

/** Records in the memory of this process: gone with it. For tests, and for a node that keeps no journal. */
export class MemoryJournal implements Journal {
  readonly #shelf: JournalShelf;
  readonly #me: string;
  readonly #clock: Clock;
  #closed = false;

  constructor(shelf: JournalShelf, nodeId: string, clock: Clock) {
    this.#shelf = shelf;
    this.#me = ownerName(nodeId);
    this.#clock = clock;
  }

  beat(): Promise<void> {
    return this.#do(() => void this.#shelf.leases.set(this.#me, this.#clock.nowMs() + LEASE_MS));
  }

  put(record: CallRecord): Promise<boolean> {
    return this.#do(() => {
      const { entries } = this.#shelf;
      const known = entries.get(record.callId);
      if (known !== undefined && known.owner !== this.#me) return false;
      // As text: what is changed afterwards outside is not changed here.
      entries.set(record.callId, { owner: this.#me, room: record.room, text: JSON.stringify(record), moved: known?.moved === true, untilMs: this.#clock.nowMs() + KEEP_MS });
      return true;
    });
  }

  remove(callId: string): Promise<void> {
    return this.#do(() => {
      const entry = this.#shelf.entries.get(callId);
      if (entry?.owner !== this.#me) return;
      if (entry.moved) Object.assign(entry, { owner: '', room: '', text: '', untilMs: this.#clock.nowMs() + KEEP_MS });
      else this.#shelf.entries.delete(callId);
    });
  }

  holderOf(room: string): Promise<'us' | 'other' | undefined> {
    return this.#do(() => {
      const owners = [...this.#shelf.entries.values()].filter((entry) => entry.owner !== '' && entry.room === room).map(({ owner }) => owner);
      if (owners.includes(this.#me)) return 'us';
      return owners.some((owner) => this.#lives(owner)) ? 'other' : undefined;
    });
  }

  orphans(): Promise<readonly CallRecord[]> {
    return this.#do(() => {
      const { entries, leases } = this.#shelf;
      for (const [callId, { untilMs }] of entries) if (untilMs <= this.#clock.nowMs()) entries.delete(callId);
      for (const owner of leases.keys()) if (!this.#lives(owner)) leases.delete(owner);
      return [...entries.values()].flatMap((entry) => (this.#isOrphan(entry) ? (readRecord(entry.text) ?? []) : []));
    });
  }

  claim(callId: string): Promise<CallRecord | undefined> {
    return this.#do(() => {
      const entry = this.#shelf.entries.get(callId);
      if (entry === undefined || !this.#isOrphan(entry)) return undefined;
      Object.assign(entry, { owner: this.#me, moved: true });
      return readRecord(entry.text);
    });
  }

  close(): Promise<void> {
    this.#closed = true;
    this.#shelf.leases.delete(this.#me);
    return Promise.resolve();
  }

  #isOrphan({ owner }: Entry): boolean {
    return owner !== '' && owner !== this.#me && !this.#lives(owner);
  }

  #lives(owner: string): boolean {
    return (this.#shelf.leases.get(owner) ?? -Infinity) > this.#clock.nowMs();
  }

  #do<T>(work: () => T): Promise<T> {
    return this.#closed ? Promise.reject(journalClosed()) : Promise.resolve(work());
  }
}
