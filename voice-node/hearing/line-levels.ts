/** The floor follows a quieter frame within a few of them, and a louder one by 3 dB a second, in frames of 20 ms. */
const FLOOR_FALL = 0.3;
const FLOOR_RISE = 10 ** ((3 * 0.02) / 20);
/** Time constant of the caller's level, in frames of his voice: 1 s. */
const SPEECH_FRAMES = 50;
/** Frames of voice after which his level is known well enough to compare with: 0.4 s. */
const KNOWN_FRAMES = 20;

/**
 * How loud the line is without a voice, and how loud this caller speaks: what tells him from somebody at the
 * other end of the room. RMS in int16 units. Allocates nothing.
 */
export class LineLevels {
  #floor = Infinity;
  #power = 0;
  #voiced = 0;

  /** The noise floor; at least 1. */
  get floorRms(): number {
    return this.#floor === Infinity ? 1 : Math.max(1, this.#floor);
  }

  /** The caller's level while he speaks, or undefined before he has said enough. */
  get speechRms(): number | undefined {
    return this.#voiced < KNOWN_FRAMES ? undefined : Math.sqrt(this.#power);
  }

  /** The next frame; `voiced`: the caller's voice is certainly in it. */
  push(rms: number, voiced: boolean): void {
    this.#floor = rms < this.#floor ? (this.#floor === Infinity ? rms : this.#floor + FLOOR_FALL * (rms - this.#floor)) : Math.min(rms, Math.max(1, this.#floor) * FLOOR_RISE);
    if (!voiced) return;
    this.#voiced++;
    this.#power += (rms * rms - this.#power) / Math.min(this.#voiced, SPEECH_FRAMES);
  }

  reset(): void {
    this.#floor = Infinity;
    this.#power = 0;
    this.#voiced = 0;
  }
}
