/**
 * Which windows are worth showing to the net, and when its memory has to be wiped.
 *
 * The gate is there for the state more than for the CPU. A recurrent net that has listened to three seconds
 * of music or keyboard noise stays convinced for a while that nothing here is speech and misses the beginning
 * of the next turn. So the state goes back to a known silent one when an energetic passage ends in which the
 * net found no speech, and only then: a reset by the clock would fall into the middle of words.
 *
 * Level rule: the noise floor f follows the window's RMS r down quickly, f' = 0.7 f + 0.3 r, and up by
 * 3 dB/s at most, f' = min(r, f * 10^(3 T / 20)) with T the window in seconds. A window is energetic when
 * r > ratio * f and r >= minRms; the gate stays open for `hangMs` after the last energetic window.
 */
export interface GateOptions {
  /** False: every window runs and nothing is ever reset. For lines that hear hold music for minutes. */
  readonly enabled: boolean;
  /** How far above the noise floor a window has to be, as a ratio of RMS values. */
  readonly ratio: number;
  /** Nothing below this RMS opens the gate, in int16 units. */
  readonly minRms: number;
  readonly hangMs: number;
  /** How many of the windows skipped just before the opening the net gets to hear after all, 0 to 8. */
  readonly replayWindows: number;
  /** From how many windows with p >= 0.5 on an energetic passage counts as speech. */
  readonly speechWindows: number;
  /** How long the net goes on listening after a passage with speech, in ms. */
  readonly runAfterSpeechMs: number;
}

/** Chosen on the labelled set's half `tune`: see docs/hearing.md. */
export const DEFAULT_GATE: GateOptions = {
  enabled: true,
  ratio: 2.5,
  minRms: 20,
  hangMs: 320,
  replayWindows: 3,
  speechWindows: 4,
  runAfterSpeechMs: 1000,
};

const FLOOR_RISE_DB_PER_S = 3;
const FLOOR_FALL = 0.3;
const SPEECH_P = 0.5;

/** One per call. Pure: a function of the windows it was given. Allocates nothing. */
export class Gate {
  private readonly options: GateOptions;
  private readonly hangWindows: number;
  private readonly runAfterWindows: number;
  private readonly rise: number;
  private floor = 0;
  private hang = 0;
  private open = false;
  private voiced = 0;
  private sinceClosed = 0;
  private followsSpeech = false;
  private skipped = 0;
  private runs = false;
  private wipes = false;
  private catchUp = 0;

  /** `windowMs` is the length of the windows that `next` is told about. */
  constructor(options: GateOptions, windowMs: number) {
    this.options = options;
    this.hangWindows = Math.round(options.hangMs / windowMs);
    this.runAfterWindows = Math.round(options.runAfterSpeechMs / windowMs);
    this.rise = 10 ** ((FLOOR_RISE_DB_PER_S * windowMs) / 1000 / 20);
    this.clear();
  }

  /** Whether the net is to run on the window last given to `next`. */
  get active(): boolean {
    return this.runs;
  }

  /** Whether the net's state has to go back to silence, before anything else. */
  get reset(): boolean {
    return this.wipes;
  }

  /** How many windows before this one the net has to catch up with first. */
  get replay(): number {
    return this.catchUp;
  }

  /** Decides about the next window by its RMS in int16 units. */
  next(rms: number): void {
    this.wipes = false;
    this.catchUp = 0;
    if (!this.options.enabled) {
      this.runs = true;
      return;
    }
    this.follow(rms);
    if (this.hang > 0) {
      this.hang--;
      this.listen();
    } else {
      this.rest();
    }
  }

  /** What the net said about the window, where it ran. */
  heard(probability: number): void {
    if (this.open && probability >= SPEECH_P) this.voiced++;
  }

  clear(): void {
    this.floor = this.options.minRms / this.options.ratio;
    this.hang = 0;
    this.open = false;
    this.voiced = 0;
    this.sinceClosed = 0;
    this.followsSpeech = false;
    this.skipped = 0;
    this.runs = !this.options.enabled;
    this.wipes = false;
    this.catchUp = 0;
  }

  private follow(rms: number): void {
    const level = Math.max(1, rms);
    this.floor =
      level < this.floor ? this.floor + FLOOR_FALL * (level - this.floor) : Math.min(level, this.floor * this.rise);
    if (level > this.floor * this.options.ratio && level >= this.options.minRms) this.hang = this.hangWindows + 1;
  }

  private listen(): void {
    this.runs = true;
    if (!this.open) {
      this.open = true;
      this.voiced = 0;
      this.catchUp = Math.min(this.options.replayWindows, this.skipped);
    }
    this.skipped = 0;
  }

  private rest(): void {
    if (this.open) {
      this.open = false;
      this.sinceClosed = 0;
      this.followsSpeech = this.voiced >= this.options.speechWindows;
      this.wipes = !this.followsSpeech;
    }
    this.sinceClosed++;
    this.runs = this.followsSpeech && this.sinceClosed <= this.runAfterWindows;
    this.skipped = this.runs ? 0 : this.skipped + 1;
  }
}
