import { randomBytes } from 'node:crypto';
import type { Clock } from '../domain/clock.js';
import { withDeadline } from '../domain/deadline.js';
import type { CallRecord, Journal } from '../domain/journal.js';
import type { CallEnd, CallsMeter, Log, Refusal } from '../domain/observer.js';
import type { NodeView, Operations, ShardView, Vitals } from '../domain/operations.js';
import { DeskBooks } from './desk-books.js';
import { DeskCall } from './desk-call.js';
import { DeskDoor } from './desk-door.js';
import { DeskDrain } from './desk-drain.js';
import type { ExpectedCalls } from './desk-expected.js';
import { DeskHomes, settle } from './desk-homes.js';
import { DeskLife } from './desk-life.js';
import { DeskRecords } from './desk-records.js';
import { DeskShards, type DeskShard } from './desk-shards.js';
import { viewOfCall } from './desk-view.js';
import type { Rooms } from './rooms.js';
import type { ShardFactory } from './shard.js';

/** When all calls are over, the journal has this long to remove their records. */
const SETTLE_LIMIT_MS = 3000;

export interface DeskOptions {
  /** The node's name. */
  readonly node: string;
  /** The most calls one shard may have, 1 or more. */
  readonly roomsPerShard: number;
  /** How many shards there are to be, 1 or more: with the rooms of each, what the node can have at most. */
  readonly shards: number;
  /** A bound for the whole node, where it has one. */
  readonly maxCalls?: number;
  /** Only the number of calls decides whether there is room for another, not what the callers notice. Default false. */
  readonly byCount?: boolean;
}

export interface DeskPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: CallsMeter;
  readonly rooms: Rooms;
  readonly journal?: Journal;
  readonly expected?: ExpectedCalls;
  /** Why no call can come, for a reason that is not the desk's: no registration. */
  readonly outside?: () => string | undefined;
}

export type Offer = { readonly callId: string; readonly identity: string } | { readonly refused: Refusal };

/** A place for a call of a node that is gone. Exactly one of the two is to be called. */
export interface Adoption {
  /** The record is ours: the call goes on here. */
  begin(record: CallRecord): void;
  /** Somebody else has it. */
  release(): void;
}

/**
 * The front desk of the node: every call that is offered, refused, begun, moved and ended goes through these books. It
 * knows which shard each call lives in, and brings those of a dead one into others. It holds no media.
 */
export class Desk implements Omit<Operations, 'drain'> {
  readonly #node: string;
  readonly #maxCalls: number;
  readonly #ports: DeskPorts;
  readonly #books: DeskBooks;
  readonly #shards: DeskShards;
  readonly #homes: DeskHomes;
  readonly #life: DeskLife;
  readonly #drain: DeskDrain;
  readonly #door: DeskDoor;
  readonly #records: DeskRecords | undefined;
  readonly #watchers = new Set<() => void>();

