import type { Audio } from '../../domain/audio.js';
import { samplesIn } from '../../domain/time.js';
import { leadingSilence } from '../../dsp/leading-silence.js';
import { dbfsToAmplitude, rms } from '../../dsp/level.js';

/** What is quieter than this is silence whatever follows; voices begin 30 dB above. */
const SILENCE = dbfsToAmplitude(-55);
const STEP_MS = 10;
const BELOW_PEAK_DB = 40;
/** Kept in front of the first sound: the breath before a word belongs to it. */
const MARGIN_MS = 30;

/**
 * Takes away the silence that synthesised speech begins with, while it comes: engines put 50 to 300 ms there, and
 * a caller who waits hears nothing else.
 */
export class SoundStart {
  #found = false;
  /** The newest `MARGIN_MS` of what was silence so far. */
  #kept: Audio | undefined;

  /** What of `audio`, the next piece, is to be played; undefined where nothing is. */
  take(audio: Audio): Audio | undefined {
    if (this.#found) return audio;
    const { rateHz } = audio;
    const samples = this.#kept?.rateHz === rateHz ? joined(this.#kept.samples, audio.samples) : audio.samples;
    if (!hasSound(samples, rateHz)) {
      this.#kept = { samples: samples.slice(-samplesIn(MARGIN_MS, rateHz)), rateHz };
      return undefined;
    }
    this.#found = true;
    this.#kept = undefined;
    return { samples: samples.subarray(leadingSilence(samples, rateHz, BELOW_PEAK_DB, MARGIN_MS)), rateHz };
  }
}

/** Over what is shorter than a step as well: there is nothing better to judge it by. */
function hasSound(samples: Int16Array, rateHz: number): boolean {
  const step = samplesIn(STEP_MS, rateHz);
  for (let at = 0; at < samples.length; at += step) if (rms(samples.subarray(at, at + step)) > SILENCE) return true;
  return false;
}

function joined(a: Int16Array, b: Int16Array): Int16Array {
  const all = new Int16Array(a.length + b.length);
  all.set(a);
  all.set(b, a.length);
  return all;
}
