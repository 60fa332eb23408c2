/**
 * One bin of a Fourier transform over a window, at any frequency: s[n] = w[n] x[n] + 2 cos(w0) s[n-1] - s[n-2]
 * (G. Goertzel, Amer. Math. Monthly 65(1), 1958). The result is sum w[n] x[n] e^{-j w0 n}, n from the first
 * sample of the block, written to `re` and `im`. Allocates nothing per call.
 */
export class Goertzel {
  re = 0;
  im = 0;
  private readonly cos: number;
  private readonly sin: number;
  private readonly turnRe: number;
  private readonly turnIm: number;

  constructor(frequencyHz: number, rateHz: number, blockSamples: number) {
    const omega = (2 * Math.PI * frequencyHz) / rateHz;
    this.cos = Math.cos(omega);
    this.sin = Math.sin(omega);
    this.turnRe = Math.cos(omega * (blockSamples - 1));
    this.turnIm = -Math.sin(omega * (blockSamples - 1));
  }

  /** `windowed`: the samples of the block, already multiplied by the window. */
  run(windowed: Float64Array): void {
    const twice = 2 * this.cos;
    let s1 = 0;
    let s2 = 0;
    for (let i = 0; i < windowed.length; i++) {
      const s0 = (windowed[i] as number) + twice * s1 - s2;
      s2 = s1;
      s1 = s0;
    }
    // (s1 - e^{-jw} s2) is the sum with its phase counted from the last sample; turned back to the first.
    const re = s1 - this.cos * s2;
    const im = this.sin * s2;
    this.re = re * this.turnRe - im * this.turnIm;
    this.im = re * this.turnIm + im * this.turnRe;
  }

  /** |X|^2. */
  get power(): number {
    return this.re * this.re + this.im * this.im;
  }
}
