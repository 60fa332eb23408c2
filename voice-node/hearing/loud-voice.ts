import type { CallRateHz } from '../domain/audio.js';
import { PitchTracker } from '../dsp/pitch.js';

/** Within 12 dB of the caller's level... */
const NEAR_RATIO = 0.25;
/** ...or, where that is not known yet, -40 dBFS. */
const NEAR_RMS = 330;
/** Chosen on the tune half of the labelled set. A voice has a period; a cough, a key and a door have none, or not for long. */
const PERIODIC = 0.5;
const WINDOW_FRAMES = 8;
const VOICED_FRAMES = 3;

/**
 * Hears a voice by its level and its pitch, before the detector is sure: 60 ms of something periodic, nearly as loud as the
 * caller, within 160 ms. Too little to interrupt a robot for good, enough to make it hold its breath. Allocates nothing.
 */
export class LoudVoice {
  readonly #tracker: PitchTracker;
  readonly #voiced = new Uint8Array(WINDOW_FRAMES);
  #frames = 0;
  #count = 0;

  constructor(rateHz: CallRateHz) {
    this.#tracker = new PitchTracker(rateHz);
  }

  /** There is such a voice. */
  get isHeard(): boolean {
    return this.#count >= VOICED_FRAMES;
  }

  /** The newest frame belongs to it. */
  get isNow(): boolean {
    return this.#frames > 0 && this.#voiced[(this.#frames - 1) % WINDOW_FRAMES] === 1;
  }

  /** The next frame and its level; `speechRms`: the caller's, where it is known. */
  push(frame: Int16Array, rms: number, speechRms: number | undefined, echo: boolean): void {
    this.#tracker.push(frame);
    const loud = !echo && rms >= (speechRms === undefined ? NEAR_RMS : speechRms * NEAR_RATIO);
    if (loud) this.#tracker.measure();
    const slot = this.#frames++ % WINDOW_FRAMES;
    const voiced = loud && this.#tracker.strength >= PERIODIC ? 1 : 0;
    this.#count += voiced - (this.#voiced[slot] as number);
    this.#voiced[slot] = voiced;
  }

  reset(): void {
    this.#voiced.fill(0);
    this.#count = 0;
    this.#frames = 0;
  }
}
