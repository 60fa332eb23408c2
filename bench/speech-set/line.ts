import { decodeMuLaw, encodeMuLaw } from '../../voice-node/dsp/g711.js';
import { telephoneBand } from './band.js';
import { activeLevelDbov } from './levels.js';
import { addInto, amplitudeOfDb, Dice, rmsOf, type Sound } from './sound.js';

/** Noise of a quiet line. */
export const FLOOR_DBOV = -65;

/** What every stream goes through last: G.711 mu-law, coded and decoded. Louder than full scale is cut off. */
export function throughMuLaw(sound: Sound): Int16Array {
  const out = toInt16(sound);
  for (let i = 0; i < out.length; i++) out[i] = decodeMuLaw(encodeMuLaw(out[i] as number));
  return out;
}

export const toInt16 = (sound: Sound): Int16Array => Int16Array.from(sound, (x) => Math.max(-32768, Math.min(32767, Math.round(x * 32768))));

/** The line's own noise: white in the telephone band. */
export function lineFloor(samples: number, purpose: string): Sound {
  const dice = new Dice(purpose);
  const white = telephoneBand(Float32Array.from({ length: samples }, () => dice.normal()));
  const gain = amplitudeOfDb(FLOOR_DBOV) / Math.max(rmsOf(white), 1e-9);
  return white.map((x) => gain * x);
}

/** The noise, so loud that the speech's active level lies `snrDb` above the noise's mean power, added to it. */
export function mixedAt(speech: Sound, noise: Sound, snrDb: number, speechDbov = activeLevelDbov(speech)): Sound {
  if (noise.length < speech.length) throw new Error(`expected ${speech.length} samples of noise, got ${noise.length}`);
  const out = speech.slice();
  const gain = amplitudeOfDb(speechDbov - snrDb) / rmsOf(noise, 0, speech.length);
  addInto(out, noise.subarray(0, speech.length), 0, gain);
  return out;
}
