import { VoiceNodeError } from '../domain/errors.js';
import { AllpassDecimator, AllpassInterpolator } from './allpass.js';
import * as coefficients from './coefficients.js';
import { kaiserLowpass, kaiserTaps } from './design/kaiser.js';
import { bankFromPrototype } from './design/prototype-bank.js';
import { polyphase, type FirBank } from './fir-bank.js';
import { FirDecimator, FirInterpolator } from './fir-integer.js';
import { RationalFir } from './fir-rational.js';
import { halfBandDecimate, halfBandInterpolate } from './halfband-kernels.js';
import type { Stage } from './stage.js';
import { thirdBandDecimate, thirdBandInterpolate } from './thirdband-kernels.js';
import { thirdBandWideDecimate, thirdBandWideInterpolate } from './thirdband-wide-kernels.js';

/** See resampler.ts. */
export type ResamplerProfile = 'conversation' | 'linear' | 'archive';

/** Every rate the resamplers take. */
export const RESAMPLER_RATES_HZ: readonly number[] = [8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000];

/** Band over which delays are averaged: the telephone band. */
export const DELAY_BAND_HZ: readonly [number, number] = [300, 3400];

/** `archive`: edges as fractions of the lower Nyquist frequency, and the Kaiser window's attenuation. */
const ARCHIVE_PASS = 0.9125;
const ARCHIVE_STOP = 1;
const ARCHIVE_ATTENUATION_DB = 138;

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
  if (profile === 'archive') return planArchive(up, down);
  if (profile === 'linear') return planLinear(up, down);
  if (profile !== 'conversation') {
    throw new VoiceNodeError('argument_invalid', `expected a profile of conversation, linear, archive, got ${String(profile)}`);
  }
  return planConversation(up, down);
}

const halve = (): Stage => new AllpassDecimator(coefficients.HALF_BAND, halfBandDecimate);
const double = (): Stage => new AllpassInterpolator(coefficients.HALF_BAND, halfBandInterpolate);

function planConversation(up: number, down: number): Stage[] {
  const decimate = up === 1;
  switch (Math.min(up, down) === 1 ? up * down : 0) {
    case 2:
      return [decimate ? halve() : double()];
    case 3:
      return [
        decimate
          ? new AllpassDecimator(coefficients.THIRD_BAND_WIDE, thirdBandWideDecimate)
          : new AllpassInterpolator(coefficients.THIRD_BAND_WIDE, thirdBandWideInterpolate),
      ];
    case 4:
      return decimate ? [halve(), halve()] : [double(), double()];
    case 6:
      return decimate
        ? [new AllpassDecimator(coefficients.THIRD_BAND, thirdBandDecimate), halve()]
        : [double(), new AllpassInterpolator(coefficients.THIRD_BAND, thirdBandInterpolate)];
    default:
      return up > down ? [double(), shortFir(up, 2 * down, 'input')] : [shortFir(2 * up, down, 'output'), halve()];
  }
}

/**
 * The rest of the way next to a half-band stage. At twice the lower rate there is nothing left to cut off
 * sharply, only images far away, and a dozen taps do. `doubled` says on which side that rate is.
 */
function shortFir(up: number, down: number, doubled: 'input' | 'output'): Stage {
  const common = gcd(up, down);
  const u = up / common;
  const d = down / common;
  return firStage(
    remembered(`short ${u}/${d} ${doubled}`, () =>
      bankFromPrototype(symmetric(coefficients.PROTOTYPE_SHORT), coefficients.PROTOTYPE_OVERSAMPLING, doubled === 'input' ? u : d, u, d),
    ),
  );
}

function planLinear(up: number, down: number): Stage[] {
  const bank = remembered(`linear ${up}/${down}`, () => {
    if (up === 1 && down === 6) return voiceBank(coefficients.VOICE_DECIMATOR, up, down);
    if (up === 6 && down === 1) return voiceBank(coefficients.VOICE_INTERPOLATOR, up, down);
    return bankFromPrototype(symmetric(coefficients.PROTOTYPE_LINEAR), coefficients.PROTOTYPE_OVERSAMPLING, Math.max(up, down), up, down);
  });
  return [firStage(bank)];
}

/** Between 48 and 8 kHz in two steps, as the first may be blunt: half the work of one filter of the same edges. */
function planArchive(up: number, down: number): Stage[] {
  // Pass 3.65 kHz, stop 16 - 4 kHz, at 48 kHz: what folds at 16 kHz falls above 4 kHz, where the second cuts.
  const stepByThree = (u: number, d: number): Stage =>
    firStage(remembered(`archive ${u}/${d} blunt`, () => kaiserBank(u, d, ARCHIVE_PASS / 12, 1 / 4)));
  if (up === 1 && down === 6) return [stepByThree(1, 3), archiveStage(1, 2)];
  if (up === 6 && down === 1) return [archiveStage(2, 1), stepByThree(3, 1)];
  return [archiveStage(up, down)];
}

function archiveStage(up: number, down: number): Stage {
  const nyquist = 0.5 / Math.max(up, down);
  return firStage(remembered(`archive ${up}/${down}`, () => kaiserBank(up, down, ARCHIVE_PASS * nyquist, ARCHIVE_STOP * nyquist)));
}

/** Window-method low-pass; edges in cycles per sample of the common rate `up` times the input's. */
function kaiserBank(up: number, down: number, pass: number, stop: number): FirBank {
  const taps = kaiserTaps(ARCHIVE_ATTENUATION_DB, stop - pass) | 1;
  return polyphase(kaiserLowpass(taps, (pass + stop) / 2, ARCHIVE_ATTENUATION_DB), up, down, (taps - 1) / 2);
}

function voiceBank(half: readonly (readonly number[])[], up: number, down: number): FirBank {
  const taps = symmetric(half);
  return polyphase(taps, up, down, (taps.length - 1) / 2);
}

/** A symmetric filter from its first half and centre, at unit sum. */
function symmetric(rows: readonly (readonly number[])[]): Float64Array {
  const half = rows[0] as readonly number[];
  const taps = Float64Array.from([...half, ...half.slice(0, -1).reverse()]);
  const sum = taps.reduce((total, tap) => total + tap, 0);
  return taps.map((tap) => tap / sum);
}

function firStage(bank: FirBank): Stage {
  if (bank.up === 1) return new FirDecimator(bank);
  if (bank.down === 1) return new FirInterpolator(bank);
  return new RationalFir(bank);
}

/** Banks are never written to, so all resamplers of a kind share one. There are as many as pairs of rates. */
const banks = new Map<string, FirBank>();

function remembered(key: string, make: () => FirBank): FirBank {
  let bank = banks.get(key);
  if (bank === undefined) {
    bank = make();
    banks.set(key, bank);
  }
  return bank;
}
