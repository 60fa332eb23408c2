import { LEASE_MS, type CallRecord, type Journal } from '../domain/journal.js';
import { journalClosed, KEEP_MS, ownerName, readRecord } from './journal-record.js';
import { RedisLink, type RedisLinkOptions } from './journal-redis-link.js';
import { CLAIM, HOLDER, ORPHANS, PUT, REMOVE } from './journal-redis-scripts.js';

/** Calls whose end Redis has not been told yet, at most. */
const MAX_OVER = 10_000;

export interface RedisJournalOptions extends RedisLinkOptions {
  readonly nodeId: string;
  /** All keys begin with it: what shares records shares it. Letters, digits, dots, - and _. */
  readonly prefix: string;
}

/**
 * Records in Redis, for nodes on several machines. While Redis is away every method rejects and calls go on; when it
 * is back, and has forgotten what it knew, it is told again. Needs Redis 6.2 or newer.
 */
export class RedisJournal implements Journal {
  readonly #link: RedisLink;
  readonly #log: RedisJournalOptions['log'];
  readonly #prefix: string;
  readonly #me: string;
  /** What Redis was told of the calls in progress. */
  readonly #mine = new Map<string, CallRecord>();
  /** Calls that are over, which Redis may not know. */
  readonly #over = new Set<string>();
  #beaten = false;
  #closed = false;

  constructor(options: RedisJournalOptions) {
    this.#link = new RedisLink(options);
    this.#log = options.log;
    this.#prefix = `{${options.prefix}}:`;
    this.#me = ownerName(options.nodeId);
  }

  async beat(): Promise<void> {
    const before = await this.#link.send(['SET', `${this.#prefix}lease:${this.#me}`, '1', 'PX', String(LEASE_MS), 'GET']);
    for (const callId of this.#over) this.#remove(callId).catch(() => undefined);
    // Redis was away, or was started without what it knew: what it lost is written again.
    if (before === null && this.#beaten) for (const record of this.#mine.values()) this.#put(record).catch(() => undefined);
    this.#beaten = true;
  }

  put(record: CallRecord): Promise<boolean> {
    this.#mine.set(record.callId, record);
    return this.#put(record);
  }

  async remove(callId: string): Promise<void> {
    this.#mine.delete(callId);
    this.#over.add(callId);
    for (const oldest of this.#over) if (this.#over.size > MAX_OVER) this.#over.delete(oldest);
    await this.#remove(callId);
  }

  async holderOf(room: string): Promise<'us' | 'other' | undefined> {
    const holder = await this.#eval(HOLDER, room);
    return holder === 'us' || holder === 'other' ? holder : undefined;
  }

  async orphans(): Promise<readonly CallRecord[]> {
    const texts = (await this.#eval(ORPHANS)) as readonly string[];
    return texts.flatMap((text) => readRecord(text) ?? []);
  }

  async claim(callId: string): Promise<CallRecord | undefined> {
    const text = await this.#eval(CLAIM, callId, String(KEEP_MS));
    if (typeof text !== 'string') return undefined;
    const record = readRecord(text);
    if (record === undefined) {
      this.#log.warn({ callId }, 'the record of a call in Redis is broken; it is given up');
      await this.remove(callId);
    } else this.#mine.set(callId, record);
    return record;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    // Where it cannot be told, the lease ends by itself.
    await this.#link.send(['DEL', `${this.#prefix}lease:${this.#me}`]).catch(() => undefined);
    this.#link.close();
    this.#mine.clear();
  }

  async #put(record: CallRecord): Promise<boolean> {
    const isOurs = (await this.#eval(PUT, record.callId, record.room, JSON.stringify(record), String(KEEP_MS))) === 1;
    if (!isOurs) this.#mine.delete(record.callId);
    return isOurs;
  }

  async #remove(callId: string): Promise<void> {
    await this.#eval(REMOVE, callId, String(KEEP_MS));
    this.#over.delete(callId);
  }

  #eval(script: string, ...args: readonly string[]): Promise<unknown> {
    if (this.#closed) return Promise.reject(journalClosed());
    return this.#link.send(['EVAL', script, '0', this.#prefix, this.#me, ...args]);
  }
}
