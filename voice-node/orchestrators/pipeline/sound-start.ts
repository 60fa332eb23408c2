import type { Audio } from '../../domain/audio.js';
import { samplesIn } from '../../domain/time.js';
import { dbfsToAmplitude, rms } from '../../dsp/level.js';

/**
 * What is quieter than this is silence, whatever follows: not by the loudest sound, because that is still to come.
 * Synthesised voices are 30 dB above it.
 */
const SILENCE = dbfsToAmplitude(-55);
const STEP_MS = 10;
/** Kept in front of the first sound: the breath before a word belongs to it. */
const MARGIN_MS = 30;

/** What of a piece of synthesised speech is to be played: silence in front of the first sound, and what follows. */
export interface Begun {
  readonly lead: Audio | undefined;
  readonly sound: Audio | undefined;
}

/**
 * Finds, while it comes, where synthesised speech begins to sound: engines put 50 to 300 ms of silence in front,
 * in which no word is heard. In front of an answer all but a breath of it is taken away, because a caller who
 * waits hears nothing else; between two sentences it is the pause that belongs there.
 */
export class SoundStart {
  readonly #trim: boolean;
  #found = false;
  /** The newest `MARGIN_MS` of what was silence so far. */
  #kept: Audio | undefined;

  constructor(trim: boolean) {
    this.#trim = trim;
  }

  take(audio: Audio): Begun {
    if (this.#found) return { lead: undefined, sound: audio };
    const { rateHz } = audio;
    const samples = this.#kept?.rateHz === rateHz ? joined(this.#kept.samples, audio.samples) : audio.samples;
    const at = soundIn(samples, rateHz);
    if (at < 0) {
      if (!this.#trim) return { lead: audio, sound: undefined };
      this.#kept = { samples: samples.slice(-samplesIn(MARGIN_MS, rateHz)), rateHz };
      return { lead: undefined, sound: undefined };
    }
    this.#found = true;
    this.#kept = undefined;
    const from = this.#trim ? Math.max(0, at - samplesIn(MARGIN_MS, rateHz)) : 0;
    return { lead: at === from ? undefined : { samples: samples.subarray(from, at), rateHz }, sound: { samples: samples.subarray(at), rateHz } };
  }
}

/** Where the first step begins that is not silence; -1: nowhere. What is shorter than a step is judged as it is. */
function soundIn(samples: Int16Array, rateHz: number): number {
  const step = samplesIn(STEP_MS, rateHz);
  for (let at = 0; at < samples.length; at += step) if (rms(samples.subarray(at, at + step)) > SILENCE) return at;
  return -1;
}

function joined(a: Int16Array, b: Int16Array): Int16Array {
  const all = new Int16Array(a.length + b.length);
  all.set(a);
  all.set(b, a.length);
  return all;
}
