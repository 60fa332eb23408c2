/** How long the streams have to stand differently, in frames, before that is believed: more than any jitter. */
const PATIENCE = 50;
/** From this many frames on something was lost or inserted in one of them: a muted microphone, a stalled network. */
const LEAP_FRAMES = 10;
const LEAP_PATIENCE = 5;

/**
 * How the far stream's frames stand to the near stream's. Both are counted, not timed, so jitter does not move
 * them; but a clock that drifts and frames that never came do, in the end. Kept by the smallest and the largest
 * difference seen of late.
 */
export class StreamLead {
  /** Far frame that was newest when near frame 0 came. */
  frames = 0;
  private known = false;
  private least = Infinity;
  private most = -Infinity;
  private seen = 0;

  /** A near frame came: `difference` is the newest far frame's number less its own. Returns by how much the lead moved. */
  push(difference: number): number {
    if (!this.known) {
      this.known = true;
      this.frames = difference;
      return 0;
    }
    const off = difference - this.frames;
    this.least = Math.min(this.least, off);
    this.most = Math.max(this.most, off);
    this.seen++;
    const leapt = this.least >= LEAP_FRAMES || this.most <= -LEAP_FRAMES;
    if (this.seen < (leapt ? LEAP_PATIENCE : PATIENCE)) return 0;
    const moved = this.least >= 2 ? this.least : this.most <= -1 ? this.most : 0;
    this.frames += moved;
    this.restart();
    return moved;
  }

  reset(): void {
    this.known = false;
    this.frames = 0;
    this.restart();
  }

  private restart(): void {
    this.least = Infinity;
    this.most = -Infinity;
    this.seen = 0;
  }
}

/** Whether a move of the lead means that frames were lost, rather than that a clock drifts. */
export const isLeap = (frames: number): boolean => Math.abs(frames) >= LEAP_FRAMES;
