import type { Clock, Timer } from '../../domain/clock.js';
import { monotonicMs } from '../../domain/time.js';

/** How often it is looked whether a turn gets its answer. */
const LOOK_MS = 700;

/** What has become of a turn that has ended: it still waits, it is over, or nobody waits any more. */
export type TurnFate = 'waits' | 'settled';

/** Looks after a turn that waits for its answer, so that none waits for ever. */
export class TurnWatch {
  readonly #clock: Clock;
  #timer: Timer | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Looks every now and then; `late` is called once the turn has waited for `limitMs`. */
  start(limitMs: number, look: () => TurnFate, late: () => void): void {
    const endMs = this.#clock.nowMs() + limitMs;
    const next = (): void => {
      const nowMs = this.#clock.nowMs();
      this.#timer = this.#clock.at(monotonicMs(Math.min(endMs, nowMs + LOOK_MS)), () => {
        if (look() === 'settled') return;
        if (this.#clock.nowMs() >= endMs) late();
        else next();
      });
    };
    this.stop();
    next();
  }

  stop(): void {
    this.#timer?.cancel();
  }
}
