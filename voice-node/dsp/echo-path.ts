import type { EchoBands } from './echo-bands.js';
import type { FarSpectra } from './echo-far.js';
import type { RealFft } from './fft.js';

/**
 * How much of what is known of the path is forgotten in a frame. 0.5 % follow a clock that drifts by 100 ppm
 * (0.8 samples a second at 8 kHz) and a hand that moves; less would cancel deeper where nothing moves.
 */
const KEPT = 0.99;
/** How fast the estimate of what is not echo follows the error. */
const NOISE_FOLLOW = 0.5;
/** At least this share of the error is taken for something else than echo. */
const LEAST_OTHER = 0.2;
/** How much larger than reckoned the path's uncertainty is taken to be at most where nothing but echo is left. */
const MOST_BOOST = 4;

/**
 * The echo's path as a filter that learns: a Kalman filter in the frequency domain, in partitions (Enzner and
 * Vary, "Frequency-domain adaptive Kalman filter for acoustic echo control in hands-free telephones", 2006;
 * Kuech, Mabande and Enzner, "State-space architecture of the partitioned-block-based acoustic echo controller",
 * 2014). Each bin of each partition carries the variance of its error, P. The step K = P X* / (sum P |X|^2 + Psi)
 * is large while the path is unknown and small while somebody else speaks (Psi), so no double-talk detector is
 * needed to keep the filter from harm.
 *
 * A partition is two frames long: windows of size N hold N - frame + 1 valid lags for a block of one frame
 * (overlap-save), which is more than two frames for N = 512 at 160 samples.
 */
export class EchoPath {
  readonly partitions: number;
  /** The spectrum of the error, of a block with zeros before it; valid after `cancel`. */
  readonly errorRe: Float64Array;
  readonly errorIm: Float64Array;
  private readonly fft: RealFft;
  private readonly far: FarSpectra;
  private readonly frameSamples: number;
  private readonly hRe: Float64Array;
  private readonly hIm: Float64Array;
  private readonly variance: Float64Array;
  private readonly noise: Float64Array;
  private readonly sumRe: Float64Array;
  private readonly sumIm: Float64Array;
  private readonly spread: Float64Array;
  /** By how much this frame's step is larger than the variances say. */
  private readonly boost: Float64Array;
  private boosted = false;
  private readonly time: Float64Array;
  private readonly slots: Int32Array;
  private readonly taps: Float64Array;
  private constrained = 0;
  private odd = false;

  constructor(fft: RealFft, far: FarSpectra, frameSamples: number, partitions: number) {
    this.fft = fft;
    this.far = far;
    this.frameSamples = frameSamples;
    this.partitions = partitions;
    const { bins } = fft;
    this.hRe = new Float64Array(partitions * bins);
    this.hIm = new Float64Array(partitions * bins);
    this.variance = new Float64Array(partitions * bins);
    this.noise = new Float64Array(bins);
    this.errorRe = new Float64Array(bins);
    this.errorIm = new Float64Array(bins);
    this.sumRe = new Float64Array(bins);
    this.sumIm = new Float64Array(bins);
    this.boost = new Float64Array(bins).fill(1);
    this.spread = new Float64Array(bins);
    this.time = new Float64Array(fft.size);
    this.taps = new Float64Array(partitions * 2 * frameSamples);
    this.slots = new Int32Array(partitions);
  }

  /** Nothing is known but that the path's gain is about `gain` (power), and that it fades by 60 dB in about 0.3 s. */
  begin(gain: number): void {
    this.hRe.fill(0);
    this.hIm.fill(0);
    this.noise.fill(0);
    this.variance.fill(0);
    this.constrained = 0;
    this.odd = false;
    this.boost.fill(1);
    this.boosted = false;
    this.doubt(gain);
  }

  /** The path may have changed: what is known stays as a guess. */
  doubt(gain: number): void {
    const { bins } = this.fft;
    for (let p = 0; p < this.partitions; p++) {
      const prior = gain * 0.6 * 0.4 ** p;
      for (let k = p * bins; k < (p + 1) * bins; k++) this.variance[k] = Math.max(prior, this.variance[k] as number);
    }
  }

