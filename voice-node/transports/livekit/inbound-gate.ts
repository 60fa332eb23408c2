/** Audio that waited longer than this before it reached us is thrown away: nobody answers the past. */
const MAX_LATENESS_MS = 200;
/** How fast the notion of "on time" may move, per frame: the gate forgives a lasting shift within seconds. */
const FORGIVE_MS_PER_FRAME = 0.02;

/**
 * Tells frames that come in time from a backlog. rtc-node queues without bound while the event loop stands
 * still and then delivers everything at once; answering that would make the robot late for the rest of the call.
 *
 * The stream delivers at the pace of our own clock, so arrival minus position is constant but for lateness;
 * the smallest value seen, slowly forgiven, is "on time". Allocates nothing.
 */
export class InboundGate {
  #onTimeMs = Infinity;
  #positionMs = 0;

  /** Whether the next frame of `durationMs`, delivered at `nowMs`, is to be used. */
  admit(durationMs: number, nowMs: number): boolean {
    const offsetMs = nowMs - this.#positionMs;
    this.#positionMs += durationMs;
    this.#onTimeMs = Math.min(offsetMs, this.#onTimeMs + FORGIVE_MS_PER_FRAME);
    return offsetMs - this.#onTimeMs <= MAX_LATENESS_MS;
  }
}
