import type { FarSpectra } from './echo-far.js';
import type { RealFft } from './fft.js';

/** The band whose phases are looked at: where speech has energy and a telephone lets it through. */
const BAND_HZ = [250, 3300] as const;
/** What is kept of the older frames: some 0.3 s count. */
const KEPT = 0.94;

/**
 * Finds how far back in what was played the echo lies: cross-correlation with the magnitudes taken out (PHAT,
 * Knapp and Carter, "The generalized correlation method for estimation of time delay", 1976), so that a loud
 * vowel counts as much as everything else and the peak stays narrow in a reverberant room. Lags are covered in
 * pieces of two frames: cross-spectra with the far end's windows that end 0, 2, 4 ... frames before the newest.
 */
export class EchoDelay {
  /** How many frames back is searched. */
  readonly reachFrames: number;
  /** The best lag found, in samples from the newest end of the search, and its height over the rms of all lags. */
  lagSamples = 0;
  strength = 0;
  private readonly fft: RealFft;
  private readonly far: FarSpectra;
  private readonly frameSamples: number;
  private readonly pieces: number;
  private readonly firstBin: number;
  private readonly width: number;
  private readonly crossRe: Float64Array;
  private readonly crossIm: Float64Array;
  private readonly nearRe: Float64Array;
  private readonly nearIm: Float64Array;
  private readonly workRe: Float64Array;
  private readonly workIm: Float64Array;
  private readonly time: Float64Array;
  private readonly peaks: Float64Array;
  private readonly peakLags: Int32Array;
  /** What the squares of the cross-spectra would add up to if near and far had nothing to do with each other. */
  private readonly chances: Float64Array;
  private turn = 0;

  constructor(fft: RealFft, far: FarSpectra, frameSamples: number, rateHz: number, pieces: number) {
    this.fft = fft;
    this.far = far;
    this.frameSamples = frameSamples;
    this.pieces = pieces;
    this.reachFrames = 2 * pieces;
    this.firstBin = Math.round((BAND_HZ[0] * fft.size) / rateHz);
    this.width = Math.round((BAND_HZ[1] * fft.size) / rateHz) - this.firstBin;
    this.crossRe = new Float64Array(pieces * this.width);
    this.crossIm = new Float64Array(pieces * this.width);
    this.nearRe = new Float64Array(this.width);
    this.nearIm = new Float64Array(this.width);
    this.workRe = new Float64Array(fft.bins);
    this.workIm = new Float64Array(fft.bins);
    this.time = new Float64Array(fft.size);
    this.peaks = new Float64Array(pieces);
    this.peakLags = new Int32Array(pieces);
    this.chances = new Float64Array(pieces);
  }

  /**
   * Takes the spectrum of a near frame (zeros before it); lag 0 is far frame `newest`. `floor`: magnitude that
   * the line's noise has in a bin.
   */
  push(newest: number, re: Float64Array, im: Float64Array, floor: number): void {
    const { firstBin, width, nearRe, nearIm, far } = this;
    for (let k = 0; k < width; k++) {
      const x = re[firstBin + k] as number;
      const y = im[firstBin + k] as number;
      const scale = 1 / (Math.sqrt(x * x + y * y) + floor);
      nearRe[k] = x * scale;
      nearIm[k] = y * scale;
    }
    for (let piece = 0; piece < this.pieces; piece++) this.accumulate(piece, far.slotOf(newest - 2 * piece));
  }

  private accumulate(piece: number, slot: number): void {
    if (slot < 0) return;
    const { far, width, nearRe, nearIm, crossRe, crossIm } = this;
    let chance = 0;
    const x = slot * far.bins + this.firstBin;
    const c = piece * width;
    for (let k = 0; k < width; k++) {
      const scale = far.whitening[x + k] as number;
      const xr = (far.re[x + k] as number) * scale;
      const xi = (far.im[x + k] as number) * scale;
      const yr = nearRe[k] as number;
      const yi = nearIm[k] as number;
      crossRe[c + k] = KEPT * (crossRe[c + k] as number) + xr * yr + xi * yi;
      crossIm[c + k] = KEPT * (crossIm[c + k] as number) + xr * yi - xi * yr;
      chance += (xr * xr + xi * xi) * (yr * yr + yi * yi);
    }
    this.chances[piece] = KEPT * KEPT * (this.chances[piece] as number) + chance;
  }

  /** Looks at `count` of the pieces, the next ones in turn; all of them before the answer is to be trusted. */
  look(count: number): void {
    for (let i = 0; i < count; i++) {
      this.correlate(this.turn);
      this.turn = (this.turn + 1) % this.pieces;
    }
    let best = 0;
    for (let piece = 1; piece < this.pieces; piece++) if ((this.peaks[piece] as number) > (this.peaks[best] as number)) best = piece;
    this.strength = this.peaks[best] as number;
    this.lagSamples = best * 2 * this.frameSamples + (this.peakLags[best] as number);
  }

  private correlate(piece: number): void {
    const { workRe, workIm, time, firstBin, width, crossRe, crossIm } = this;
    for (let k = 0; k < width; k++) {
      workRe[firstBin + k] = crossRe[piece * width + k] as number;
      workIm[firstBin + k] = crossIm[piece * width + k] as number;
    }
    this.fft.inverse(workRe, workIm, time);
    let peak = 0;
    let at = 0;
    for (let i = 0; i < 2 * this.frameSamples; i++) {
      const c = time[i] as number;
      const height = c < 0 ? -c : c;
      if (height > peak) {
        peak = height;
        at = i;
      }
    }
    const chance = this.chances[piece] as number;
    this.peaks[piece] = chance > 0 ? (peak * this.fft.size) / Math.sqrt(2 * chance) : 0;
    this.peakLags[piece] = at;
  }

  /** The two streams moved against each other: lags are `frames` longer from now on. All that was gathered is stale. */
  clear(): void {
    this.crossRe.fill(0);
    this.crossIm.fill(0);
    this.peaks.fill(0);
    this.chances.fill(0);
    this.strength = 0;
    this.lagSamples = 0;
    this.turn = 0;
  }
}
