import type { Call } from '../call/call.js';
import { withDeadline } from '../domain/deadline.js';
import type { Clock } from '../domain/clock.js';
import { messageOf } from '../domain/errors.js';
import type { CallEnd, Log } from '../domain/observer.js';

/** What the node needs to begin a call in a room. */
export interface CallRequest {
  readonly callId: string;
  readonly room: string;
  readonly token: string;
  /** Room metadata as it came; may name the robot. */
  readonly metadata: string;
}

export type CallFactory = (request: CallRequest) => Call;

/** The calls of this process: begins them, knows them by room, ends them. */
export class LiveCalls {
  readonly #create: CallFactory;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #byRoom = new Map<string, Call>();
  readonly #all = new Set<Call>();

  constructor(create: CallFactory, clock: Clock, log: Log) {
    this.#create = create;
    this.#clock = clock;
    this.#log = log;
  }

  get count(): number {
    return this.#all.size;
  }

  /**
   * Begins a call; resolves with how it ended. A call that is already in that room is hung up: after a restart
   * of the server the room is a new one, and two robots would answer each other's caller. Never throws or
   * rejects: a call that could not be made has `failed`.
   */
  begin(request: CallRequest): Promise<CallEnd> {
    this.#byRoom.get(request.room)?.hangUp('superseded');
    let call: Call;
    try {
      call = this.#create(request);
    } catch (error) {
      this.#log.error({ callId: request.callId, room: request.room, error: messageOf(error) }, 'a call could not be made');
      return Promise.resolve('failed');
    }
    this.#all.add(call);
    this.#byRoom.set(request.room, call);
    call.start();
    return call.done.finally(() => {
      this.#all.delete(call);
      if (this.#byRoom.get(request.room) === call) this.#byRoom.delete(request.room);
    });
  }

  end(callId: string, end: CallEnd): void {
    for (const call of this.#all) if (call.callId === callId) call.hangUp(end);
  }

  /** Waits for the calls to end by themselves for `graceMs`, then hangs them up. Never rejects. */
  async drain(graceMs: number): Promise<void> {
    // Those that begin while others end are waited for as well.
    const empty = async (): Promise<void> => {
      while (this.#all.size > 0) await Promise.race([...this.#all].map((call) => call.done));
    };
    // In a room that its caller has left there is nobody to wait for.
    for (const call of this.#all) if (call.isDeserted) call.hangUp('shutdown');
    if (this.#all.size > 0) this.#log.info({ calls: this.#all.size, graceMs }, 'waiting for calls to end');
    await withDeadline(this.#clock, empty(), graceMs, 'transport_timeout', 'draining').catch(() => undefined);
    for (const call of this.#all) call.hangUp('shutdown');
    await withDeadline(this.#clock, empty(), CLOSE_LIMIT_MS, 'transport_timeout', 'hanging up').catch(() => undefined);
  }
}

/** Longer than a line takes to close at worst. */
const CLOSE_LIMIT_MS = 12_000;
