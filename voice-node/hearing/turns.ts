import { FRAME_MS } from '../domain/audio.js';
import { VoiceNodeError } from '../domain/errors.js';
import type { SpeechRule } from '../domain/speech.js';

/** How runs of speech become utterances. Times are rounded up to whole frames of 20 ms. */
export interface TurnOptions {
  /** Speech with fewer voiced ms than this is dropped, 0 to 2000. */
  readonly minSpeechMs: number;
  /** Silence that ends an utterance, 20 to 5000 ms. */
  readonly minSilenceMs: number;
  /** What an utterance holds from before its first voiced frame, 0 to 2000 ms. */
  readonly preRollMs: number;
  /** What it holds from after its last voiced frame, 0 to 2000 ms, as far as the silence was waited for. */
  readonly tailMs: number;
  /** The longest utterance with its pre-roll, 3000 to 600 000 ms; a longer one is cut into several. */
  readonly maxUtteranceMs: number;
}

/**
 * 500 ms of silence cut few of the pauses inside a sentence (2 % of those of 0.35 to 0.5 s). The pre-roll covers the time that Silero takes
 * to notice: 181 ms at p95 on a clean line, 385 ms with noise 10 dB below the voice.
 */
export const DEFAULT_TURNS: TurnOptions = {
  minSpeechMs: 100,
  minSilenceMs: 500,
  preRollMs: 400,
  tailMs: 200,
  maxUtteranceMs: 60_000,
};

const TURN_LIMITS: Readonly<Record<keyof TurnOptions, readonly [number, number]>> = {
  minSpeechMs: [0, 2000],
  minSilenceMs: [20, 5000],
  preRollMs: [0, 2000],
  tailMs: [0, 2000],
  maxUtteranceMs: [3000, 600_000],
};

/** The defaults with changes. Throws `config_invalid` for a value outside its range. */
export function turnOptions(changes: Partial<TurnOptions> = {}): TurnOptions {
  const options = { ...DEFAULT_TURNS, ...changes };
  for (const [name, [least, most]] of Object.entries(TURN_LIMITS)) {
    const value = options[name as keyof TurnOptions];
    if (!(value >= least && value <= most)) {
      throw new VoiceNodeError('config_invalid', `${name}: expected ${least} to ${most} ms, got ${value}`);
    }
  }
  return options;
}

/** What a frame changed. `truncated` is an end as well: the utterance reached its longest length. */
export type TurnChange = 'none' | 'started' | 'ended' | 'truncated' | 'dropped';

export const framesIn = (durationMs: number): number => Math.ceil(durationMs / FRAME_MS);

/**
 * Hysteresis: makes turns of probabilities, one for each 20 ms frame. Frames are counted from 0; a span of
 * frames runs from its first to the one after its last. Pure, and allocates nothing.
 */
export class Turns {
  /** The first voiced frame of the current or last run. */
  onsetFrame = 0;
  /** When that frame arrived, as given to `push`. */
  onsetArrivedMs = 0;
  /** One past the last voiced frame. */
  offsetFrame = 0;
  offsetArrivedMs = 0;
  /** The utterance's audio: the voiced run with pre-roll and tail. `endFrame` holds once it has ended. */
  startFrame = 0;
  endFrame = 0;
  /** Voiced frames in the run. */
  voicedFrames = 0;

  private readonly rule: SpeechRule;
  private readonly options: TurnOptions;
  private readonly historyFrames: number;
  private readonly probabilities: Float64Array;
  private readonly arrivals: Float64Array;
  /** Silence that ends the utterance now; may be changed while it goes on. In ms. */
  silenceMs: number;
  private robotSpeaking = false;
  private speaking = false;
  private frames = 0;
  /** Nothing before this frame counts towards the next start. */
  private freshFrame = 0;
  /** No utterance reaches back beyond this frame: before it lies speech that was handed over already. */
  private floorFrame = 0;

  constructor(rule: SpeechRule, options: TurnOptions) {
    this.rule = rule;
    this.options = options;
    this.silenceMs = options.minSilenceMs;
    this.historyFrames = Math.max(rule.startWindow, rule.interruptWindow);
    this.probabilities = new Float64Array(this.historyFrames);
    this.arrivals = new Float64Array(this.historyFrames);
  }

  /** Whether an utterance is going on. */
  get isOpen(): boolean {
    return this.speaking;
  }

  /** Frames since the last voiced one of the current run. */
  get silentFrames(): number {
    return this.frames - this.offsetFrame;
  }

  /** A frame below this probability is silence. */
  get stop(): number {
    return this.rule.stop;
  }

  /** How many frames before the newest one an utterance may have to begin. */
  get lookbackFrames(): number {
    return framesIn(this.options.preRollMs) + this.historyFrames;
  }

  get maxFrames(): number {
    return framesIn(this.options.maxUtteranceMs);
  }