  /**
   * Writes what the far end's frames from `newest` back (a frame number of `far`) make of the echo to `echo`,
   * a frame long, and keeps the error, near - echo, for `learn`.
   */
  cancel(newest: number, near: Float64Array, echo: Float64Array): void {
    this.predict(newest);
    const { fft, time, frameSamples } = this;
    fft.inverse(this.sumRe, this.sumIm, time);
    const at = fft.size - frameSamples;
    for (let i = 0; i < frameSamples; i++) echo[i] = time[at + i] as number;
    time.fill(0, 0, at);
    for (let i = 0; i < frameSamples; i++) time[at + i] = (near[i] as number) - (echo[i] as number);
    fft.forward(time, this.errorRe, this.errorIm);
  }

  /** The echo's spectrum and how much may come of what is not known of the path. */
  private predict(newest: number): void {
    const { far, sumRe, sumIm, spread, hRe, hIm, variance } = this;
    const { bins } = this.fft;
    sumRe.fill(0);
    sumIm.fill(0);
    spread.fill(0);
    for (let p = 0; p < this.partitions; p++) {
      const slot = far.slotOf(newest - 2 * p);
      this.slots[p] = slot;
      if (slot < 0) continue;
      const x = slot * bins;
      const h = p * bins;
      for (let k = 0; k < bins; k++) {
        const xr = far.re[x + k] as number;
        const xi = far.im[x + k] as number;
        const hr = hRe[h + k] as number;
        const hi = hIm[h + k] as number;
        sumRe[k] = (sumRe[k] as number) + xr * hr - xi * hi;
        sumIm[k] = (sumIm[k] as number) + xr * hi + xi * hr;
        spread[k] = (spread[k] as number) + (variance[h + k] as number) * (xr * xr + xi * xi);
      }
    }
  }

  /** What the part of the path that is not known may have left in each band, by the filter's own reckoning; between `cancel` and `learn`. */
  unknown(bands: EchoBands, out: Float64Array): void {
    const { spread } = this;
    const share = this.frameSamples / this.fft.size;
    for (let b = 0; b < bands.count; b++) {
      const end = bands.edges[b + 1] as number;
      let sum = 0;
      for (let k = bands.edges[b] as number; k < end; k++) sum += spread[k] as number;
      out[b] = sum * share;
    }
  }

  /**
   * Between `cancel` and `learn`: the frame was echo and nothing else, so that what is left of it beyond the reckoning
   * is the path's uncertainty, not somebody's voice. Speeds up this frame's step alone: kept in the variances it would
   * make everything that comes after look like a possible echo. `left`: energies of the error by bands, `unknown`: as
   * written above, `noise`: the line's.
   */
  hasten(bands: EchoBands, left: Float64Array, unknown: Float64Array, noise: Float64Array): void {
    const { boost, spread } = this;
    for (let b = 0; b < bands.count; b++) {
      const ratio = ((left[b] as number) - 2 * (noise[b] as number)) / ((unknown[b] as number) + 1e-9);
      if (ratio <= 1) continue;
      const factor = Math.min(MOST_BOOST, ratio);
      const end = bands.edges[b + 1] as number;
      for (let k = bands.edges[b] as number; k < end; k++) {
        spread[k] = (spread[k] as number) * factor;
        boost[k] = factor;
      }
      this.boosted = true;
    }
  }

  /** Learns from the error of the last `cancel`. */
  learn(): void {
    const { spread, noise, errorRe, errorIm } = this;
    const { bins, size } = this.fft;
    const windows = size / this.frameSamples;
    const share = 1 / windows;
    for (let k = 0; k < bins; k++) {
      const er = errorRe[k] as number;
      const ei = errorIm[k] as number;
      const power = er * er + ei * ei;
      const unknown = spread[k] as number;
      // What the path's uncertainty does not account for; never nothing, because a single frame says little.
      const other = Math.max(LEAST_OTHER * power, power - share * unknown);
      const smooth = (noise[k] as number) + NOISE_FOLLOW * (other - (noise[k] as number));
      noise[k] = smooth;
      spread[k] = 1 / (unknown + windows * Math.max(smooth, other) + 1);
    }
    if (this.boosted) this.applyBoost();
    for (let p = 0; p < this.partitions; p++) if ((this.slots[p] as number) >= 0) this.adapt(p);
    this.odd = !this.odd;
    if (this.odd) this.constrain();
  }

