// @ts-check

/**
 * Maps the node's clock (ms since the call began) to the page's clock (performance.now).
 *
 * A packet that took the least time on its way gives the best estimate, so the offset is the smallest
 * `arrivedMs - atMs` seen (the minimum filter of RFC 5905 §10). Two crystals drift apart by up to 100 ppm,
 * 6 ms a minute, so only the last one to two minutes count.
 */
export class ClockMap {
  #spanMs;
  #startedMs = -Infinity;
  #current = Infinity;
  #previous = Infinity;

  /** @param {number} [spanMs] how long a minimum is kept at least, in ms */
  constructor(spanMs = 60_000) {
    this.#spanMs = spanMs;
  }

  /**
   * @param {number} atMs the event's time on the node's clock
   * @param {number} arrivedMs when the packet came, on the page's clock
   */
  observe(atMs, arrivedMs) {
    if (arrivedMs - this.#startedMs >= this.#spanMs) {
      // After a gap of more than two spans the older minimum says nothing any more.
      this.#previous = arrivedMs - this.#startedMs >= 2 * this.#spanMs ? Infinity : this.#current;
      this.#current = Infinity;
      this.#startedMs = arrivedMs;
    }
    this.#current = Math.min(this.#current, arrivedMs - atMs);
  }

  /** Page time minus node time in ms; null until the first event. */
  get offsetMs() {
    const least = Math.min(this.#current, this.#previous);
    return Number.isFinite(least) ? least : null;
  }
}
