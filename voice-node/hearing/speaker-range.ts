import { MAX_PITCH_HZ, MIN_PITCH_HZ } from '../dsp/pitch.js';

const SEMITONE_BINS = 2;
/** The range of the tracker, in half semitones. */
const BINS = Math.ceil(12 * Math.log2(MAX_PITCH_HZ / MIN_PITCH_HZ) * SEMITONE_BINS) + 1;
/** After a minute of voice the older half of what is known counts half. */
const MOST_FRAMES = 3000;
/** Half a second of voice says how loud and how high somebody speaks. */
const KNOWN_FRAMES = 25;

/** A pitch in semitones above 60 Hz. */
export const semitonesOf = (pitchHz: number): number => 12 * Math.log2(pitchHz / MIN_PITCH_HZ);

/** How high and how loud one speaker has spoken so far in this call. Allocates nothing. */
export class SpeakerRange {
  readonly #pitches = new Float64Array(BINS);
  #pitched = 0;
  #levelSum = 0;
  #levelled = 0;

  /** Takes a frame of voice: its level in dBFS. */
  level(dbfs: number): void {
    if (this.#levelled >= MOST_FRAMES) {
      this.#levelSum /= 2;
      this.#levelled /= 2;
    }
    this.#levelSum += dbfs;
    this.#levelled++;
  }

  /** Takes the pitch of a frame of voice, in semitones above 60 Hz. */
  pitch(semitones: number): void {
    if (this.#pitched >= MOST_FRAMES) {
      for (let i = 0; i < BINS; i++) this.#pitches[i] = (this.#pitches[i] as number) / 2;
      this.#pitched /= 2;
    }
    const bin = Math.min(BINS - 1, Math.max(0, Math.round(semitones * SEMITONE_BINS)));
    this.#pitches[bin] = (this.#pitches[bin] as number) + 1;
    this.#pitched++;
  }

  /** Whether there has been enough voice for the figures to mean something. */
  get known(): boolean {
    return this.#levelled >= KNOWN_FRAMES;
  }

  get pitchKnown(): boolean {
    return this.#pitched >= KNOWN_FRAMES;
  }

  /** Mean level of the frames of voice, in dBFS. */
  get levelDbfs(): number {
    return this.#levelSum / Math.max(1, this.#levelled);
  }

  /** The pitch that `share` (0 to 1) of the frames do not exceed, in semitones above 60 Hz, to a half. */
  pitchAt(share: number): number {
    let rest = share * this.#pitched;
    let bin = 0;
    while (bin < BINS - 1 && (rest -= this.#pitches[bin] as number) > 0) bin++;
    return bin / SEMITONE_BINS;
  }

  reset(): void {
    this.#pitches.fill(0);
    this.#pitched = 0;
    this.#levelSum = 0;
    this.#levelled = 0;
  }
}
