/** How far before the detector's first voiced frame the voice is looked for: 240 ms covers Silero's p95 on a clean line. */
const MAX_BACK_FRAMES = 12;
const HISTORY_FRAMES = 32;
/** A voice's beginning and end are where it comes within 26 dB of its loudest frame... */
const BELOW_PEAK = 0.05;
/** ...and stands 6 dB out of what the line has without it. */
const ABOVE_FLOOR = 2;
/** The floor follows a quieter frame at once and a louder one by 1 % a frame: 4.3 dB a second. */
const FLOOR_RISE = 1.01;

/**
 * Finds where a voice really began and ended. A detector says so late: Silero's first certain frame comes 50 ms
 * after the onset and its last one up to 90 ms after the end (medians on clean speech), and figures that start
 * counting there would flatter the node. So the level decides, within the bounds that the detector has drawn.
 * Frames are counted from 0. Allocates nothing.
 */
export class SpeechEdges {
  readonly #levels = new Float64Array(HISTORY_FRAMES);
  readonly #arrivals = new Float64Array(HISTORY_FRAMES);
  #frames = 0;
  #floor = Infinity;
  #peak = 0;
  #following = false;
  /** The first frame in which the voice can be heard, and its arrival. Set by `begin`. */
  onsetFrame = 0;
  onsetArrivedMs = 0;
  /** One past the last frame in which it can be heard, and the arrival of that frame. Kept up while following. */
  offsetFrame = 0;
  offsetArrivedMs = 0;

  /** Takes the level of the next frame, RMS, which arrived at `nowMs`. */
  push(level: number, nowMs: number): void {
    const slot = this.#frames % HISTORY_FRAMES;
    this.#levels[slot] = level;
    this.#arrivals[slot] = nowMs;
    this.#frames++;
    this.#floor = level < this.#floor ? level : Math.max(1, this.#floor * FLOOR_RISE);
    if (!this.#following) return;
    this.#peak = Math.max(this.#peak, level);
    if (level >= this.#threshold()) {
      this.offsetFrame = this.#frames;
      this.offsetArrivedMs = nowMs;
    }
  }

  /** The detector has confirmed speech from `detectedFrame` on; the voice is not looked for before `earliestFrame`. */
  begin(detectedFrame: number, earliestFrame: number): void {
    this.#following = true;
    this.#peak = 0;
    for (let i = Math.max(detectedFrame, this.#frames - HISTORY_FRAMES); i < this.#frames; i++) this.#peak = Math.max(this.#peak, this.#at(i));
    const threshold = this.#threshold();
    const earliest = Math.max(earliestFrame, detectedFrame - MAX_BACK_FRAMES, this.#frames - HISTORY_FRAMES, 0);
    let onset = detectedFrame;
    while (onset > earliest && this.#at(onset - 1) >= threshold) onset--;
    this.onsetFrame = onset;
    this.onsetArrivedMs = this.#arrivals[onset % HISTORY_FRAMES] as number;
    this.offsetFrame = this.#frames;
    this.offsetArrivedMs = this.#arrivals[(this.#frames - 1) % HISTORY_FRAMES] as number;
  }

  /** Whether the newest frame is too far below the loudest one of the utterance that is followed to belong to its voice. */
  get isFaint(): boolean {
    return this.#following && this.#at(this.#frames - 1) < this.#peak * BELOW_PEAK;
  }

  /** The utterance is over. */
  end(): void {
    this.#following = false;
  }

  reset(): void {
    this.#frames = 0;
    this.#floor = Infinity;
    this.#following = false;
  }

  #threshold(): number {
    // A voice that never pauses lifts the floor in the end; it must not cut into the voice itself.
    return Math.max(this.#peak * BELOW_PEAK, Math.min(this.#floor * ABOVE_FLOOR, this.#peak / ABOVE_FLOOR));
  }

  #at(frame: number): number {
    return this.#levels[frame % HISTORY_FRAMES] as number;
  }
}
