import { polyphase, type FirBank } from '../fir-bank.js';

const POINTS = 8;

/**
 * The phases of a rational resampler from a symmetric prototype that is sampled finely enough to read between
 * its samples: Lagrange interpolation through 8 neighbours. With `oversampling` samples for each of the rate
 * it is made for, 16, its pass band lies below 1/32 of its own rate, where the error of that interpolation is
 * below -140 dB.
 *
 * `perSample` is how many samples of the common rate, `up` times the input's, make one of the rate that the
 * prototype is made for: `up` if that is the input's rate, `down` if it is the output's.
 */
export function bankFromPrototype(prototype: Float64Array, oversampling: number, perSample: number, up: number, down: number): FirBank {
  const step = oversampling / perSample;
  const centre = (prototype.length - 1) / 2;
  // On a grid around the centre, so that the result is symmetric again and its delay exact.
  const half = Math.floor(centre / step);
  const h = new Float64Array(2 * half + 1);
  let sum = 0;
  for (let i = -half; i <= half; i++) {
    const tap = readBetween(prototype, centre + i * step);
    h[half + i] = tap;
    sum += tap;
  }
  for (let i = 0; i < h.length; i++) h[i] = (h[i] as number) / sum;
  return polyphase(h, up, down, half);
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
