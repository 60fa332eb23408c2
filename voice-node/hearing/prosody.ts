import { FRAME_MS, type CallRateHz } from '../domain/audio.js';
import { levelDbfs } from '../dsp/level.js';
import { PitchTracker } from '../dsp/pitch.js';
import { SpeakerRange, semitonesOf } from './speaker-range.js';

/** How a voice sounded before it fell silent, against what this speaker's voice has been in this call. */
export interface Ending {
  /** Mean level of the last 200 ms of voice above the speaker's mean, in dB; negative where the voice trails off. */
  readonly levelDb: number;
  /** The loudest frame of these 200 ms, likewise. */
  readonly peakDb: number;
  /** The last 100 ms against the voice in the 400 ms before them, in dB: negative where the level falls. */
  readonly fallDb: number;
  /** The last pitch above the bottom of the speaker's range (its 10 % quantile), in semitones; a statement ends near 0. */
  readonly pitchSt: number;
  /** How the pitch moves in the last 300 ms, in semitones per second: falls are negative. */
  readonly slopeStPerS: number;
  /** The last syllable, as far as it is loud and has a pitch, against the speaker's mean one, in octaves: 1 is twice as long. */
  readonly lengthening: number;
  /** Voice in the utterance so far, in ms. */
  readonly voicedMs: number;
}

const RING_FRAMES = 64;
const END_FRAMES = 10;
const LAST_FRAMES = 5;
const FALL_FRAMES = 25;
const SLOPE_FRAMES = 15;
/** The end of a voice is where it was last within 18 dB of its mean... */
const BELOW_MEAN_DB = 18;
/** ...and stood out of the line's noise by 6 dB. */
const ABOVE_FLOOR_DB = 6;
/** The floor follows a quieter frame at once and a louder one by 4.3 dB a second. */
const FLOOR_RISE_DB = (4.3 * FRAME_MS) / 1000;
/** How far before the detector's last voiced frame the end is looked for: it is up to 90 ms late. */
const LATE_FRAMES = 12;
const BOTTOM = 0.1;
/** The middle of a syllable has a pitch and lies no more than this below the speaker's mean level. */
const NUCLEUS_DB = 10;
/** A shorter one is none. */
const MIN_NUCLEUS_FRAMES = 2;
/** How much a new one moves the mean. */
const NUCLEUS_WEIGHT = 0.05;
const USUAL_NUCLEUS_FRAMES = 7;

/**
 * Listens to how somebody speaks: level and pitch of each frame of voice, and of the frames before a pause what they
 * say about whether he has finished. Counts frames; allocates only the `Ending`.
 */
export class Prosody {
  readonly #tracker: PitchTracker;
  readonly #speaker = new SpeakerRange();
  readonly #levels = new Float64Array(RING_FRAMES);
  /** Semitones above 60 Hz, or NaN. */
  readonly #pitches = new Float64Array(RING_FRAMES).fill(Number.NaN);
  readonly #sorted = new Float64Array(END_FRAMES);
  #frames = 0;
  #floor = Infinity;
  #voicedFrames = 0;
  /** Frames of the newest syllable, whether it is still going on, and the mean of those before it. */
  #nucleus = 0;
  #inNucleus = false;
  #meanNucleus = USUAL_NUCLEUS_FRAMES;

  constructor(rateHz: CallRateHz) {
    this.#tracker = new PitchTracker(rateHz);
  }

  /** An utterance begins; what is known of the speaker stays. */
  begin(): void {
    this.#voicedFrames = 0;
  }

