import { VoiceNodeError } from '../domain/errors.js';
import { AllpassDecimator, AllpassInterpolator } from './allpass.js';
import { HALF_BAND_VOICE, THIRD_BAND_WIDE, THIRD_BAND_VOICE } from './coefficients.js';
import { kaiserLowpass, kaiserTaps } from './design/kaiser.js';
import { FirStage, type FirBank } from './fir-stage.js';
import type { ResamplerProfile } from './resampler.js';
import type { Stage } from './stage.js';

/** Every rate the resamplers take. */
export const RESAMPLER_RATES_HZ: readonly number[] = [8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000];

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));

/** The stages that lead from one rate to the other. Throws VoiceNodeError `audio_format` for an unknown rate. */
export function planStages(fromHz: number, toHz: number, profile: ResamplerProfile): Stage[] {
  for (const rateHz of [fromHz, toHz]) {
    if (!RESAMPLER_RATES_HZ.includes(rateHz)) {
      throw new VoiceNodeError('audio_format', `expected a rate of ${RESAMPLER_RATES_HZ.join(', ')} Hz, got ${rateHz}`);
    }
  }
  const common = gcd(fromHz, toHz);
  const up = toHz / common;
  const down = fromHz / common;
  if (up === 1 && down === 1) return [];
  if (profile === 'conversation' && (up === 1 || down === 1)) {
    const ratio = up * down;
    if (ratio === 2) return [up === 1 ? new AllpassDecimator(HALF_BAND_VOICE) : new AllpassInterpolator(HALF_BAND_VOICE)];
    if (ratio === 3) return [up === 1 ? new AllpassDecimator(THIRD_BAND_WIDE) : new AllpassInterpolator(THIRD_BAND_WIDE)];
    if (ratio === 6) {
      return up === 1
        ? [new AllpassDecimator(THIRD_BAND_VOICE), new AllpassDecimator(HALF_BAND_VOICE)]
        : [new AllpassInterpolator(HALF_BAND_VOICE), new AllpassInterpolator(THIRD_BAND_VOICE)];
    }
  }
  return [new FirStage(kaiserBank(up, down, fromHz, profile))];
}

const banks = new Map<string, FirBank>();

function kaiserBank(up: number, down: number, fromHz: number, profile: ResamplerProfile): FirBank {
  const key = `${up}/${down}/${profile}`;
  const known = banks.get(key);
  if (known !== undefined) return known;
  const nyquist = 0.5 / Math.max(up, down);
  const [pass, stop, attenuationDb] = profile === 'archive' ? [0.9125, 1, 135] : [0.85, 1.15, 90];
  const wanted = kaiserTaps(attenuationDb, (stop - pass) * nyquist);
  const taps = 4 * Math.ceil(wanted / up / 4);
  const length = Math.min(wanted | 1, taps * up);
  const h = kaiserLowpass(length, ((pass + stop) / 2) * nyquist, attenuationDb);
  const rows = new Float64Array(up * taps);
  for (let i = 0; i < length; i++) rows[(i % up) * taps + taps - 1 - Math.floor(i / up)] = up * (h[i] as number);
  const bank = { up, down, taps, rows, prototypeDelaySeconds: (length - 1) / 2 / (up * fromHz) };
  banks.set(key, bank);
  return bank;
}
