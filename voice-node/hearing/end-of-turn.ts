import { FRAME_MS, type CallRateHz } from '../domain/audio.js';
import { VoiceNodeError } from '../domain/errors.js';
import { scoreOf } from './ending-score.js';
import { Prosody, type Ending } from './prosody.js';
import { Phrases, UNFINISHED_WORDS, type Phrase } from './unfinished.js';

/** How long a silence has to be before the caller counts as having finished. In ms. */
export interface EndOfTurnOptions {
  /** Where nothing tells whether the caller has finished. */
  readonly silenceMs: number;
  /** The bounds: never shorter, however finished it sounds, 20 to 5000; never longer. */
  readonly minSilenceMs: number;
  readonly maxSilenceMs: number;
  /** What a unit of the score is worth: how much sooner a turn ends for e-fold odds that it is over. 0: never. */
  readonly msPerUnit: number;
  /** A partial transcript that ends in one of these is not finished. */
  readonly unfinishedWords: readonly string[];
  /** Whether there is a TurnModel to ask, and how long its answer may take. */
  readonly modelWaitMs: number | undefined;
}

/** On the tune half: the median delay of a fixed silence of 500 ms, and the fewest pauses cut at that. */
export const DEFAULT_END_OF_TURN: EndOfTurnOptions = {
  silenceMs: 500,
  minSilenceMs: 460,
  maxSilenceMs: 1400,
  msPerUnit: 600,
  unfinishedWords: UNFINISHED_WORDS,
  modelWaitMs: undefined,
};

/** The defaults with changes. Throws `config_invalid` for bounds that are none. */
export function endOfTurnOptions(changes: Partial<EndOfTurnOptions> = {}): EndOfTurnOptions {
  const options = { ...DEFAULT_END_OF_TURN, ...changes };
  const { minSilenceMs, silenceMs, maxSilenceMs, msPerUnit, modelWaitMs } = options;
  if (!(minSilenceMs >= 20 && minSilenceMs <= silenceMs && silenceMs <= maxSilenceMs && maxSilenceMs <= 5000)) {
    throw new VoiceNodeError('config_invalid', `end of turn: expected 20 <= minSilenceMs <= silenceMs <= maxSilenceMs <= 5000, got ${minSilenceMs}, ${silenceMs}, ${maxSilenceMs}`);
  }
  if (!(msPerUnit >= 0 && msPerUnit <= 2000)) throw new VoiceNodeError('config_invalid', `end of turn: expected msPerUnit 0 to 2000, got ${msPerUnit}`);
  if (modelWaitMs !== undefined && !(modelWaitMs > 0 && modelWaitMs <= 2000)) {
    throw new VoiceNodeError('config_invalid', `end of turn: expected modelWaitMs above 0 to 2000, got ${modelWaitMs}`);
  }
  return options;
}

/** The silence that ends a turn whose log odds of being over are `score`, in ms. */
export const silenceOf = (score: number, { silenceMs, msPerUnit, minSilenceMs, maxSilenceMs }: EndOfTurnOptions): number =>
  Math.min(maxSilenceMs, Math.max(minSilenceMs, silenceMs - msPerUnit * score));

/** The voice before a pause is judged once it has been silent for 60 ms: a stop's closure is shorter. */
const JUDGED_FRAMES = 3;
/** The model hears the end of the voice and a little silence. */
const ASKED_FRAMES = 10;
/** Words that the caller has since talked on from say nothing about this pause: 300 ms of voice. */
const STALE_FRAMES = 15;
/**
 * While it is loud again the turn does not end, for 120 ms: a detector is certain of the next word 60 to 180 ms after its
 * beginning, and an answer that comes just then is the worst.
 */
const HELD_FRAMES = 6;
/**
 * What words weigh, in units of the score (log odds): chosen, not fitted, for want of transcripts of hesitating callers.
 * A last word that goes with anything speaks for the end a little: half of the pauses inside a turn come after one that
 * does not.
 */
const WORDS: Readonly<Record<Phrase, number>> = { unfinished: -2.5, open: 0.5, finished: 1.5 };
/** What a recogniser has closed by itself it will not add to. */
const CLOSED = 1;
/** A model is never surer than this. */
const MOST_LOG_ODDS = 4;

