import type { Clock } from '../../domain/clock.js';
import { bounded } from './bounded.js';

/**
 * How many connections may be in the making at once in one process. While a Room connects, rtc-node keeps every
 * event of every other room in the process for it and then replays them one by one: a crowd that comes back at
 * once would be felt by those who never left.
 */
export class ConnectSlots {
  #free: number;
  /** First come, first served. */
  readonly #waiting = new Set<() => void>();

  constructor(count: number) {
    this.#free = count;
  }

  /** Those who stand in line. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Resolves with what gives the slot back (idempotent). Rejects `transport_timeout` after `limitMs`, or when `signal` aborts. */
  async take(clock: Clock, limitMs: number, signal: AbortSignal): Promise<() => void> {
    if (this.#free > 0) this.#free--;
    else await this.#queue(clock, limitMs, signal);
    let given = false;
    return () => {
      if (given) return;
      given = true;
      this.#giveBack();
    };
  }

  async #queue(clock: Clock, limitMs: number, signal: AbortSignal): Promise<void> {
    let enter = (): void => undefined;
    let entered = false;
    const turn = new Promise<void>((resolve) => {
      enter = () => {
        entered = true;
        resolve();
      };
    });
    this.#waiting.add(enter);
    try {
      await bounded({ clock, signal, limitMs, code: 'transport_timeout', what: 'waiting for a turn to connect' }, turn);
    } catch (error) {
      this.#waiting.delete(enter);
      // His turn came in the very moment he gave up: the next one has it.
      if (entered) this.#giveBack();
      throw error;
    }
  }

  #giveBack(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#free++;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}
