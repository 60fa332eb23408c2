import type { Clock, Timer } from '../domain/clock.js';
import { monotonicMs, wallMs, type MonotonicMs } from '../domain/time.js';

interface Pending {
  readonly atMs: number;
  readonly order: number;
  readonly task: () => void;
}

/**
 * A clock that only moves when it is told to. Timers fire in the order of their time, then of their making,
 * so a run depends on nothing but its input. Between two timers all pending promise reactions are run.
 */
export class VirtualClock implements Clock {
  #nowMs = 0;
  #order = 0;
  readonly #pending = new Set<Pending>();
  readonly #startWallMs: number;

  constructor(startWallMs = 0) {
    this.#startWallMs = startWallMs;
  }

  nowMs(): MonotonicMs {
    return monotonicMs(this.#nowMs);
  }

  wallMs(): ReturnType<typeof wallMs> {
    return wallMs(this.#startWallMs + this.#nowMs);
  }

  at(atMs: MonotonicMs, task: () => void): Timer {
    const entry: Pending = { atMs: Math.max(atMs, this.#nowMs), order: this.#order++, task };
    this.#pending.add(entry);
    return { cancel: () => void this.#pending.delete(entry) };
  }

  /** Timers that have not fired; 0 after a clean end. */
  get pendingTimers(): number {
    return this.#pending.size;
  }

  /** Moves to `toMs`, running every timer on the way, and lets promises settle after each. */
  async advanceTo(toMs: number): Promise<void> {
    await settle();
    for (let next = this.#earliest(); next !== undefined && next.atMs <= toMs; next = this.#earliest()) {
      this.#pending.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.task();
      await settle();
    }
    this.#nowMs = Math.max(this.#nowMs, toMs);
  }

  #earliest(): Pending | undefined {
    let best: Pending | undefined;
    for (const entry of this.#pending) {
      if (best === undefined || entry.atMs < best.atMs || (entry.atMs === best.atMs && entry.order < best.order)) best = entry;
    }
    return best;
  }
}

/**
 * Runs all promise reactions that are due, however long their chains: the immediate queue comes only after
 * the microtask queue is empty.
 */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
