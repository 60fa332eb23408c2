import { FRAME_MS } from '../../domain/audio.js';
import { rms } from '../../dsp/level.js';

/** Quieter than the loudest frame of the utterance by this much (20 dB): the caller is not speaking. */
const BELOW_LOUDEST = 0.1;

/**
 * Tells a pause from the middle of a word, long before hearing is sure that the utterance is over. Only for
 * guesses that may be wrong: in loud noise it finds no pause at all. Allocates nothing.
 */
export class Pause {
  #loudest = 0;
  #quietFrames = 0;

  hear(frame: Int16Array): void {
    const level = rms(frame);
    this.#loudest = Math.max(this.#loudest, level);
    this.#quietFrames = level < this.#loudest * BELOW_LOUDEST || level === 0 ? this.#quietFrames + 1 : 0;
  }

  /** How long the caller has been quiet. */
  get lastsMs(): number {
    return this.#quietFrames * FRAME_MS;
  }
}
