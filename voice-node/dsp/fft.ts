import { VoiceNodeError } from '../domain/errors.js';

/**
 * Fourier transform of real signals whose length is a power of two: X[k] = sum x[n] exp(-2 pi i k n / N).
 * Two real samples go as one complex number through a transform of half the length (Press et al., Numerical
 * Recipes, 12.3); that one takes two stages of radix 2 at a time, which saves a quarter of the multiplications
 * and half of the loads. Allocates nothing after construction. An instance is not re-entrant.
 */
export class RealFft {
  readonly size: number;
  /** size / 2 + 1: from 0 to half the sample rate. */
  readonly bins: number;
  private readonly half: number;
  private readonly re: Float64Array;
  private readonly im: Float64Array;
  private readonly order: Uint16Array;
  /** cos and -sin of 2 pi k / size, k below size. */
  private readonly cos: Float64Array;
  private readonly sin: Float64Array;

  /** Throws `argument_invalid` unless `size` is a power of two, 8 to 65536. */
  constructor(size: number) {
    if (!Number.isInteger(Math.log2(size)) || size < 8 || size > 65_536) {
      throw new VoiceNodeError('argument_invalid', `expected a power of two from 8 to 65536, got ${size}`);
    }
    this.size = size;
    this.half = size / 2;
    this.bins = this.half + 1;
    this.re = new Float64Array(this.half);
    this.im = new Float64Array(this.half);
    this.order = reversedBits(this.half);
    this.cos = Float64Array.from({ length: size }, (_, k) => Math.cos((2 * Math.PI * k) / size));
    this.sin = Float64Array.from({ length: size }, (_, k) => -Math.sin((2 * Math.PI * k) / size));
  }

  /** `time`: `size` samples. `re`, `im`: get `bins` values each. */
  forward(time: Float64Array, re: Float64Array, im: Float64Array): void {
    const { half, order } = this;
    for (let i = 0; i < half; i++) {
      const to = order[i] as number;
      this.re[to] = time[2 * i] as number;
      this.im[to] = time[2 * i + 1] as number;
    }
    this.transform();
    this.split(re, im);
  }

  /** The inverse, 1/N included: `forward` and then `inverse` gives back the samples. The spectrum is left as it is. */
  inverse(re: Float64Array, im: Float64Array, time: Float64Array): void {
    const { half, order, cos, sin } = this;
    const scale = 0.5 / half;
    for (let k = 0; k < half; k++) {
      const m = half - k;
      const ar = re[k] as number;
      const ai = im[k] as number;
      const br = re[m] as number;
      const bi = -(im[m] as number);
      const dr = ar - br;
      const di = ai - bi;
      const c = cos[k] as number;
      const s = -(sin[k] as number);
      // Even samples from the sum, odd ones from the turned difference: z = even + i odd, conjugated for the inverse.
      const or = dr * c - di * s;
      const oi = dr * s + di * c;
      const to = order[k] as number;
      this.re[to] = (ar + br - oi) * scale;
      this.im[to] = -(ai + bi + or) * scale;
    }
    this.transform();
    for (let i = 0; i < half; i++) {
      time[2 * i] = this.re[i] as number;
      time[2 * i + 1] = -(this.im[i] as number);
    }
  }

  /** Separates the spectra of even and odd samples and puts them together to the one of all. */
  private split(re: Float64Array, im: Float64Array): void {
    const { half, cos, sin } = this;
    const r0 = this.re[0] as number;
    const i0 = this.im[0] as number;
    re[0] = r0 + i0;
    im[0] = 0;
    re[half] = r0 - i0;
    im[half] = 0;
    for (let k = 1; k <= half >> 1; k++) {
      const m = half - k;
      const ar = this.re[k] as number;
      const ai = this.im[k] as number;
      const br = this.re[m] as number;
      const bi = this.im[m] as number;
      const er = 0.5 * (ar + br);
      const ei = 0.5 * (ai - bi);
      const or = 0.5 * (ai + bi);
      const oi = 0.5 * (br - ar);
      const c = cos[k] as number;
      const s = sin[k] as number;
      const tr = or * c - oi * s;
      const ti = or * s + oi * c;
      re[k] = er + tr;
      im[k] = ei + ti;
      re[m] = er - tr;
      im[m] = ti - ei;
    }
  }

  /** In place, from bit-reversed to natural order. */
  private transform(): void {
    const { half } = this;
    let m = 1;
    if ((Math.log2(half) & 1) === 1) {
      this.pairs();
      m = 2;
    }
    for (; m < half; m *= 4) this.fours(m);
  }

  private pairs(): void {
    const { re, im, half } = this;
    for (let i = 0; i < half; i += 2) {
      const ar = re[i] as number;
      const ai = im[i] as number;
      const br = re[i + 1] as number;
      const bi = im[i + 1] as number;
      re[i] = ar + br;
      im[i] = ai + bi;
      re[i + 1] = ar - br;
      im[i + 1] = ai - bi;
    }
  }

  /** Four transforms of length m become one of 4m, W = exp(-2 pi i / 4m): two stages of radix 2 in one go. */
  private fours(m: number): void {
    const { re, im, half, size, cos, sin } = this;
    const step = size / (4 * m);
    for (let k = 0; k < m; k++) {
      const c1 = cos[k * step] as number;
      const s1 = sin[k * step] as number;
      const c2 = cos[2 * k * step] as number;
      const s2 = sin[2 * k * step] as number;
      const c3 = cos[3 * k * step] as number;
      const s3 = sin[3 * k * step] as number;
      for (let a = k; a < half; a += 4 * m) {
        const b = a + m;
        const c = b + m;
        const d = c + m;
        const xr = re[b] as number;
        const xi = im[b] as number;
        const br = xr * c2 - xi * s2;
        const bi = xr * s2 + xi * c2;
        const yr = re[c] as number;
        const yi = im[c] as number;
        const cr = yr * c1 - yi * s1;
        const ci = yr * s1 + yi * c1;
        const zr = re[d] as number;
        const zi = im[d] as number;
        const dr = zr * c3 - zi * s3;
        const di = zr * s3 + zi * c3;
        const ar = re[a] as number;
        const ai = im[a] as number;
        const sumR = ar + br;
        const sumI = ai + bi;
        const difR = ar - br;
        const difI = ai - bi;
        const oddR = cr + dr;
        const oddI = ci + di;
        const turnR = ci - di;
        const turnI = dr - cr;
        re[a] = sumR + oddR;
        im[a] = sumI + oddI;
        re[b] = difR + turnR;
        im[b] = difI + turnI;
        re[c] = sumR - oddR;
        im[c] = sumI - oddI;
        re[d] = difR - turnR;
        im[d] = difI - turnI;
      }
    }
  }
}

function reversedBits(size: number): Uint16Array {
  const bits = Math.log2(size);
  const order = new Uint16Array(size);
  for (let i = 0; i < size; i++) {
    let reversed = 0;
    for (let b = 0; b < bits; b++) if ((i & (1 << b)) !== 0) reversed |= 1 << (bits - 1 - b);
    order[i] = reversed;
  }
  return order;
}
