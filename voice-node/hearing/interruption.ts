import { FRAME_MS } from '../domain/audio.js';
import { VoiceNodeError } from '../domain/errors.js';
import type { CallRateHz } from '../domain/audio.js';
import type { DismissReason } from '../domain/speech.js';
import type { LineLevels } from './line-levels.js';
import { LoudVoice } from './loud-voice.js';
import type { Turns, TurnChange } from './turns.js';
import { kindOfWords, type InterruptionWords } from './words.js';

/** When a sound that comes while the robot speaks counts as an interruption. */
export interface ConfirmOptions {
  /** Voice of this length is an interruption whatever it says, 100 to 3000 ms. "Uh-huh" is shorter. */
  readonly meantMs: number;
  /** Silence after a shorter one before the robot goes on, 40 to 2000 ms. */
  readonly resumeMs: number;
  /** The robot raises its voice again when nothing suspicious was heard for so long, 40 to 2000 ms. */
  readonly unduckMs: number;
  /** Voices this far below the caller's usual level are somebody else's, -60 to 0 dB. */
  readonly farDb: number;
  /** A short word this much above his usual level is meant: "Stop!", 0 to 40 dB. */
  readonly loudDb: number;
  readonly words: InterruptionWords;
}

/** Chosen on the tune half of the labelled set: no sentence was taken for a backchannel. */
export const DEFAULT_CONFIRM: Omit<ConfirmOptions, 'words'> = { meantMs: 800, resumeMs: 300, unduckMs: 160, farDb: -18, loudDb: 6 };

const LIMITS: Readonly<Record<keyof typeof DEFAULT_CONFIRM, readonly [number, number]>> = {
  meantMs: [100, 3000],
  resumeMs: [40, 2000],
  unduckMs: [40, 2000],
  farDb: [-60, 0],
  loudDb: [0, 40],
};

/** Throws `config_invalid` for a value outside its range. */
export function confirmOptions(changes: Partial<ConfirmOptions>, words: InterruptionWords): ConfirmOptions {
  const options = { ...DEFAULT_CONFIRM, words, ...changes };
  for (const [name, [least, most]] of Object.entries(LIMITS)) {
    const value = options[name as keyof typeof DEFAULT_CONFIRM];
    if (!(value >= least && value <= most)) throw new VoiceNodeError('config_invalid', `${name}: expected ${least} to ${most}, got ${value}`);
  }
  return options;
}

/** What a frame led to. `held` is speech, tentatively; `meant` and `dismissed` end what was suspected or held. */
export type Verdict = 'none' | 'suspected' | 'held' | 'meant' | 'dismissed';

/** A frame may be the beginning of speech from this probability on... */
const SUSPICIOUS_P = 0.3;
/** ...or when two in a row stand 12 dB out of the line's noise, at a level at which anybody is understood: -52 dBFS. */
const SUSPICIOUS_RATIO = 4;
const SUSPICIOUS_RMS = 82;
const SUSPICIOUS_FRAMES = 2;
/** What goes on for so long without becoming speech is a noise, until it has paused. */
const LONGEST_SUSPICION_MS = 800;
/** A reply is held this long for a voice of which the detector takes less than a share for speech. */
const LONGEST_UNSURE_MS = 1600;
const SURE_SHARE = 0.25;
/** Before the caller's level is known, a voice has to be this loud: -48 dBFS. */
const LEAST_RMS = 130;

/** One recognised word that is no backchannel is meant when it is this long, as a share of `meantMs`: recognisers make a word of "uh-huh". */
const WORD_SHARE = 0.6;

const ratioOf = (db: number): number => 10 ** (db / 20);
const framesIn = (ms: number): number => Math.ceil(ms / FRAME_MS);

