/** Audio of the caller's that may lie in the socket: 64 kB are a second of it. */
const LIMIT_BYTES = 256 * 1024;
const PATIENCE_MS = 2000;
/** A replayed utterance is handed over at once and takes its time: any line carries this much. */
const BURST_BYTES_PER_MS = 500;

/**
 * Tells a peer that does not read from one that was just given a lot. What is handed over counts as a burst that
 * drains at 4 Mbit/s; what lies in the socket beyond that and the limit, for two seconds, lies there for good.
 */
export class Backlog {
  #burstBytes = 0;
  #lastMs = 0;
  #overSinceMs: number | undefined;

  /** `bytes` were handed over at `nowMs`, and `bufferedBytes` have not left. True: it has lasted too long. */
  sent(bytes: number, bufferedBytes: number, nowMs: number): boolean {
    this.#burstBytes = Math.max(0, this.#burstBytes - (nowMs - this.#lastMs) * BURST_BYTES_PER_MS) + bytes;
    this.#lastMs = nowMs;
    if (bufferedBytes <= LIMIT_BYTES + this.#burstBytes) {
      this.#overSinceMs = undefined;
      return false;
    }
    this.#overSinceMs ??= nowMs;
    return nowMs - this.#overSinceMs >= PATIENCE_MS;
  }
}
