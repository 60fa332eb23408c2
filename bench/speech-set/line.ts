import { decodeMuLaw, encodeMuLaw } from '../../voice-node/dsp/g711.js';
import { white } from './colours.js';
import { activeLevelDbov } from './levels.js';
import { addInto, amplitudeOfDb, rmsOf, scaled, toInt16, type Sound } from './sound.js';

/** Noise of a quiet line. */
export const FLOOR_DBOV = -65;

/** What every stream goes through last: G.711 mu-law, coded and decoded. Louder than full scale is cut off. */
export function throughMuLaw(sound: Sound): Int16Array {
  const out = toInt16(sound);
  for (let i = 0; i < out.length; i++) out[i] = decodeMuLaw(encodeMuLaw(out[i] as number));
  return out;
}

/** The line's own noise: white in the telephone band. */
export function lineFloor(samples: number, purpose: string): Sound {
  const noise = white(samples, purpose);
  return scaled(noise, amplitudeOfDb(FLOOR_DBOV) / Math.max(rmsOf(noise), 1e-9));
}

/** The noise, so loud that the speech's active level lies `snrDb` above the noise's mean power, added to it. */
export function mixedAt(speech: Sound, noise: Sound, snrDb: number, speechDbov = activeLevelDbov(speech)): Sound {
  if (noise.length < speech.length) throw new Error(`expected ${speech.length} samples of noise, got ${noise.length}`);
  const out = speech.slice();
  const gain = amplitudeOfDb(speechDbov - snrDb) / rmsOf(noise, 0, speech.length);
  addInto(out, noise.subarray(0, speech.length), 0, gain);
  return out;
}
