/** Deterministic noise in -1..1 (mulberry32), so that a failure can be repeated from its seed. */
export function noise(count: number, seed: number): Float64Array {
  let state = seed >>> 0;
  return Float64Array.from({ length: count }, () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 31 - 1;
  });
}

export const sine = (count: number, rateHz: number, hz: number, amplitude: number): Float64Array =>
  Float64Array.from({ length: count }, (_, i) => amplitude * Math.sin((2 * Math.PI * hz * i) / rateHz));

export const toInt16 = (x: Float64Array): Int16Array =>
  Int16Array.from(x, (v) => Math.max(-32768, Math.min(32767, Math.round(32767 * v))));

export const toFloat32 = (x: Float64Array): Float32Array => Float32Array.from(x);

export interface ToneFit {
  readonly amplitude: number;
  /** Of sin(2 pi hz i / rateHz + phase), i counted from the beginning of the signal. */
  readonly phase: number;
  /** RMS of what is neither the tone nor direct voltage. */
  readonly residualRms: number;
}

/** Least squares of c cos + s sin + d over y[from..], by its 3 x 3 normal equations. */
export function fitTone(y: ArrayLike<number>, rateHz: number, hz: number, from: number): ToneFit {
  const w = (2 * Math.PI * hz) / rateHz;
  const n = y.length - from;
  let cc = 0, ss = 0, cs = 0, c1 = 0, s1 = 0, yc = 0, ys = 0, y1 = 0;
  for (let i = from; i < y.length; i++) {
    const c = Math.cos(w * i), s = Math.sin(w * i), v = y[i] as number;
    cc += c * c; ss += s * s; cs += c * s; c1 += c; s1 += s; yc += v * c; ys += v * s; y1 += v;
  }
  // Direct voltage eliminated first.
  const a = cc - (c1 * c1) / n, b = cs - (c1 * s1) / n, d = ss - (s1 * s1) / n;
  const p = yc - (c1 * y1) / n, q = ys - (s1 * y1) / n;
  const determinant = a * d - b * b;
  const cosine = (p * d - q * b) / determinant;
  const sin = (a * q - b * p) / determinant;
  const offset = (y1 - cosine * c1 - sin * s1) / n;
  let residual = 0;
  for (let i = from; i < y.length; i++) {
    residual += ((y[i] as number) - cosine * Math.cos(w * i) - sin * Math.sin(w * i) - offset) ** 2;
  }
  return { amplitude: Math.hypot(cosine, sin), phase: Math.atan2(cosine, sin), residualRms: Math.sqrt(residual / n) };
}

export const decibels = (ratio: number): number => 20 * Math.log10(Math.max(ratio, 1e-15));

export function rootMeanSquare(y: ArrayLike<number>, from = 0): number {
  let sum = 0;
  for (let i = from; i < y.length; i++) sum += (y[i] as number) ** 2;
  return Math.sqrt(sum / (y.length - from));
}
