import { dealBranches, designEllipticHalfBand } from './elliptic-halfband.js';
import { designRemez, type Band } from './remez.js';
import { designThirdBand } from './third-band.js';

/**
 * Every filter whose coefficients are checked in. scripts/design-filters.mjs runs the list and writes
 * coefficients.ts, each with the text of its call; a test runs it again and compares.
 */
export interface Design {
  readonly name: string;
  /** What it is for, a line or two of prose. */
  readonly purpose: string;
  /** Branches of all-pass coefficients, or one row of taps; of a symmetric FIR the first half with the centre. */
  readonly run: () => readonly (readonly number[])[];
}

/** Samples of the prototypes for each sample of the rate they are made for. */
export const PROTOTYPE_OVERSAMPLING = 16;

const firstHalf = (taps: Float64Array): number[][] => [Array.from(taps.subarray(0, (taps.length + 1) / 2))];

/**
 * Voice low-pass at 48 kHz for 48 <-> 8: pass 3.4, stop 4.6 kHz. The response is pinned to 1 at 0 and at 1 kHz,
 * so that the ripple is counted from the same level wherever one measures. `stop` weighs the stop band
 * against the pass band; its weight triples towards 24 kHz, as all the images of a tone add up.
 */
export function designVoiceFir(taps: number, stop: number): Float64Array {
  const band = (from: number, to: number, gain: number, weight: Band['weight']): Band => ({ from: from / 48, to: to / 48, gain, weight });
  return designRemez({
    taps,
    bands: [
      band(0, 0.03, 1, 8),
      band(0.2, 0.8, 1, 1),
      band(0.99, 1.01, 1, 8),
      band(1.2, 3.4, 1, 1),
      band(4.6, 8, 0, [stop, 1.3 * stop]),
      band(8, 12, 0, [1.3 * stop, 2 * stop]),
      band(12, 24, 0, [2 * stop, 3 * stop]),
    ],
  });
}

/**
 * Low-pass for any pair of rates: pass 0.85, stop 1.15 of the lower Nyquist frequency, so that what aliases
 * falls above the pass band. The stop band's weight rises with frequency for the same reason as above.
 */
export function designPrototype(lowSamples: number, stop: number): Float64Array {
  const nyquist = 0.5 / PROTOTYPE_OVERSAMPLING;
  return designRemez({
    taps: lowSamples * PROTOTYPE_OVERSAMPLING + 1,
    bands: [
      { from: 0, to: 0.008 * nyquist, gain: 1, weight: 8 },
      { from: 0.06 * nyquist, to: 0.85 * nyquist, gain: 1, weight: 1 },
      { from: 1.15 * nyquist, to: 4 * nyquist, gain: 0, weight: [stop, 2 * stop] },
      { from: 4 * nyquist, to: 0.5, gain: 0, weight: [2 * stop, 6 * stop] },
    ],
  });
}

/**
 * Low-pass between twice the lower rate, where the half-band has left nothing above 1.15 of the lower Nyquist
 * frequency, and any other rate. At that doubled rate the pass band ends at 0.85 / 4 = 0.2125 cycles per
 * sample and the first image that could fall on it begins at 1 - 1.15 / 4 = 0.7125: with so wide a transition
 * a dozen taps do.
 */
export function designShortPrototype(samples: number, stop: number): Float64Array {
  const unit = 1 / PROTOTYPE_OVERSAMPLING;
  return designRemez({
    taps: samples * PROTOTYPE_OVERSAMPLING - 1,
    bands: [
      { from: 0, to: 0.2125 * unit, gain: 1, weight: 1 },
      { from: 0.7125 * unit, to: 2 * unit, gain: 0, weight: [stop, 3 * stop] },
      { from: 2 * unit, to: 0.5, gain: 0, weight: [3 * stop, 10 * stop] },
    ],
  });
}

export const DESIGNS: readonly Design[] = [
  {
    name: 'HALF_BAND',
    purpose: 'All-pass half-band: pass 3.4, stop 4.6 kHz at 16 kHz; the same shape at every rate.',
    run: () => dealBranches(designEllipticHalfBand({ sections: 8, passEdge: 3400 / 16000 }), 2),
  },
  {
    name: 'THIRD_BAND',
    purpose: 'All-pass third-band between 48 and 16 kHz before or after the half-band: protects 0 to 4.2 kHz.',
    run: () => designThirdBand({ sectionsPerBranch: 3, protectEdge: 4200 / 48000 }),
  },
  {
    name: 'THIRD_BAND_WIDE',
    purpose: 'All-pass third-band on its own, for 48 <-> 16 and 24 <-> 8: protects 0.85 of the lower Nyquist frequency.',
    run: () => designThirdBand({ sectionsPerBranch: 5, protectEdge: 6800 / 48000 }),
  },
  {
    name: 'VOICE_DECIMATOR',
    purpose: 'Linear phase, 48 -> 8.',
    run: () => firstHalf(designVoiceFir(155, 600)),
  },
  {
    name: 'VOICE_INTERPOLATOR',
    purpose: 'Linear phase, 8 -> 48.',
    run: () => firstHalf(designVoiceFir(153, 700)),
  },
  {
    name: 'PROTOTYPE_LINEAR',
    purpose: 'Linear phase, any rates; 16 samples for each of the lower rate.',
    run: () => firstHalf(designPrototype(25.5, 500)),
  },
  {
    name: 'PROTOTYPE_SHORT',
    purpose: 'Any rates, next to the half-band: 16 samples for each at twice the lower rate.',
    run: () => firstHalf(designShortPrototype(12, 1000)),
  },
];