  /** While the robot speaks the rule's `interrupt…` values decide about a start. */
  setRobotSpeaking(on: boolean): void {
    this.robotSpeaking = on;
  }

  /** Takes the probability of the next frame, which arrived at `nowMs`. */
  push(probability: number, nowMs: number): TurnChange {
    const slot = this.frames % this.historyFrames;
    this.probabilities[slot] = probability;
    this.arrivals[slot] = nowMs;
    this.frames++;
    return this.speaking ? this.follow(probability, nowMs) : this.lookForStart(probability, nowMs);
  }

  /** Ends the stream: an open run ends here. */
  flush(): TurnChange {
    return this.speaking ? this.finish(false) : 'none';
  }

  /** Begins a run that the rule has not found, `backFrames` before now. */
  open(backFrames: number): void {
    if (this.speaking || this.frames === 0) return;
    const back = Math.min(backFrames, this.historyFrames, this.frames - this.freshFrame);
    this.speaking = true;
    this.onsetFrame = this.frames - Math.max(1, back);
    this.onsetArrivedMs = this.arrivals[this.onsetFrame % this.historyFrames] as number;
    this.startFrame = Math.max(this.floorFrame, this.onsetFrame - framesIn(this.options.preRollMs));
    this.voicedFrames = this.countFrom(this.onsetFrame, this.rule.stop);
    this.offsetFrame = this.frames;
    this.offsetArrivedMs = this.arrivals[(this.frames - 1) % this.historyFrames] as number;
  }

  /** The current run was nothing: as if it had ended, but nobody is to hear of it. */
  abandon(): void {
    this.speaking = false;
    this.freshFrame = this.frames;
    this.silenceMs = this.options.minSilenceMs;
  }

  reset(): void {
    this.speaking = false;
    this.silenceMs = this.options.minSilenceMs;
    this.frames = 0;
    this.freshFrame = 0;
    this.floorFrame = 0;
  }

  private lookForStart(probability: number, nowMs: number): TurnChange {
    const { rule, robotSpeaking } = this;
    const frames = robotSpeaking ? rule.interruptFrames : rule.startFrames;
    const window = robotSpeaking ? rule.interruptWindow : rule.startWindow;
    const certain = robotSpeaking ? rule.interruptCertain : rule.certain;
    const oldest = Math.max(this.freshFrame, this.frames - window);
    if (probability < certain && this.countFrom(oldest, rule.start) < frames) return 'none';
    this.speaking = true;
    this.onsetFrame = this.onsetFrom(oldest, window - frames);
    this.onsetArrivedMs = this.arrivals[this.onsetFrame % this.historyFrames] as number;
    this.startFrame = Math.max(this.floorFrame, this.onsetFrame - framesIn(this.options.preRollMs));
    this.voicedFrames = this.countFrom(this.onsetFrame, rule.stop);
    this.offsetFrame = this.frames;
    this.offsetArrivedMs = nowMs;
    return 'started';
  }

  private follow(probability: number, nowMs: number): TurnChange {
    if (probability >= this.rule.stop) {
      this.voicedFrames++;
      this.offsetFrame = this.frames;
      this.offsetArrivedMs = nowMs;
    } else if (this.frames - this.offsetFrame >= framesIn(this.silenceMs)) {
      return this.finish(false);
    }
    return this.frames - this.startFrame >= this.maxFrames ? this.finish(true) : 'none';
  }

  private finish(truncated: boolean): TurnChange {
    this.speaking = false;
    this.freshFrame = this.frames;
    if (this.voicedFrames * FRAME_MS < this.options.minSpeechMs) return 'dropped';
    this.endFrame = Math.min(this.frames, this.offsetFrame + framesIn(this.options.tailMs));
    // What follows a cut goes on exactly there. After a pause the next pre-roll may overlap this tail:
    // it holds no voice, and what the detector noticed late belongs to the next utterance.
    this.floorFrame = truncated ? this.endFrame : this.offsetFrame;
    return truncated ? 'truncated' : 'ended';
  }

  /** How many frames from `frame` on reach `level`. */
  private countFrom(frame: number, level: number): number {
    let count = 0;
    for (let i = frame; i < this.frames; i++) if (this.at(i) >= level) count++;
    return count;
  }

  /** The oldest voiced frame from `oldest` on such that no more than `gaps` frames from it to now are unvoiced. */
  private onsetFrom(oldest: number, gaps: number): number {
    let onset = this.frames - 1;
    let unvoiced = 0;
    for (let i = onset; i >= oldest && unvoiced <= gaps; i--) {
      if (this.at(i) >= this.rule.stop) onset = i;
      else unvoiced++;
    }
    return onset;
  }

  private at(frame: number): number {
    return this.probabilities[frame % this.historyFrames] as number;
  }
}