  constructor({ node, roomsPerShard, shards, maxCalls = Infinity, byCount = false }: DeskOptions, ports: DeskPorts) {
    const { clock, log, journal, rooms, meter, expected } = ports;
    this.#node = node;
    this.#maxCalls = Math.min(maxCalls, roomsPerShard * shards);
    this.#ports = ports;
    if (journal !== undefined) this.#records = new DeskRecords(journal, clock, log, (callId) => this.#onLost(callId));
    this.#books = new DeskBooks(meter, this.#records, (call) => this.#onLeft(call));
    this.#shards = new DeskShards({ clock, rooms: roomsPerShard, byCount }, {
      changed: () => this.#changed(),
      vitals: (shard, vitals) => this.#onVitals(shard, vitals),
      said: (shard, callId, said) => this.#in(shard, callId, (call) => (call.hear(said), this.#books.record(call))),
      identity: (shard, callId, identity) => this.#in(shard, callId, (call) => ((call.identity = identity), this.#books.record(call))),
      ended: (shard, callId, end) => this.#in(shard, callId, (call) => this.#life.onEnded(call, end)),
      died: (shard, reason) => this.#onDeath(shard, reason),
    });
    this.#homes = new DeskHomes(this.#shards, clock);
    const common = { books: this.#books, shards: this.#shards, clock, log };
    this.#life = new DeskLife({ ...common, homes: this.#homes, rooms, meter, ...(journal === undefined ? {} : { isElsewhere: (room) => this.#door.isElsewhere(room) }) });
    this.#drain = new DeskDrain({ ...common, life: this.#life, expected });
    this.#door = new DeskDoor({ ...common, drain: this.#drain, maxCalls: this.#maxCalls, expected, journal });
  }

  /** A factory whose shards carry the desk's calls. The supervisor makes every shard by it, each time anew. */
  watched(factory: ShardFactory): ShardFactory {
    return this.#shards.watched(factory);
  }

  /** Calls `task` whenever the answer of `isOpen`, `wantsOffers`, `load` or `live` may have changed. */
  watch(task: () => void): void {
    this.#watchers.add(task);
  }

  // What comes from the dispatch.

  /**
   * Whether the call of this room is taken; counted at once. For want of room it is refused at once; where the journal
   * has to be asked, the answer comes within HOLDER_LIMIT_MS. Never rejects.
   */
  async offer(room: string): Promise<Offer> {
    const { clock, expected } = this.#ports;
    const promised = expected?.has(room) === true;
    expected?.came(room);
    const call = new DeskCall(clock, { callId: `call-${randomBytes(9).toString('base64url')}`, room });
    this.#books.ledger.open(call.callId);
    const refusal = this.#door.refusalFor(room, promised);
    if (refusal !== undefined) return this.#books.refuse(call, refusal);
    this.#books.enter(call);
    // What was promised is kept, though the callers there are may notice it.
    settle(call, this.#shards.pick() ?? (promised ? this.#shards.pickAny() : undefined));
    this.#changed();
    if (await this.#door.isElsewhere(room)) return this.#books.refuse(call, 'has_robot');
    // Meanwhile the node may have been told to stop, and all processes may have died.
    if (call.stage === 'over') return { refused: 'draining' };
    if (this.#drain.begun && !promised) return this.#books.refuse(call, 'draining');
    if (this.#shards.ready.length === 0) return this.#books.refuse(call, 'not_ready');
    return { callId: call.callId, identity: call.identity };
  }

  /**
   * The server gives us an accepted call: it begins. Resolves with how it ended, and never rejects. Undefined where
   * there is no such call any more.
   */
  assigned(callId: string, token: string, metadata: string): Promise<CallEnd> | undefined {
    const call = this.#books.get(callId);
    if (call?.stage !== 'offered') return undefined;
    call.token = token;
    call.metadata = metadata;
    this.#life.start(call);
    return call.done;
  }

  /** An accepted call did not come. */
  notAssigned(callId: string): void {
    const call = this.#books.get(callId);
    if (call?.stage === 'offered') this.#books.refuse(call, 'not_assigned');
  }

  /**
   * The server says that the job is over. It says so as well when a robot has left the room, and a call that is being
   * moved, or whose line is being made again, does that for a moment; where a job is called off the server puts the
   * robot out itself. So this ends only a call whose robot is not there yet to be put out. False where the call goes on.
   */
  terminated(callId: string): boolean {
    const call = this.#books.get(callId);
    if (call === undefined || call.resumed || !(call.view === undefined || call.view.phase === 'connecting')) return false;
    this.#life.hangUp(call, 'room_closed');
    return true;
  }

  // What comes from a node that is gone.

  /** Whether this call is live here. */
  has(callId: string): boolean {
    return this.#books.get(callId) !== undefined;
  }

  /** Whether a robot of ours is in this room, or on its way there. */
  hasRobotIn(room: string): boolean {
    return this.#books.hasRoom(room);
  }

  /** Whether the desk itself would take a call, wherever it came from. */
  get isOpen(): boolean {
    return this.#door.refusal(this.#door.waiting) === undefined;
  }

  /** Whether the dispatch is to offer calls: as long as somebody was promised one it has to, whatever becomes of others. */
  get wantsOffers(): boolean {
    return this.isOpen || (this.#door.waiting > 0 && this.#shards.ready.length > 0);
  }

  /** Keeps a place for a call of a node that is gone. Undefined where there is none: it is left to others. */
  adopt(callId: string, room: string): Adoption | undefined {
    if (this.has(callId) || this.#door.refusalFor(room, false) !== undefined) return undefined;
    const place = new DeskCall(this.#ports.clock, { callId, room });
    place.stage = 'kept';
    this.#books.enter(place);
    settle(place, this.#shards.pick());
    return {
      release: () => this.#books.leave(place),
      begin: (record) => {
        // The node has stopped: the record is left to whoever comes next.
        if (place.stage === 'over') return;
        const call = new DeskCall(this.#ports.clock, record);
        call.foreign = true;
        this.#books.ledger.open(call.callId);
        this.#books.enter(call);
        this.#books.leave(place);
        this.#ports.meter.resumed('node_died');
        this.#ports.log.warn({ callId, room, said: record.said.length }, 'a call of a node that is gone goes on here');
        this.#life.move(call);
      },
    };
  }

  /** The lease may have been over: every record is written at once, and a call that is not ours any more ends. */
  confirm(): void {
    this.#records?.confirm();
  }

  // What an operator asks.

  /** Whether another call could be taken if `waiting` more had already come, and if not, why. */
  readiness(waiting = this.#door.waiting): { readonly ready: boolean; readonly reason?: string } {
    const reason = this.#ports.outside?.() ?? this.#door.why(waiting);
    return reason === undefined ? { ready: true } : { ready: false, reason };
  }

  /** How the shards are doing, by name. */
  get shards(): readonly ShardView[] {
    return this.#shards.all.map((shard) => shard.view);
  }

  /** How near the node is to what it can carry, 0 to 1. */
  get load(): number {
    return this.#door.load;
  }

  /** Accepted calls count. */
  get live(): number {
    return this.#books.ledger.live;
  }

  view(): NodeView {
    return {
      node: this.#node,
      ...this.readiness(),
      draining: this.#drain.begun,
      load: this.load,
      maxCalls: this.#maxCalls,
      ...this.#books.ledger.books,
      shards: this.shards,
      calls: this.#books.calls.flatMap((call) => (call.stage === 'kept' ? [] : [viewOfCall(call, this.#ports.clock.nowMs())])),
    };
  }

  hangUp(callId: string): boolean {
    const call = this.#books.get(callId);
    if (call === undefined || call.stage === 'kept') return false;
    this.#life.hangUp(call, 'hung_up');
    return true;
  }

  /** No new calls. Resolves when all calls are over and their records gone; never rejects. Asked again it changes nothing. */
  async drain(graceMs: number): Promise<void> {
    const over = this.#drain.begin(graceMs);
    this.#changed();
    await over;
    if (this.#records === undefined) return;
    await withDeadline(this.#ports.clock, this.#records.settled(), SETTLE_LIMIT_MS, 'journal_failed', 'removing records').catch(() => undefined);
  }

  // Within.

  /** For what a shard tells of a call that lives in it; anything else is late. */
  #in(shard: DeskShard, callId: string, task: (call: DeskCall) => void): void {
    const call = this.#books.get(callId);
    if (call?.shard === shard && call.stage === 'begun') task(call);
  }

  #onVitals(shard: DeskShard, vitals: Vitals): void {
    for (const view of vitals.calls) this.#in(shard, view.callId, (call) => call.see(view, this.#ports.clock.nowMs()));
    this.#changed();
  }

  #onDeath(shard: DeskShard, reason: string): void {
    this.#life.onDeath(shard, reason);
    this.#changed();
  }

  #onLost(callId: string): void {
    const call = this.#books.get(callId);
    if (call !== undefined) this.#life.lose(call);
  }

  #onLeft(call: DeskCall): void {
    this.#homes.forget(call);
    this.#changed();
    this.#drain.look();
  }

  #changed(): void {
    this.#homes.retry();
    this.#door.tell();
    for (const task of this.#watchers) task();
  }
}