/**
 * Decides what is an interruption, while the robot speaks. In three steps, each of which costs the caller less than the next
 * would if it were wrong: anything that may be speech is *suspected* at once, and the robot lowers its voice; what
 * the detector takes for speech at the level of this caller is *held*: the robot is silent and waits; what goes on,
 * is loud, or says something is *meant*. A cough or a door ends at the first step, "uh-huh" at the second.
 *
 * Backchannels are short: the median of "mm-hm" and "yeah" in telephone speech is about 0.4 s, and few are longer than
 * 0.7 s (N. Ward, W. Tsukahara, "Prosodic features which cue back-channel responses", J. Pragmatics 32, 2000).
 *
 * A function of the frames it is given. Allocates nothing per frame.
 */
export class InterruptionJudge {
  /** Why what was suspected or held is dismissed. Set with that verdict. */
  reason: DismissReason = 'noise';
  readonly #options: ConfirmOptions;
  readonly #levels: LineLevels;
  readonly #voice: LoudVoice;
  #state: 'idle' | 'suspected' | 'held' | 'over' = 'idle';
  #loud = 0;
  /** Frames since it began to be suspected, or held, and since the last one that fed that. */
  #age = 0;
  #calm = 0;
  /** A noise that went on for too long: nothing is suspected by level until it has paused. */
  #weary = false;
  #echoes = 0;
  #speechPower = 0;
  #speechFrames = 0;
  #certain = 0;
  #saidMeant = false;
  #saidBackchannel = false;
  #saidWord = false;

  constructor(options: ConfirmOptions, levels: LineLevels, rateHz: CallRateHz) {
    this.#voice = new LoudVoice(rateHz);
    this.#options = options;
    this.#levels = levels;
  }

  /** Whether the reply waits for a verdict. */
  get isHolding(): boolean {
    return this.#state === 'held';
  }

  get isSuspicious(): boolean {
    return this.#state === 'suspected';
  }

  /** The robot begins, or has finished; what was under way is forgotten. */
  reset(): void {
    this.#state = 'idle';
    this.#loud = 0;
    this.#weary = false;
    this.#voice.reset();
    this.#clear();
  }

