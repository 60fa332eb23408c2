import { SpeechLevelMeter } from '../../voice-node/dsp/speech-level.js';
import { SET_RATE_HZ } from './format.js';
import { amplitudeOfDb, rmsOf, scaled, toInt16, type Sound } from './sound.js';

/** The meter counts in int16 units down to 1, so that it wants a sound that is neither faint nor cut off. */
const MEASURED_AT = amplitudeOfDb(-24);

/** Active speech level (ITU-T P.56) in dBov: pauses do not count. -Infinity for silence. */
export function activeLevelDbov(sound: Sound): number {
  const rms = rmsOf(sound);
  if (rms === 0) return -Infinity;
  const gain = MEASURED_AT / rms;
  const meter = new SpeechLevelMeter(SET_RATE_HZ);
  meter.push(toInt16(scaled(sound, gain)));
  return meter.activeLevelDbfs() - 20 * Math.log10(gain);
}

/** The same speech at this active level. */
export const atActiveLevel = (sound: Sound, dbov: number): Sound => scaled(sound, amplitudeOfDb(dbov - activeLevelDbov(sound)));

/** The same sound at this level, its silences counted. */
export function atRms(sound: Sound, dbov: number): Sound {
  const rms = rmsOf(sound);
  return rms === 0 ? sound : scaled(sound, amplitudeOfDb(dbov) / rms);
}
