import type { Clock, Timer } from '../../domain/clock.js';
import { monotonicMs } from '../../domain/time.js';

const PING_MS = 10_000;
/** Nothing heard for this long, though we ping: the other side is gone, whatever TCP says. */
const DEAD_MS = 25_000;

/** Pings the other side of a connection, and tells when it has died. */
export class Pulse {
  readonly #clock: Clock;
  readonly #ping: () => void;
  readonly #dead: (silentMs: number) => void;
  #timer: Timer | undefined;
  #heardMs = 0;

  constructor(clock: Clock, ping: () => void, dead: (silentMs: number) => void) {
    this.#clock = clock;
    this.#ping = ping;
    this.#dead = dead;
  }

  /** Something came. */
  heard(): void {
    this.#heardMs = this.#clock.nowMs();
  }

  start(): void {
    this.#timer = this.#clock.at(monotonicMs(this.#clock.nowMs() + PING_MS), () => {
      if (this.#clock.nowMs() - this.#heardMs >= DEAD_MS) return this.#dead(DEAD_MS);
      this.#ping();
      this.start();
    });
  }

  stop(): void {
    this.#timer?.cancel();
  }
}
