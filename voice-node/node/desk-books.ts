import type { CallEnd, CallsMeter, Refusal } from '../domain/observer.js';
import type { DeskCall } from './desk-call.js';
import { settle } from './desk-homes.js';
import type { DeskRecords } from './desk-records.js';
import { Ledger } from './ledger.js';

/** The calls there are, by name and by room, and the ledger of them and of all that are over. */
export class DeskBooks {
  readonly ledger: Ledger;
  readonly #byId = new Map<string, DeskCall>();
  readonly #byRoom = new Map<string, DeskCall>();
  readonly #records: DeskRecords | undefined;
  readonly #left: (call: DeskCall) => void;

  /** @param left a call has left the books, whatever its fate */
  constructor(meter: CallsMeter, records: DeskRecords | undefined, left: (call: DeskCall) => void) {
    this.ledger = new Ledger(meter);
    this.#records = records;
    this.#left = left;
  }

  get calls(): readonly DeskCall[] {
    return [...this.#byId.values()];
  }

  /** Places that are kept for others' calls count. */
  get count(): number {
    return this.#byId.size;
  }

  get(callId: string): DeskCall | undefined {
    return this.#byId.get(callId);
  }

  hasRoom(room: string): boolean {
    return this.#byRoom.has(room);
  }

  enter(call: DeskCall): void {
    this.#byId.set(call.callId, call);
    this.#byRoom.set(call.room, call);
  }

  /** A call that was offered is not taken. */
  refuse(call: DeskCall, reason: Refusal): { readonly refused: Refusal } {
    this.ledger.refuse(call.callId, reason);
    // Nobody waits for the end of a call that never was.
    this.leave(call, 'failed');
    return { refused: reason };
  }

  finish(call: DeskCall, end: CallEnd): void {
    if (call.stage === 'over') return;
    this.ledger.end(call.callId, end);
    this.#records?.over(call.callId);
    this.leave(call, end);
  }

  /** Out of the books without a fate: a place that was kept for nothing. */
  leave(call: DeskCall, end: CallEnd = 'failed'): void {
    settle(call, undefined);
    if (this.#byId.get(call.callId) === call) this.#byId.delete(call.callId);
    if (this.#byRoom.get(call.room) === call) this.#byRoom.delete(call.room);
    call.finish(end);
    this.#left(call);
  }

  /** There is something new about a call: for whoever has to go on with it. */
  record(call: DeskCall): void {
    if (call.stage !== 'over') this.#records?.changed(call.callId, () => call.record);
  }
}