  /** Takes the next 20 ms, borrowed; `voiced` is what the detector says of them. */
  push(frame: Int16Array, voiced: boolean): void {
    const slot = this.#frames % RING_FRAMES;
    const level = levelDbfs(frame);
    this.#frames++;
    this.#levels[slot] = level;
    this.#floor = level < this.#floor ? level : this.#floor + FLOOR_RISE_DB;
    this.#tracker.push(frame);
    let pitchHz = 0;
    if (voiced) {
      this.#tracker.measure();
      pitchHz = this.#tracker.pitchHz;
      this.#voicedFrames++;
      // What the detector still takes for voice may be the line already.
      if (level >= this.#threshold()) this.#speaker.level(level);
    }
    this.#pitches[slot] = pitchHz > 0 ? semitonesOf(pitchHz) : Number.NaN;
    this.#follow(pitchHz > 0 && level >= this.#speaker.levelDbfs - NUCLEUS_DB);
    if (pitchHz > 0) this.#speaker.pitch(semitonesOf(pitchHz));
  }

  /** Whether the newest frame is as loud as a voice would be, whatever the detector says of it. */
  get loud(): boolean {
    return this.#speaker.known && this.#levelAt(this.#frames - 1) >= this.#threshold();
  }

  /**
   * How the voice ended whose last voiced frame, as the detector has it, lies `silentFrames` back. Undefined where
   * too little has been heard of this speaker.
   */
  ending(silentFrames: number): Ending | undefined {
    const end = this.#endOf(silentFrames);
    if (!this.#speaker.known || end < FALL_FRAMES || this.#frames - end > RING_FRAMES - FALL_FRAMES - 1) return undefined;
    const mean = this.#speaker.levelDbfs;
    let peak = -Infinity;
    for (let i = end - END_FRAMES; i < end; i++) peak = Math.max(peak, this.#levelAt(i));
    return {
      levelDb: this.#meanLevel(end - END_FRAMES, end, -Infinity) - mean,
      peakDb: peak - mean,
      fallDb: this.#meanLevel(end - LAST_FRAMES, end, -Infinity) - this.#meanLevel(end - FALL_FRAMES, end - LAST_FRAMES, this.#threshold()),
      pitchSt: this.#lastPitch(end),
      slopeStPerS: this.#slope(end),
      lengthening: Math.log2(Math.max(1, this.#nucleus) / this.#meanNucleus),
      voicedMs: this.#voicedFrames * FRAME_MS,
    };
  }

  reset(): void {
    this.#tracker.reset();
    this.#speaker.reset();
    this.#pitches.fill(Number.NaN);
    this.#frames = 0;
    this.#floor = Infinity;
    this.#voicedFrames = 0;
    this.#nucleus = 0;
    this.#inNucleus = false;
    this.#meanNucleus = USUAL_NUCLEUS_FRAMES;
  }

  /** Takes whether the frame lies in the middle of a syllable. */
  #follow(inNucleus: boolean): void {
    if (inNucleus && !this.#inNucleus) {
      if (this.#nucleus >= MIN_NUCLEUS_FRAMES) this.#meanNucleus += NUCLEUS_WEIGHT * (this.#nucleus - this.#meanNucleus);
      this.#nucleus = 0;
    }
    if (inNucleus) this.#nucleus++;
    this.#inNucleus = inNucleus;
  }

  #threshold(): number {
    const mean = this.#speaker.known ? this.#speaker.levelDbfs : -Infinity;
    return Math.max(mean - BELOW_MEAN_DB, Math.min(this.#floor + ABOVE_FLOOR_DB, mean - ABOVE_FLOOR_DB));
  }

  /** One past the last frame in which the voice can be heard. */
  #endOf(silentFrames: number): number {
    const last = this.#frames - silentFrames;
    const threshold = this.#threshold();
    let end = last;
    while (end > Math.max(0, last - LATE_FRAMES) && this.#levelAt(end - 1) < threshold) end--;
    return end;
  }

  /** The median of the last five frames with a pitch, of the ten before `end`, above the bottom of the range. */
  #lastPitch(end: number): number {
    if (!this.#speaker.pitchKnown) return 0;
    const bottom = this.#speaker.pitchAt(BOTTOM);
    let count = 0;
    for (let i = end - 1; i >= end - END_FRAMES && count < LAST_FRAMES; i--) {
      const pitch = this.#pitchAt(i);
      if (!Number.isNaN(pitch)) this.#insert(pitch, count++);
    }
    // A voice without a pitch says nothing about it: the middle of the range.
    return (count < 2 ? this.#speaker.pitchAt(0.5) : (this.#sorted[count >> 1] as number)) - bottom;
  }

  #insert(value: number, count: number): void {
    let at = count;
    while (at > 0 && (this.#sorted[at - 1] as number) > value) {
      this.#sorted[at] = this.#sorted[at - 1] as number;
      at--;
    }
    this.#sorted[at] = value;
  }

  /** The line of least squares through the pitch; 0 where five frames of it are not to be had. */
  #slope(end: number): number {
    let n = 0, sx = 0, sy = 0, sxx = 0, sxy = 0;
    for (let i = end - SLOPE_FRAMES; i < end; i++) {
      const y = this.#pitchAt(i);
      if (Number.isNaN(y)) continue;
      const x = ((i - end) * FRAME_MS) / 1000;
      n++;
      sx += x;
      sy += y;
      sxx += x * x;
      sxy += x * y;
    }
    return n < 5 ? 0 : (n * sxy - sx * sy) / (n * sxx - sx * sx);
  }

  /** Of the frames that are not below `least`; where there is none, `least`. */
  #meanLevel(from: number, to: number, least: number): number {
    let sum = 0;
    let count = 0;
    for (let i = from; i < to; i++) {
      if (this.#levelAt(i) < least) continue;
      sum += this.#levelAt(i);
      count++;
    }
    return count === 0 ? least : sum / count;
  }

  #levelAt(frame: number): number {
    return this.#levels[frame % RING_FRAMES] as number;
  }

  #pitchAt(frame: number): number {
    return this.#pitches[frame % RING_FRAMES] as number;
  }
}