  private applyBoost(): void {
    const { spread, boost } = this;
    for (let k = 0; k < boost.length; k++) spread[k] = (spread[k] as number) * (boost[k] as number);
    boost.fill(1);
    this.boosted = false;
  }

  private adapt(p: number): void {
    const { far, hRe, hIm, variance, spread, errorRe, errorIm } = this;
    const { bins, size } = this.fft;
    const share = this.frameSamples / size;
    const forgotten = 1 - KEPT * KEPT;
    const x = (this.slots[p] as number) * bins;
    const h = p * bins;
    for (let k = 0; k < bins; k++) {
      const xr = far.re[x + k] as number;
      const xi = far.im[x + k] as number;
      const er = errorRe[k] as number;
      const ei = errorIm[k] as number;
      const v = variance[h + k] as number;
      const step = v * (spread[k] as number);
      const hr = (hRe[h + k] as number) + step * (xr * er + xi * ei);
      const hi = (hIm[h + k] as number) + step * (xr * ei - xi * er);
      hRe[h + k] = hr;
      hIm[h + k] = hi;
      variance[h + k] = KEPT * KEPT * (1 - share * step * (xr * xr + xi * xi)) * v + forgotten * (hr * hr + hi * hi);
    }
  }

  /** A filter's tail that wraps around is no path: one partition every other frame is cut back to its two frames. */
  private constrain(): void {
    const { fft, time, sumRe, sumIm, hRe, hIm } = this;
    const { bins } = fft;
    const from = this.constrained * bins;
    for (let k = 0; k < bins; k++) {
      sumRe[k] = hRe[from + k] as number;
      sumIm[k] = hIm[from + k] as number;
    }
    fft.inverse(sumRe, sumIm, time);
    time.fill(0, 2 * this.frameSamples);
    fft.forward(time, sumRe, sumIm);
    for (let k = 0; k < bins; k++) {
      hRe[from + k] = sumRe[k] as number;
      hIm[from + k] = sumIm[k] as number;
    }
    this.constrained = (this.constrained + 1) % this.partitions;
  }

  /** Delays the path by a fraction of a sample, or a few samples: exp(-2 pi i k samples / N) in bin k. */
  turn(samples: number): void {
    const { hRe, hIm } = this;
    const { bins, size } = this.fft;
    const stepRe = Math.cos((2 * Math.PI * samples) / size);
    const stepIm = -Math.sin((2 * Math.PI * samples) / size);
    let c = 1;
    let s = 0;
    for (let k = 0; k < bins; k++) {
      for (let at = k; at < hRe.length; at += bins) {
        const re = hRe[at] as number;
        const im = hIm[at] as number;
        hRe[at] = re * c - im * s;
        hIm[at] = re * s + im * c;
      }
      const next = c * stepRe - s * stepIm;
      s = c * stepIm + s * stepRe;
      c = next;
    }
  }

  /** Moves the filter by `samples` towards longer delays; what leaves it is lost. Rare, so it may cost. */
  shift(samples: number): void {
    const { fft, time, taps, sumRe, sumIm, hRe, hIm } = this;
    const { bins } = fft;
    const length = 2 * this.frameSamples;
    for (let p = 0; p < this.partitions; p++) {
      fft.inverse(hRe.subarray(p * bins, (p + 1) * bins), hIm.subarray(p * bins, (p + 1) * bins), time);
      for (let i = 0; i < length; i++) taps[p * length + i] = time[i] as number;
    }
    if (samples >= 0) taps.copyWithin(samples, 0).fill(0, 0, Math.min(samples, taps.length));
    else taps.copyWithin(0, -samples).fill(0, Math.max(0, taps.length + samples));
    for (let p = 0; p < this.partitions; p++) {
      time.fill(0);
      for (let i = 0; i < length; i++) time[i] = taps[p * length + i] as number;
      fft.forward(time, sumRe, sumIm);
      hRe.set(sumRe, p * bins);
      hIm.set(sumIm, p * bins);
    }
  }
}
