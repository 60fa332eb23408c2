import type { Clock, Timer } from '../domain/clock.js';
import { withDeadline } from '../domain/deadline.js';
import { messageOf } from '../domain/errors.js';
import { LEASE_MS, type CallRecord, type Journal } from '../domain/journal.js';
import type { Log } from '../domain/observer.js';
import { monotonicMs } from '../domain/time.js';
import type { Adoption } from './desk.js';
import { attemptOf, isRobotOf } from './identities.js';
import type { Person, Rooms } from './rooms.js';

/** The lease is renewed this often, and calls of dead nodes are looked for. */
export const LOOK_MS = 1000;
/** A journal has a deadline of its own; this is for one that has not. */
const JOURNAL_LIMIT_MS = 3000;
/**
 * A record whose room nobody is in is kept for this long: a caller whose connection broke with the node's may be on his
 * way back. It is the time for which LiveKit keeps a room that everybody has left (departure_timeout).
 */
export const EMPTY_MS = 20_000;
/** Rooms that are looked into at a time. */
const AT_A_TIME = 8;
/** Records looked at in one round; the others have their turn in the next. */
const MOST_A_ROUND = 200;

/** The desk, as far as it is concerned. */
export interface TakeoverDesk {
  readonly isOpen: boolean;
  has(callId: string): boolean;
  hasRobotIn(room: string): boolean;
  adopt(callId: string, room: string): Adoption | undefined;
  confirm(): void;
}

export interface TakeoverPorts {
  readonly journal: Journal;
  readonly rooms: Rooms;
  readonly desk: TakeoverDesk;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Keeps this node's lease, and goes on with the calls of nodes that have lost theirs: the journal gives each of them to
 * one node only, and a node that has no room leaves them to others. What this node itself left behind, before it was
 * started again, is no different.
 */
export class Takeover {
  readonly #ports: TakeoverPorts;
  readonly #emptySinceMs = new Map<string, number>();
  readonly #timers = new Map<string, Timer>();
  readonly #failing = new Set<string>();
  #renewedMs: number | undefined;
  #stopped = false;

  constructor(ports: TakeoverPorts) {
    this.#ports = ports;
  }

  /** Once. */
  start(): void {
    this.#every('renewing the lease of this node', () => this.#beat());
    this.#every('looking for calls of nodes that are gone', () => this.#look());
  }