  /** What the caller has said so far in the utterance that is held, as far as it was recognised. */
  words(text: string): void {
    if (this.#state !== 'held') return;
    const kind = kindOfWords(text, this.#options.words);
    this.#saidMeant = kind === 'meant';
    this.#saidBackchannel = kind === 'backchannel';
    this.#saidWord = kind === 'word';
  }

  /**
   * The next frame, borrowed, its probability and level, whether it is the robot's own echo, what it changed in `turns`.
   */
  push(frame: Int16Array, probability: number, rms: number, echo: boolean, change: TurnChange, turns: Turns): Verdict {
    this.#voice.push(frame, rms, this.#levels.speechRms, echo);
    if (echo) this.#echoes++;
    const suspicious = this.#looksSuspicious(probability, rms, echo);
    if (turns.isOpen && probability >= turns.stop) this.#speaks(probability, rms);
    // A run that was never loud enough for this caller: the next one is judged by itself.
    if (!turns.isOpen && this.#state !== 'held') this.#speechFrames = this.#speechPower = this.#certain = 0;
    switch (this.#state) {
      case 'over':
        // Meant: the rest belongs to the turn, until the robot has been told.
        return 'none';
      case 'held':
        return this.#hold(probability, change, turns);
      case 'suspected':
        return this.#mayHold(turns) ? 'held' : this.#suspect(suspicious, turns);
      case 'idle':
        if (this.#mayHold(turns)) return 'held';
        if (!suspicious) return 'none';
        this.#clear();
        if (echo) this.#echoes++;
        this.#state = 'suspected';
        return 'suspected';
    }
  }

  #looksSuspicious(probability: number, rms: number, echo: boolean): boolean {
    const { floorRms } = this.#levels;
    const loud = !echo && rms >= SUSPICIOUS_RMS && rms >= SUSPICIOUS_RATIO * floorRms;
    this.#loud = loud ? this.#loud + 1 : 0;
    if (!loud) this.#weary = false;
    if (echo) return false;
    return probability >= SUSPICIOUS_P || (this.#loud >= SUSPICIOUS_FRAMES && !this.#weary);
  }

  #speaks(probability: number, rms: number): void {
    this.#speechFrames++;
    this.#speechPower += rms * rms;
    this.#certain += probability;
  }

  /** Whether what the detector takes for speech is loud enough to be this caller's. */
  #mayHold(turns: Turns): boolean {
    if (!turns.isOpen && this.#voice.isHeard && !this.#weary) return this.#holdUnsure(turns);
    if (!turns.isOpen || this.#speechFrames === 0) return false;
    const { speechRms } = this.#levels;
    const least = speechRms === undefined ? LEAST_RMS : Math.max(LEAST_RMS / 2, speechRms * ratioOf(this.#options.farDb));
    if (Math.sqrt(this.#speechPower / this.#speechFrames) < least) return false;
    return this.#begin();
  }

  /** The detector is not sure, but somebody as loud as the caller says something. */
  #holdUnsure(turns: Turns): boolean {
    turns.open(Math.max(1, this.#age));
    return this.#begin();
  }

  #begin(): true {
    this.#state = 'held';
    this.#age = 0;
    this.#calm = 0;
    return true;
  }

  #suspect(suspicious: boolean, turns: Turns): Verdict {
    this.#age++;
    this.#calm = suspicious ? 0 : this.#calm + 1;
    const tooLong = this.#age >= framesIn(LONGEST_SUSPICION_MS) && !turns.isOpen;
    if (!tooLong && this.#calm < framesIn(this.#options.unduckMs)) return 'none';
    this.#weary = tooLong;
    return this.#dismiss(this.#echoes > this.#age / 2 ? 'echo' : 'noise');
  }

  #hold(probability: number, change: TurnChange, turns: Turns): Verdict {
    const { meantMs, resumeMs } = this.#options;
    this.#age++;
    this.#calm = probability >= turns.stop || this.#voice.isNow ? 0 : this.#calm + 1;
    if (change === 'dropped') return this.#tire();
    const leastMs = this.#saidWord ? WORD_SHARE * meantMs : meantMs;
    const long = turns.voicedFrames * FRAME_MS >= leastMs && !this.#saidBackchannel;
    if (change === 'ended' || change === 'truncated' || long || this.#saidMeant) return this.#mean();
    // What sounds like a voice to nobody but us is music.
    if (this.#age >= framesIn(LONGEST_UNSURE_MS) && turns.voicedFrames * FRAME_MS < this.#age * FRAME_MS * SURE_SHARE) return this.#tire();
    if (this.#calm < framesIn(resumeMs)) return 'none';
    if (!this.#saidBackchannel && this.#isLoud()) return this.#mean();
    const unsure = this.#certain / Math.max(1, this.#speechFrames) < 0.6;
    return this.#dismiss(unsure && !this.#saidBackchannel ? 'noise' : 'backchannel');
  }

  /** It was nothing, and goes on: not again before it has paused. */
  #tire(): Verdict {
    this.#weary = true;
    return this.#dismiss('noise');
  }

  #isLoud(): boolean {
    const { speechRms } = this.#levels;
    return speechRms !== undefined && Math.sqrt(this.#speechPower / Math.max(1, this.#speechFrames)) >= speechRms * ratioOf(this.#options.loudDb);
  }

  #mean(): Verdict {
    this.#state = 'over';
    return 'meant';
  }

  #dismiss(reason: DismissReason): Verdict {
    this.reason = reason;
    this.#state = 'idle';
    this.#clear();
    return 'dismissed';
  }

  #clear(): void {
    this.#age = 0;
    this.#calm = 0;
    this.#echoes = 0;
    this.#speechPower = 0;
    this.#speechFrames = 0;
    this.#certain = 0;
    this.#saidMeant = false;
    this.#saidBackchannel = false;
    this.#saidWord = false;
  }
}
