import type { Clock } from '../domain/clock.js';
import { withDeadline } from '../domain/deadline.js';
import { messageOf } from '../domain/errors.js';
import { LEASE_MS, type CallRecord, type Journal } from '../domain/journal.js';
import type { Log } from '../domain/observer.js';
import { ENDED, JournalFolder } from './journal-folder.js';
import { JOURNAL_DEADLINE_MS, journalClosed, journalFailed, KEEP_MS, ownerName, readRecord } from './journal-record.js';
import { Queues } from './journal-queues.js';

/** A lease that has been over for so long is cleared away: its process is not about to wake up. */
const FORGOTTEN_MS = 60_000;
/** How often it is looked for what nobody will come for any more. */
const SWEEP_EVERY_MS = 600_000;

/**
 * Records in a folder, for the processes of one machine or several that share a file system. Leases go by the wall
 * clock: machines that share a folder must agree on the time to about a second.
 */
export class FileJournal implements Journal {
  readonly #folder: JournalFolder;
  readonly #me: string;
  readonly #clock: Clock;
  readonly #log: Log;
  /** Operations on one call, one after another. */
  readonly #queues = new Queues();
  /** Folders of the calls that are ours, by call. True: it came to us from another process. */
  readonly #mine = new Map<string, { readonly name: string; readonly claimed: boolean }>();
  /** Who held a call when it was last looked at. Forgotten as soon as anybody comes or goes. */
  #holders = new Map<string, string>();
  #living: ReadonlySet<string> = new Set();
  #sweepAtMs = 0;
  #closed = false;

  /** @param path created when it is first written to */
  constructor(path: string, nodeId: string, clock: Clock, log: Log) {
    this.#me = ownerName(nodeId);
    this.#folder = new JournalFolder(path, this.#me);
    this.#clock = clock;
    this.#log = log;
  }

  beat(): Promise<void> {
    return this.#do('beat', () => this.#folder.writeLease(JSON.stringify({ renewedMs: this.#clock.wallMs() })));
  }

