import { kaiserLowpass, kaiserTaps } from '../../voice-node/dsp/design/kaiser.js';
import { createFloatResampler } from '../../voice-node/dsp/resampler.js';
import { SET_RATE_HZ } from './format.js';
import type { Sound } from './sound.js';

/** The band of a telephone line (ITU-T G.712): what a caller's voice is heard in. */
const LOW_HZ = 300;
const HIGH_HZ = 3400;
const STOP_DB = 50;
/** Width of each slope. The edges of the band lie in the middle of them. */
const SLOPE_HZ = 200;

const taps = (): Float64Array => {
  const count = kaiserTaps(STOP_DB, SLOPE_HZ / SET_RATE_HZ) | 1;
  const high = kaiserLowpass(count, HIGH_HZ / SET_RATE_HZ, STOP_DB);
  const low = kaiserLowpass(count, LOW_HZ / SET_RATE_HZ, STOP_DB);
  return high.map((h, i) => h - (low[i] as number));
};
const TAPS = taps();

/** 300-3400 Hz, linear in phase, not delayed, as long as what came in. */
export function telephoneBand(sound: Sound): Sound {
  const delay = (TAPS.length - 1) / 2;
  const padded = new Float64Array(sound.length + 2 * delay);
  padded.set(sound, delay);
  const out = new Float32Array(sound.length);
  for (let i = 0; i < out.length; i++) {
    let sum = (TAPS[delay] as number) * (padded[i + delay] as number);
    // The filter is symmetrical.
    for (let k = 0; k < delay; k++) sum += (TAPS[k] as number) * ((padded[i + k] as number) + (padded[i + 2 * delay - k] as number));
    out[i] = sum;
  }
  return out;
}

/** Mono of any usual rate, int16, as a caller's line would carry it; nothing is delayed. */
export function throughTelephone(samples: Int16Array, rateHz: number): Sound {
  const floats = new Float32Array(samples.length);
  for (let i = 0; i < floats.length; i++) floats[i] = (samples[i] as number) / 32768;
  return telephoneBand(rateHz === SET_RATE_HZ ? floats : resampled(floats, rateHz));
}

function resampled(samples: Float32Array, rateHz: number): Sound {
  const resampler = createFloatResampler({ fromHz: rateHz, toHz: SET_RATE_HZ, profile: 'linear' });
  const delay = Math.round(resampler.delaySamples);
  const tail = Math.ceil(((delay + 2) * rateHz) / SET_RATE_HZ);
  const padded = new Float32Array(samples.length + tail);
  padded.set(samples);
  const out = resampler.process(padded);
  return out.slice(delay, delay + Math.floor((samples.length * SET_RATE_HZ) / rateHz));
}
