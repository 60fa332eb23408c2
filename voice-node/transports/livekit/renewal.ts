import type { Clock, Timer } from '../../domain/clock.js';
import { monotonicMs } from '../../domain/time.js';

/** Seen with livekit-server 1.13.5: no longer and again in one breath, and it changes nothing at all. */
const REST_MS = 250;
/** A new subscription takes a tenth of a second. */
const LIMIT_MS = 1500;

/**
 * The time between giving up a subscription and having a new one. After the process stood still, what was sent
 * meanwhile waits in libwebrtc's jitter buffer, which is emptied at the pace of speech: measured after 5 s, the caller
 * was heard 3 s late, and 0.4 s less after 7 s more. A new subscription has a new buffer.
 */
export class Renewal {
  readonly #clock: Clock;
  #timer: Timer | undefined;
  #resting = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Nobody is to subscribe yet. */
  get resting(): boolean {
    return this.#resting;
  }

  /** The subscription has been given up: `again` when it is time to subscribe, `failed` when nothing has come of it. */
  begin(again: () => void, failed: () => void): void {
    this.close();
    this.#resting = true;
    this.#after(REST_MS, () => {
      this.#resting = false;
      this.#after(LIMIT_MS, failed);
      again();
    });
  }

  /** There is a new subscription, or none is wanted any more. */
  close(): void {
    this.#timer?.cancel();
    this.#resting = false;
  }

  #after(ms: number, task: () => void): void {
    this.#timer = this.#clock.at(monotonicMs(this.#clock.nowMs() + ms), task);
  }
}
