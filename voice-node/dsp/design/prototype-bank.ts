import { polyphase, type FirBank } from '../fir-bank.js';

const POINTS = 8;

/**
 * The phases of a rational resampler from a prototype that is sampled finely enough to read between its
 * samples: Lagrange interpolation through 8 neighbours. At 16 samples for each sample of the lower rate the
 * pass band lies below 1/27 of the prototype's rate, where the error of that interpolation is below -130 dB.
 *
 * `delay` is the prototype's group delay in its own samples, `oversampling` its samples for each sample of
 * the lower rate.
 */
export function bankFromPrototype(prototype: Float64Array, oversampling: number, delay: number, up: number, down: number): FirBank {
  const perLow = Math.max(up, down);
  const h = new Float64Array(Math.floor(((prototype.length - 1) * perLow) / oversampling) + 1);
  let sum = 0;
  for (let i = 0; i < h.length; i++) {
    h[i] = readBetween(prototype, (i * oversampling) / perLow);
    sum += h[i] as number;
  }
  for (let i = 0; i < h.length; i++) h[i] = (h[i] as number) / sum;
  return polyphase(h, up, down, (delay * perLow) / oversampling);
}

function readBetween(samples: Float64Array, at: number): number {
  const first = Math.floor(at) - POINTS / 2 + 1;
  let value = 0;
  for (let j = 0; j < POINTS; j++) {
    let weight = 1;
    for (let k = 0; k < POINTS; k++) if (k !== j) weight *= (at - first - k) / (j - k);
    value += weight * (samples[first + j] ?? 0);
  }
  return value;
}
