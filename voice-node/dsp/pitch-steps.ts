/** Order of the predictor: two formants below 2 kHz. More of it begins to predict the harmonics themselves. */
const ORDER = 4;
/** White noise 20 dB below the signal, as far as the predictor is concerned: it does not dig up an empty band. */
const REGULARISATION = 0.01;

/**
 * The residual of a linear predictor over blocks of one length: the autocorrelation method under a Hamming window,
 * solved by Levinson's recursion (J. Makhoul, "Linear prediction: a tutorial review", Proc. IEEE 63, 1975). Nothing is
 * kept from block to block, and nothing allocated.
 */
export class Flattener {
  readonly #hamming: Float64Array;
  readonly #windowed: Float64Array;
  readonly #correlation = new Float64Array(ORDER + 1);
  /** The error filter 1 + a1 z^-1 + ... */
  readonly #filter = new Float64Array(ORDER + 1);
  readonly #before = new Float64Array(ORDER + 1);

  constructor(count: number) {
    this.#hamming = Float64Array.from({ length: count }, (_, i) => 0.54 - 0.46 * Math.cos((2 * Math.PI * i) / (count - 1)));
    this.#windowed = new Float64Array(count);
  }

  /** Writes the residual of `x` to `out`, sample for sample; before the first sample lies silence. */
  process(x: Float64Array, out: Float64Array): void {
    const windowed = this.#windowed;
    const count = windowed.length;
    for (let i = 0; i < count; i++) windowed[i] = (x[i] as number) * (this.#hamming[i] as number);
    for (let lag = 0; lag <= ORDER; lag++) {
      let sum = 0;
      for (let i = lag; i < count; i++) sum += (windowed[i] as number) * (windowed[i - lag] as number);
      this.#correlation[lag] = sum;
    }
    this.#solve();
    const filter = this.#filter;
    for (let i = 0; i < count; i++) {
      let sum = 0;
      for (let k = 0; k <= ORDER && k <= i; k++) sum += (filter[k] as number) * (x[i - k] as number);
      out[i] = sum;
    }
  }

  /** Levinson and Durbin: the filter from the autocorrelation. */
  #solve(): void {
    const filter = this.#filter;
    const r = this.#correlation;
    filter.fill(0);
    filter[0] = 1;
    let error = (r[0] as number) * (1 + REGULARISATION);
    for (let m = 1; m <= ORDER && error > 0; m++) {
      let sum = 0;
      for (let k = 0; k < m; k++) sum += (filter[k] as number) * (r[m - k] as number);
      const reflection = -sum / error;
      this.#before.set(filter);
      for (let k = 1; k <= m; k++) filter[k] = (this.#before[k] as number) + reflection * (this.#before[m - k] as number);
      error *= 1 - reflection * reflection;
    }
  }
}

/** Sum of the squares of `count` samples from `from` on. */
export function energyOf(x: Float64Array, from: number, count: number): number {
  let sum = 0;
  for (let i = from; i < from + count; i++) sum += (x[i] as number) * (x[i] as number);
  return sum;
}

/** A low-pass: sinc under a Hamming window, sum 1. `cutoff` is its -6 dB point as a share of the rate. */
export function windowedSinc(cutoff: number, count: number): Float64Array {
  const middle = (count - 1) / 2;
  const taps = Float64Array.from({ length: count }, (_, i) => {
    const t = 2 * cutoff * (i - middle);
    const sinc = t === 0 ? 1 : Math.sin(Math.PI * t) / (Math.PI * t);
    return sinc * (0.54 - 0.46 * Math.cos((2 * Math.PI * i) / (count - 1)));
  });
  const sum = taps.reduce((a, b) => a + b, 0);
  return taps.map((tap) => tap / sum);
}
