/** Audio that waited longer than this before it reached us is thrown away: nobody answers the past. */
const MAX_LATENESS_MS = 200;
/** How fast the notion of "on time" drifts, per frame: 1 ms a second, for clocks that do not quite agree. */
const FORGIVE_MS_PER_FRAME = 0.02;
/** Late frames in a row that come no faster than speech: there is no backlog to get rid of, the pace itself has moved. */
const SHIFTED_FRAMES = 10;

/**
 * Tells frames that come in time from a backlog. rtc-node queues without bound while the event loop stands
 * still and then delivers everything at once; answering that would make the robot late for the rest of the call.
 *
 * The stream delivers at the pace of our own clock, so arrival minus position is constant but for lateness; the
 * smallest value seen is "on time". A backlog brings that value down frame by frame; where it stays up (the
 * track paused, the machine slept), it is taken as the new "on time" after 200 ms. Allocates nothing.
 */
export class InboundGate {
  #onTimeMs = Infinity;
  #positionMs = 0;
  #lastOffsetMs = 0;
  #shifted = 0;

  /** Whether the next frame of `durationMs`, delivered at `nowMs`, is to be used. */
  admit(durationMs: number, nowMs: number): boolean {
    const offsetMs = nowMs - this.#positionMs;
    const catchesUp = offsetMs <= this.#lastOffsetMs - durationMs / 2;
    this.#positionMs += durationMs;
    this.#lastOffsetMs = offsetMs;
    this.#onTimeMs = Math.min(offsetMs, this.#onTimeMs + FORGIVE_MS_PER_FRAME);
    if (offsetMs - this.#onTimeMs <= MAX_LATENESS_MS) {
      this.#shifted = 0;
      return true;
    }
    this.#shifted = catchesUp ? 0 : this.#shifted + 1;
    if (this.#shifted < SHIFTED_FRAMES) return false;
    this.#shifted = 0;
    this.#onTimeMs = offsetMs;
    return true;
  }
}