  put(record: CallRecord): Promise<boolean> {
    const { callId, room } = record;
    const name = JournalFolder.nameOf(callId, room);
    const text = JSON.stringify(record);
    return this.#do(`call ${callId}`, async () => {
      const isOurs = await this.#folder.write(name, text);
      if (!isOurs) this.#mine.delete(callId);
      else if (!this.#mine.has(callId)) this.#mine.set(callId, { name, claimed: false });
      return isOurs;
    });
  }

  remove(callId: string): Promise<void> {
    return this.#do(`call ${callId}`, async () => {
      const mine = this.#mine.get(callId);
      if (mine === undefined) return;
      // Whoever lost it may be asleep, and must not write it anew when he wakes up.
      await this.#folder.end(mine.name, mine.claimed ? JSON.stringify({ endedMs: this.#clock.wallMs() }) : undefined);
      this.#mine.delete(callId);
    });
  }

  holderOf(room: string): Promise<'us' | 'other' | undefined> {
    return this.#do('holders', async () => {
      let found: 'other' | undefined;
      for (const name of await this.#folder.calls({ room })) {
        const owner = await this.#folder.ownerOf(name);
        if (owner === this.#me) return 'us';
        if (owner !== undefined && owner !== ENDED && (await this.#lives(owner))) found = 'other';
      }
      return found;
    });
  }

  orphans(): Promise<readonly CallRecord[]> {
    return this.#do('orphans', async () => {
      const living = await this.#livingOwners();
      const found: CallRecord[] = [];
      for (const [name, owner] of await this.#look(living)) {
        if (owner === this.#me || owner === ENDED || living.has(owner)) continue;
        const record = readRecord(await this.#folder.read(name, owner));
        if (record !== undefined) found.push(record);
        else if ((await this.#folder.ownerOf(name)) === owner) await this.#setAside(name, owner);
      }
      if (this.#clock.nowMs() >= this.#sweepAtMs) await this.#sweep(living);
      return found;
    });
  }

  claim(callId: string): Promise<CallRecord | undefined> {
    return this.#do(`call ${callId}`, async () => {
      const [name] = await this.#folder.calls({ callId });
      const owner = name === undefined ? undefined : await this.#folder.ownerOf(name);
      if (name === undefined || owner === undefined || owner === this.#me || owner === ENDED || (await this.#lives(owner))) return undefined;
      if (!(await this.#folder.take(name, owner))) return undefined;
      const record = readRecord(await this.#folder.read(name, this.#me));
      if (record === undefined) await this.#setAside(name, this.#me);
      else this.#mine.set(callId, { name, claimed: true });
      return record;
    });
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    // Where that fails, the lease ends by itself.
    await this.#limited('beat', () => this.#folder.dropOwner(this.#me)).catch(() => undefined);
  }

  /** Who holds each call. What a living process held is not looked at again, unless processes have come or gone. */
  async #look(living: ReadonlySet<string>): Promise<ReadonlyMap<string, string>> {
    const same = living.size === this.#living.size && [...living].every((owner) => this.#living.has(owner));
    const before = same ? this.#holders : new Map<string, string>();
    this.#living = living;
    const holders = new Map<string, string>();
    for (const name of await this.#folder.calls()) {
      const known = before.get(name);
      const owner = known !== undefined && (known === ENDED || living.has(known)) ? known : await this.#folder.ownerOf(name);
      if (owner !== undefined) holders.set(name, owner);
    }
    return (this.#holders = holders);
  }

  async #livingOwners(): Promise<ReadonlySet<string>> {
    const living = new Set<string>();
    for (const owner of await this.#folder.owners()) if (await this.#lives(owner)) living.add(owner);
    return living;
  }

  async #lives(owner: string): Promise<boolean> {
    return (await this.#leaseAgeMs(owner)) < LEASE_MS;
  }

  /** Infinity where there is none. A lease from the future is as old: somebody has set the clock. */
  async #leaseAgeMs(owner: string): Promise<number> {
    const renewedMs = /^\{"renewedMs":(-?\d+(?:\.\d+)?)\}$/.exec((await this.#folder.readLease(owner)) ?? '')?.[1];
    return renewedMs === undefined ? Infinity : Math.abs(this.#clock.wallMs() - Number(renewedMs));
  }

  async #setAside(name: string, owner: string): Promise<void> {
    this.#log.warn({ call: name }, 'the record of a call is broken; it is set aside');
    await this.#folder.setAside(name, owner);
  }

  /** What nobody will come for: leases of long ago that hold nothing, calls longer ago than any call lasts. */
  async #sweep(living: ReadonlySet<string>): Promise<void> {
    this.#sweepAtMs = this.#clock.nowMs() + SWEEP_EVERY_MS;
    this.#holders.clear();
    const nowMs = this.#clock.wallMs();
    const holding = new Set<string>();
    for (const name of await this.#folder.calls()) {
      const owner = await this.#folder.ownerOf(name);
      if (owner === undefined || living.has(owner)) continue;
      const text = await this.#folder.read(name, owner);
      const sinceMs = readRecord(text)?.acceptedMs ?? Number(/^\{"endedMs":(\d+)/.exec(text)?.[1] ?? nowMs);
      if (nowMs - sinceMs > KEEP_MS) await this.#folder.forget(name, owner);
      else holding.add(owner);
    }
    for (const owner of await this.#folder.owners()) {
      if (!living.has(owner) && !holding.has(owner) && (await this.#leaseAgeMs(owner)) > FORGOTTEN_MS) await this.#folder.dropOwner(owner);
    }
  }

  /** One at a time for each `queue`, within the deadline of the journal. */
  #do<T>(queue: string, work: () => Promise<T>): Promise<T> {
    if (this.#closed) return Promise.reject(journalClosed());
    return this.#limited(queue, work);
  }

  async #limited<T>(queue: string, work: () => Promise<T>): Promise<T> {
    try {
      return await withDeadline(this.#clock, this.#queues.run(queue, work), JOURNAL_DEADLINE_MS, 'journal_failed', 'the journal on disk');
    } catch (error) {
      throw journalFailed('the journal on disk', messageOf(error));
    }
  }
}
