import { CALL_ENDS, REFUSALS, type CallEnd, type CallsMeter, type Refusal } from '../domain/observer.js';

/** How the books stand. offered = live + the sum of ended + the sum of refused, at any moment. */
export interface Books {
  readonly offered: number;
  readonly live: number;
  readonly refused: Readonly<Record<Refusal, number>>;
  readonly ended: Readonly<Record<CallEnd, number>>;
}

/**
 * The books of a node's calls: each call that was offered has exactly one fate, a refusal or an end. Only the calls
 * whose fate is open are remembered by name; what is told about any other is not booked, so that nothing counts twice.
 */
export class Ledger {
  readonly #meter: CallsMeter;
  readonly #live = new Set<string>();
  readonly #refused = zeros(REFUSALS);
  readonly #ended = zeros(CALL_ENDS);
  #offered = 0;

  constructor(meter: CallsMeter) {
    this.#meter = meter;
  }

  /** A call was offered, or taken over from a node that is gone; it is live from now on. False where it is live already. */
  open(callId: string): boolean {
    if (this.#live.has(callId)) return false;
    this.#live.add(callId);
    this.#offered++;
    this.#meter.offered();
    return true;
  }

  /** It was not taken, or it was and then not given to us. False where its fate is known, or where it was never offered. */
  refuse(callId: string, reason: Refusal): boolean {
    if (!this.#live.delete(callId)) return false;
    this.#refused[reason]++;
    this.#meter.refused(reason);
    return true;
  }

  /** It was taken and is over. False where its fate is known, or where it was never offered. */
  end(callId: string, end: CallEnd): boolean {
    if (!this.#live.delete(callId)) return false;
    this.#ended[end]++;
    this.#meter.ended(end);
    return true;
  }

  get live(): number {
    return this.#live.size;
  }

  /** A copy. */
  get books(): Books {
    return { offered: this.#offered, live: this.#live.size, refused: { ...this.#refused }, ended: { ...this.#ended } };
  }
}

const zeros = <K extends string>(names: readonly K[]): Record<K, number> => Object.fromEntries(names.map((name) => [name, 0])) as Record<K, number>;
