/**
 * Exponential back-off with full jitter: uniform between 0 and min(cap, base * 2^attempt), but never below
 * `floorMs`. Full jitter spreads a crowd of workers best (M. Brooker, "Exponential Backoff and Jitter", 2015).
 */
export class Backoff {
  readonly #baseMs: number;
  readonly #capMs: number;
  readonly #floorMs: number;
  readonly #random: () => number;
  #attempt = 0;

  constructor(baseMs: number, capMs: number, floorMs: number, random: () => number = Math.random) {
    this.#baseMs = baseMs;
    this.#capMs = capMs;
    this.#floorMs = floorMs;
    this.#random = random;
  }

  /** How long to wait before the next attempt, in ms. */
  nextMs(): number {
    const ceilingMs = Math.min(this.#capMs, this.#baseMs * 2 ** this.#attempt);
    if (ceilingMs < this.#capMs) this.#attempt++;
    return Math.max(this.#floorMs, this.#random() * ceilingMs);
  }

  /** The last attempt succeeded. */
  reset(): void {
    this.#attempt = 0;
  }
}
