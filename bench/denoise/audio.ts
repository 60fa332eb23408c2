import { WIRE_RATE_HZ, type CallRateHz } from '../../voice-node/domain/audio.js';
import type { Denoiser } from '../../voice-node/domain/denoiser.js';
import { dbfsToAmplitude, rms } from '../../voice-node/dsp/level.js';
import { createResampler } from '../../voice-node/dsp/resampler.js';
import { SpeechLevelMeter } from '../../voice-node/dsp/speech-level.js';

/** Speech is brought to this active level (P.56): what a telephone network aims at. */
const SPEECH_DBFS = -26;
/** The noise is there before the words: a caller has been on the line for a while. */
export const LEAD_MS = 1000;
/** What hearing hands over from before the words and from after them. */
const PRE_ROLL_MS = 400;
const TAIL_MS = 200;

const wireSamples = (ms: number): number => (ms * WIRE_RATE_HZ) / 1000;

export const toRate = (samples: Int16Array, fromHz: number, toHz: number): Int16Array => (fromHz === toHz ? samples : createResampler({ fromHz, toHz }).process(samples));

/** Speech in the middle of noise on the wire, 48 kHz; `snrDb`: its active level above the noise's RMS. No noise: clean. */
export function scene(speech: Int16Array, noise?: { readonly samples: Int16Array; readonly at: number; readonly snrDb: number }): Int16Array {
  const out = new Float64Array(wireSamples(LEAD_MS) + speech.length + wireSamples(LEAD_MS / 2));
  const meter = new SpeechLevelMeter(WIRE_RATE_HZ);
  meter.push(speech);
  const gain = 10 ** ((SPEECH_DBFS - meter.activeLevelDbfs()) / 20);
  for (let i = 0; i < speech.length; i++) out[wireSamples(LEAD_MS) + i] = gain * (speech[i] as number);
  if (noise !== undefined) {
    const { samples, at, snrDb } = noise;
    const part = Int16Array.from(out, (_, i) => samples[(at + i) % samples.length] as number);
    const level = dbfsToAmplitude(SPEECH_DBFS - snrDb) / Math.max(1, rms(part));
    for (let i = 0; i < out.length; i++) out[i] = (out[i] as number) + level * (part[i] as number);
  }
  return Int16Array.from(out, (x) => Math.max(-32_768, Math.min(32_767, Math.round(x))));
}

/** What of a scene a recogniser gets: through the denoiser, where there is one, at the call's rate, the words with pre-roll and tail. */
export function heard(wire: Int16Array, denoiser: Denoiser | undefined, rateHz: CallRateHz): Int16Array {
  const clean = denoiser === undefined ? wire : cleaned(wire, denoiser);
  const words = clean.subarray(wireSamples(LEAD_MS - PRE_ROLL_MS), clean.length - wireSamples(LEAD_MS / 2 - TAIL_MS));
  return toRate(words, WIRE_RATE_HZ, rateHz);
}

/** As long as it was, and not late. */
export function cleaned(wire: Int16Array, denoiser: Denoiser): Int16Array {
  const { frameSamples, delaySamples } = denoiser;
  denoiser.reset();
  const all = new Int16Array(Math.ceil((wire.length + delaySamples) / frameSamples) * frameSamples);
  all.set(wire);
  for (let at = 0; at < all.length; at += frameSamples) denoiser.process(all.subarray(at, at + frameSamples));
  return all.subarray(delaySamples, delaySamples + wire.length);
}
