import type { CallView, Vitals } from '../domain/operations.js';
import type { ProcessGauge } from '../domain/process-gauge.js';

interface Ticks {
  readonly all: number;
  readonly late: number;
}

const NONE: Ticks = { all: 0, late: 0 };

/** Of a shard that has not told anything yet, or will not any more. */
export const IDLE_VITALS: Vitals = { lateShare: 0, loopP99Ms: 0, utilisation: 0, cpu: 0, residentBytes: 0, calls: [] };

/**
 * Turns what calls and instruments count since they began into what happened since the last time. Calls that have
 * ended in between are in it with what they still counted.
 */
export class VitalsProbe {
  readonly #gauge: ProcessGauge;
  #before = new Map<string, Ticks>();
  #all = 0;
  #late = 0;

  constructor(gauge: ProcessGauge) {
    this.#gauge = gauge;
  }

  /** A call is over; its last view. */
  ended(view: CallView): void {
    this.#count(view);
    this.#before.delete(view.callId);
  }

  /** @param calls those in progress */
  take(calls: readonly CallView[]): Vitals {
    for (const view of calls) this.#count(view);
    this.#before = new Map(calls.map((view) => [view.callId, { all: view.ticks, late: view.lateTicks }]));
    const lateShare = this.#all > 0 ? Math.min(1, this.#late / this.#all) : 0;
    this.#all = 0;
    this.#late = 0;
    return { lateShare, ...this.#gauge.read(), calls };
  }

  #count(view: CallView): void {
    const before = this.#before.get(view.callId) ?? NONE;
    // Counters only rise; one that begins anew (a line that was made again) counts from zero.
    this.#all += view.ticks >= before.all ? view.ticks - before.all : view.ticks;
    this.#late += view.lateTicks >= before.late ? view.lateTicks - before.late : view.lateTicks;
  }
}
