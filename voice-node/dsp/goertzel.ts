/**
 * One bin of a Fourier transform over a window, at any frequency: s[n] = w[n] x[n] + 2 cos(w0) s[n-1] - s[n-2]
 * (G. Goertzel, Amer. Math. Monthly 65(1), 1958). The result is sum w[n] x[n] e^{-j w0 n}, n from the first
 * sample of the block, written to `re` and `im`. Allocates nothing per call.
 */
export class Goertzel {
  re = 0;
  im = 0;
  /** 2 cos(w0). */
  readonly twice: number;
  private readonly cos: number;
  private readonly sin: number;
  private readonly turnRe: number;
  private readonly turnIm: number;

  constructor(frequencyHz: number, rateHz: number, blockSamples: number) {
    const omega = (2 * Math.PI * frequencyHz) / rateHz;
    this.cos = Math.cos(omega);
    this.twice = 2 * this.cos;
    this.sin = Math.sin(omega);
    this.turnRe = Math.cos(omega * (blockSamples - 1));
    this.turnIm = -Math.sin(omega * (blockSamples - 1));
  }

  /** `windowed`: the samples of the block, already multiplied by the window. */
  run(windowed: Float64Array): void {
    const { twice } = this;
    let s1 = 0;
    let s2 = 0;
    for (let i = 0; i < windowed.length; i++) {
      const s0 = (windowed[i] as number) + twice * s1 - s2;
      s2 = s1;
      s1 = s0;
    }
    this.finish(s1, s2);
  }

  /** Takes the recursion's last two values, where `runFour` or `run` has been over the block. */
  finish(s1: number, s2: number): void {
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

/** `run` for four bins at once: each one's recursion waits for its own last step, so together they take little longer than one. */
export function runFour(a: Goertzel, b: Goertzel, c: Goertzel, d: Goertzel, windowed: Float64Array): void {
  const [ta, tb, tc, td] = [a.twice, b.twice, c.twice, d.twice];
  let a1 = 0, a2 = 0, b1 = 0, b2 = 0, c1 = 0, c2 = 0, d1 = 0, d2 = 0;
  for (let i = 0; i < windowed.length; i++) {
    const x = windowed[i] as number;
    const a0 = x - a2 + ta * a1;
    const b0 = x - b2 + tb * b1;
    const c0 = x - c2 + tc * c1;
    const d0 = x - d2 + td * d1;
    a2 = a1;
    b2 = b1;
    c2 = c1;
    d2 = d1;
    a1 = a0;
    b1 = b0;
    c1 = c0;
    d1 = d0;
  }
  a.finish(a1, a2);
  b.finish(b1, b2);
  c.finish(c1, c2);
  d.finish(d1, d2);
}