  /** The lease is not renewed any more; what is under way is left alone. */
  stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers.values()) timer.cancel();
  }

  /** Again and again, never twice at once. Trouble is said once, until it works again. */
  #every(what: string, task: () => Promise<void>): void {
    const { clock, log } = this.#ports;
    const round = async (): Promise<void> => {
      const beganMs = clock.nowMs();
      try {
        await task();
        if (this.#failing.delete(what)) log.info({}, `${what}: works again`);
      } catch (error) {
        if (!this.#failing.has(what)) log.error({ error: messageOf(error) }, `${what} failed; trying on`);
        this.#failing.add(what);
      }
      if (this.#stopped) return;
      const nextMs = Math.max(beganMs + LOOK_MS, clock.nowMs());
      this.#timers.set(what, clock.at(monotonicMs(nextMs), () => void round()));
    };
    void round();
  }

  async #beat(): Promise<void> {
    const { journal, clock, desk, log } = this.#ports;
    const nowMs = clock.nowMs();
    await withDeadline(clock, journal.beat(), JOURNAL_LIMIT_MS, 'journal_failed', 'the journal');
    const before = this.#renewedMs;
    this.#renewedMs = nowMs;
    // Frozen, or cut off from the journal: others may have thought that this node is gone.
    if (before === undefined || nowMs - before < LEASE_MS - LOOK_MS) return;
    log.warn({ sinceMs: Math.round(nowMs - before) }, 'the lease of this node was not renewed in time; its calls may have been taken over');
    desk.confirm();
  }

  async #look(): Promise<void> {
    const { journal, clock, desk } = this.#ports;
    if (!desk.isOpen) return;
    const found = await withDeadline(clock, journal.orphans(), JOURNAL_LIMIT_MS, 'journal_failed', 'the journal');
    const orphans = found.filter(({ callId }) => !desk.has(callId)).slice(0, MOST_A_ROUND);
    const names = new Set(orphans.map(({ callId }) => callId));
    for (const callId of this.#emptySinceMs.keys()) if (!names.has(callId)) this.#emptySinceMs.delete(callId);
    const queue = orphans[Symbol.iterator]();
    const failures: unknown[] = [];
    const worker = async (): Promise<void> => {
      for (const orphan of queue) await this.#consider(orphan).catch((error: unknown) => void failures.push(error));
    };
    await Promise.all(Array.from({ length: AT_A_TIME }, worker));
    if (failures.length > 0) throw failures[0];
  }

  /** Rejects where journal or server do not answer: the next round tries again. */
  async #consider(orphan: CallRecord): Promise<void> {
    const { rooms, desk, journal, clock } = this.#ports;
    const { callId, room } = orphan;
    const people = (await rooms.people(room)) ?? [];
    const holder = await withDeadline(clock, journal.holderOf(room), JOURNAL_LIMIT_MS, 'journal_failed', 'the journal');
    if (holder !== undefined || desk.hasRobotIn(room) || people.some((person) => isOtherRobot(person, callId))) {
      return this.#discard(orphan, 'the room has another robot by now');
    }
    if (people.some(({ agent }) => !agent)) {
      this.#emptySinceMs.delete(callId);
      return this.#takeOver(orphan, people);
    }
    const sinceMs = this.#emptySinceMs.get(callId) ?? clock.nowMs();
    this.#emptySinceMs.set(callId, sinceMs);
    if (clock.nowMs() - sinceMs >= EMPTY_MS) await this.#discard(orphan, 'nobody is in the room');
  }

  async #takeOver({ callId, room }: CallRecord, people: readonly Person[]): Promise<void> {
    const { desk, log } = this.#ports;
    // The place before the claim: a call that was claimed must have one.
    const place = this.#stopped ? undefined : desk.adopt(callId, room);
    if (place === undefined) return;
    let record: CallRecord | undefined;
    try {
      record = await this.#claim(callId);
    } finally {
      if (record === undefined) place.release();
    }
    if (record === undefined) return;
    const robots = [record.identity, ...people.filter((person) => person.agent && isRobotOf(person.identity, callId)).map(({ identity }) => identity)];
    // The newest may be in the room without being in the record yet. The new robot comes after it.
    const identity = robots.reduce((newest, one) => (attemptOf(one, callId) > attemptOf(newest, callId) ? one : newest));
    for (const old of new Set(robots)) {
      if (old === identity) continue;
      this.#ports.rooms.remove(room, old).catch((error: unknown) => log.warn({ callId, room, identity: old, error: messageOf(error) }, 'an old robot could not be put out of its room'));
    }
    place.begin({ ...record, identity });
  }

  /** Only who has a record may remove it. */
  async #discard({ callId, room }: CallRecord, reason: string): Promise<void> {
    const { journal, clock, log } = this.#ports;
    if ((await this.#claim(callId)) === undefined) return;
    await withDeadline(clock, journal.remove(callId), JOURNAL_LIMIT_MS, 'journal_failed', 'the journal');
    this.#emptySinceMs.delete(callId);
    log.info({ callId, room, reason }, 'a call of a node that is gone is over');
  }

  #claim(callId: string): Promise<CallRecord | undefined> {
    const { journal, clock } = this.#ports;
    return withDeadline(clock, journal.claim(callId), JOURNAL_LIMIT_MS, 'journal_failed', 'the journal');
  }
}

const isOtherRobot = ({ agent, identity }: Person, callId: string): boolean => agent && identity.startsWith('robot-') && !isRobotOf(identity, callId);