/**
 * Decides, while an utterance goes on, how long a silence will end it. The score is the log odds that the turn is over:
 * by the sound of the voice before the pause (or the TurnModel's word, which has heard the same and more), and by the
 * words. The silence is
 *
 *   silenceMs - msPerUnit * score, within the bounds,
 *
 * which is what waiting is worth if pauses last exponentially long with mean msPerUnit: at time t of a pause the odds
 * that it is only a pause have shrunk by exp(-t / msPerUnit), and the turn ends where they reach the same value for
 * every score. Pure; counts frames.
 */
export class EndOfTurn {
  readonly #options: EndOfTurnOptions;
  readonly #prosody: Prosody;
  readonly #phrases: Phrases;
  #silent = 0;
  /** Loud frames in a row, in the silence. */
  #loud = 0;
  #ending: Ending | undefined;
  #wordScore = 0;
  #voicedSinceWords = 0;
  #modelScore: number | undefined;
  #modelAsked = false;

  constructor(options: EndOfTurnOptions, rateHz: CallRateHz) {
    this.#options = options;
    this.#prosody = new Prosody(rateHz);
    this.#phrases = new Phrases(options.unfinishedWords);
  }

  /** An utterance begins. What is known of the speaker stays. */
  begin(): void {
    this.#prosody.begin();
    this.#goOn();
    this.#wordScore = 0;
  }

  /** Takes every 20 ms of the call, borrowed; `voiced`: the detector's probability reaches its rule's `stop`. */
  push(frame: Int16Array, voiced: boolean): void {
    this.#prosody.push(frame, voiced);
    if (voiced) {
      this.#goOn();
      if (++this.#voicedSinceWords >= STALE_FRAMES) this.#wordScore = 0;
      return;
    }
    this.#silent++;
    this.#loud = this.#prosody.loud ? this.#loud + 1 : 0;
    if (this.#silent === JUDGED_FRAMES) this.#ending = this.#prosody.ending(this.#silent);
    if (this.#silent === ASKED_FRAMES) this.#modelAsked = this.#options.modelWaitMs !== undefined;
  }

  /** The words recognised so far in this utterance, in any order with the frames; the newest count. None: no evidence. */
  words(text: string, final: boolean): void {
    const phrase = this.#phrases.judge(text);
    const known = text.trim() !== '';
    this.#wordScore = !known ? 0 : phrase === 'open' && final ? CLOSED : WORDS[phrase];
    this.#voicedSinceWords = 0;
  }

  /** True on the one frame of a pause, 200 ms after the voice, at which the TurnModel is to be asked. */
  get wantsModel(): boolean {
    return this.#modelAsked && this.#silent === ASKED_FRAMES;
  }

  /** The TurnModel's answer about this pause, 0 to 1, or undefined where it had none. Ignored once the caller talks again. */
  modelSays(probability: number | undefined): void {
    if (!this.#modelAsked) return;
    this.#modelAsked = false;
    if (probability === undefined || !(probability >= 0 && probability <= 1)) return;
    this.#modelScore = Math.min(MOST_LOG_ODDS, Math.max(-MOST_LOG_ODDS, Math.log(probability / (1 - probability))));
  }

  /** The silence that ends the utterance as things stand, in ms. */
  get silenceMs(): number {
    const { maxSilenceMs, modelWaitMs } = this.#options;
    const wanted = silenceOf(this.score, this.#options);
    if (this.speaksAgain) return Math.max(wanted, (this.#silent + 1) * FRAME_MS);
    // Whoever has been asked is heard.
    return this.#modelAsked && modelWaitMs !== undefined ? Math.min(maxSilenceMs, Math.max(wanted, ASKED_FRAMES * FRAME_MS + modelWaitMs)) : wanted;
  }

  /** Whether a voice may just be coming back. */
  get speaksAgain(): boolean {
    return this.#loud > 0 && this.#loud <= HELD_FRAMES;
  }

  /** Log odds that the turn is over, against what is usual in a pause. */
  get score(): number {
    const sound = this.#modelScore ?? (this.#ending === undefined ? 0 : scoreOf(this.#ending));
    return sound + this.#wordScore;
  }

  /** How the voice before this pause ended, once that has been judged. */
  get ending(): Ending | undefined {
    return this.#ending;
  }

  /** As new: another caller. */
  reset(): void {
    this.#prosody.reset();
    this.begin();
  }

  #goOn(): void {
    this.#silent = 0;
    this.#loud = 0;
    this.#ending = undefined;
    this.#modelScore = undefined;
    this.#modelAsked = false;
  }
}
