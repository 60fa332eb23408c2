import type { Clock } from '../domain/clock.js';
import { withDeadline } from '../domain/deadline.js';
import { messageOf } from '../domain/errors.js';
import type { CallEnd, CallsMeter, Log } from '../domain/observer.js';
import type { DeskBooks } from './desk-books.js';
import type { DeskCall } from './desk-call.js';
import { settle, type DeskHomes } from './desk-homes.js';
import type { DeskShard, DeskShards } from './desk-shards.js';
import type { Rooms } from './rooms.js';
import type { CallRequest } from './shard.js';

/**
 * How long a new robot waits for the old one to be put out of the room. Dead already, it can neither hear nor speak,
 * and the server drops it in the end; the caller is waiting.
 */
const REMOVE_WAIT_MS = 1000;
const TOKEN_LIMIT_MS = 2000;

export interface DeskLifePorts {
  readonly books: DeskBooks;
  readonly shards: DeskShards;
  readonly homes: DeskHomes;
  readonly rooms: Rooms;
  readonly meter: CallsMeter;
  /** Whether another node has the call of this room; without a journal there is nobody to say so. Never rejects. */
  readonly isElsewhere?: (room: string) => Promise<boolean>;
  readonly clock: Clock;
  readonly log: Log;
}

/** A call's way through the shards: where it begins, how it is hung up, and into which one it goes when its own dies. */
export class DeskLife {
  readonly #ports: DeskLifePorts;

  constructor(ports: DeskLifePorts) {
    this.#ports = ports;
  }

  /** Begins a call that was accepted, in the shard that keeps its place, or in another one where that is gone. */
  start(call: DeskCall): void {
    call.stage = 'moving';
    if (call.shard?.isReady === true) return this.#begin(call);
    settle(call, undefined);
    this.#seek(call);
  }

  hangUp(call: DeskCall, end: CallEnd): void {
    if (call.stage !== 'begun') return this.#ports.books.finish(call, end);
    call.ending ??= end;
    call.shard?.shard?.hangUp(call.callId, end);
  }

  /** Its record belongs to another node. */
  lose(call: DeskCall): void {
    this.#tellLost(call);
    this.hangUp(call, 'superseded');
  }

  /** Its shard says that it is over. Who was put out of the room may have been so by the node that has the call by now. */
  onEnded(call: DeskCall, end: CallEnd): void {
    const { books, isElsewhere } = this.#ports;
    if (call.ending === 'superseded') return books.finish(call, 'superseded');
    if (end !== 'room_closed' || call.ending !== undefined || isElsewhere === undefined) return books.finish(call, end);
    // Should its process die before the journal has said so, it is over all the same.
    call.ending = end;
    void isElsewhere(call.room).then((elsewhere) => {
      if (elsewhere) this.#tellLost(call);
      books.finish(call, elsewhere ? 'superseded' : end);
    });
  }

  /** The robot says good-bye and hangs up; a call that has no robot at the moment ends at once. */
  sayGoodbye(call: DeskCall): void {
    if (call.stage === 'begun') call.shard?.shard?.sayGoodbye(call.callId);
    else this.hangUp(call, 'shutdown');
  }

  /** Each of its calls goes on elsewhere, but those that were ending anyway. */
  onDeath(shard: DeskShard, reason: string): void {
    const { books, shards, meter, log } = this.#ports;
    const calls = books.calls.filter((call) => call.shard === shard);
    if (calls.length > 0) log.error({ shard: shard.name, reason, calls: calls.length }, 'a media process is gone; its calls go on in others');
    for (const call of calls) {
      if (call.stage !== 'begun') settle(call, shards.pick(true));
      else if (call.ending === undefined) {
        meter.resumed('shard_died');
        this.move(call);
      } else {
        void this.#putOut(call, call.identity);
        books.finish(call, call.ending);
      }
    }
  }

  /** The call's process is gone: under a new identity it goes on in another. Ends as `crashed` where it cannot. */
  move(call: DeskCall): void {
    const { books, clock, log } = this.#ports;
    const { identity, callId, room } = call;
    if (call.move(clock.nowMs())) {
      books.record(call);
      return void this.#moveFrom(call, identity);
    }
    log.error({ callId, room }, 'a call has lost its process again and again, each time just begun; it ends');
    void this.#putOut(call, identity);
    books.finish(call, 'crashed');
  }

  /** Never rejects. */
  async #moveFrom(call: DeskCall, oldIdentity: string): Promise<void> {
    const { rooms, clock, log, books } = this.#ports;
    const { callId, room, identity } = call;
    try {
      const making = withDeadline(clock, rooms.token(room, identity), TOKEN_LIMIT_MS, 'worker_unreachable', 'making a token');
      const [token] = await Promise.all([making, this.#putOut(call, oldIdentity)]);
      call.token = token;
    } catch (error) {
      log.error({ callId, room, error: messageOf(error) }, 'a call cannot go on: there is no token for its room');
      return books.finish(call, 'crashed');
    }
    // An operator may have hung up meanwhile.
    if (call.stage === 'moving') this.#seek(call);
  }

  #seek(call: DeskCall): void {
    const { homes, books, log } = this.#ports;
    homes.seek(
      call,
      () => this.#begin(call),
      () => {
        log.error({ callId: call.callId, room: call.room }, 'a call cannot go on: no media process came up in time');
        books.finish(call, 'crashed');
      },
    );
  }

  #begin(call: DeskCall): void {
    const { books, log } = this.#ports;
    const { callId, room, token, identity, metadata, acceptedMs, resumed, said, shard } = call;
    const request: CallRequest = { callId, room, token, identity, metadata, acceptedMs, ...(resumed ? { past: [...said] } : {}) };
    call.begin(this.#ports.clock.nowMs());
    books.record(call);
    log.info({ callId, room, identity, shard: shard?.name, ...(resumed ? { said: said.length } : {}) }, resumed ? 'a call goes on in another process' : 'a call begins');
    try {
      shard?.shard?.begin(request);
    } catch (error) {
      log.error({ callId, room, error: messageOf(error) }, 'a call could not be begun: a bug');
      books.finish(call, 'failed');
    }
  }

  #tellLost({ callId, room }: DeskCall): void {
    this.#ports.log.warn({ callId, room }, 'another node has taken this call over; it ends here');
  }

  /** As well as it can be done. Never rejects. */
  async #putOut({ callId, room }: DeskCall, identity: string): Promise<void> {
    const { rooms, clock, log } = this.#ports;
    try {
      await withDeadline(clock, rooms.remove(room, identity), REMOVE_WAIT_MS, 'worker_unreachable', 'putting the old robot out of the room');
    } catch (error) {
      log.warn({ callId, room, identity, error: messageOf(error) }, 'the robot of a dead process could not be put out of its room; the server drops it in a while');
    }
  }
}
