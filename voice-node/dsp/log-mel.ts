import { MixedFft } from './mixed-fft.js';

export const LOG_MEL_RATE_HZ = 16_000;
/** 25 ms windows every 10 ms. */
const WINDOW = 400;
const HOP = 160;
const BINS = WINDOW / 2 + 1;
export const MEL_BANDS = 80;
const LEAST_POWER = 1e-10;
/** What lies further below the loudest band of the whole is lifted to it, in powers of ten. */
const RANGE = 8;
const VARIANCE_EPSILON = 1e-7;

/** Slaney's scale: linear to 1 kHz (15 mel), logarithmic above, 27 mel for a factor of 6.4. */
const melOf = (hz: number): number => (hz < 1000 ? (3 * hz) / 200 : 15 + (27 * Math.log(hz / 1000)) / Math.log(6.4));
const hzOf = (mel: number): number => (mel < 15 ? (200 * mel) / 3 : 1000 * Math.exp(((mel - 15) * Math.log(6.4)) / 27));

/**
 * The logarithmic mel spectrogram that Whisper and what grew out of it listen to (A. Radford et al., "Robust speech
 * recognition via large-scale weak supervision", 2022, section 2.2), for a stretch of fixed length:
 *
 * - the sound, at the end of the stretch, with zeros before it; the whole at mean 0 and variance 1;
 * - frames of 25 ms every 10 ms, centred on multiples of 10 ms, the sound mirrored at its ends; Hann window; power;
 * - 80 triangles on Slaney's mel scale from 0 to 8 kHz, each of area 2 / width (M. Slaney, Auditory Toolbox, 1998);
 * - log10, at least 1e-10, and no more than 8 below the maximum; (x + 4) / 4.
 *
 * Agrees with Hugging Face's WhisperFeatureExtractor with `do_normalize`. Allocates nothing after construction.
 */
export class LogMel {
  readonly samples: number;
  /** One every 10 ms. */
  readonly frames: number;
  readonly #padded: Float64Array;
  readonly #fft = new MixedFft(WINDOW);
  readonly #hann = Float64Array.from({ length: WINDOW }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / WINDOW));
  readonly #re = new Float64Array(WINDOW);
  readonly #im = new Float64Array(WINDOW);
  readonly #power = new Float64Array(BINS);
  readonly #bands: readonly Triangle[] = triangles();

  /** `seconds`: length of the stretch. */
  constructor(seconds: number) {
    this.samples = seconds * LOG_MEL_RATE_HZ;
    this.frames = this.samples / HOP;
    this.#padded = new Float64Array(this.samples + WINDOW);
  }

  /**
   * Mono at 16 kHz, -1 to 1; of more than the stretch, the end counts. Writes `MEL_BANDS` rows of `frames` values each,
   * lowest band first.
   */
  process(sound: Float32Array, out: Float32Array): void {
    const silent = this.#load(sound);
    // Windows that begin before the sound does hold nothing but the silence, except the one it is mirrored into.
    const same = Math.max(0, Math.floor((WINDOW / 2 + silent - WINDOW) / HOP) + 1);
    let highest = -Infinity;
    for (let frame = 0; frame < this.frames; frame += 2) {
      const copied = frame >= 2 && frame + 1 < same;
      if (!copied) this.#transform(frame);
      for (let half = 0; half < 2; half++) {
        if (!copied) this.#powerOf(half);
        for (let band = 0; band < MEL_BANDS; band++) {
          const at = band * this.frames + frame + half;
          const value = copied ? (out[at - 2] as number) : Math.log10(Math.max(LEAST_POWER, this.#energy(band)));
          out[at] = value;
          if (value > highest) highest = value;
        }
      }
    }
    const least = highest - RANGE;
    for (let i = 0; i < MEL_BANDS * this.frames; i++) out[i] = (Math.max(least, out[i] as number) + 4) / 4;
  }

  /** The stretch at mean 0 and variance 1, with half a window before and after it. Returns how much silence it begins with. */
  #load(sound: Float32Array): number {
    const x = this.#padded;
    const count = Math.min(sound.length, this.samples);
    const silent = this.samples - count;
    const from = WINDOW / 2;
    let sum = 0;
    let squares = 0;
    for (let i = 0; i < count; i++) {
      const value = sound[sound.length - count + i] as number;
      x[from + silent + i] = value;
      sum += value;
      squares += value * value;
    }
    const mean = sum / this.samples;
    const scale = 1 / Math.sqrt(Math.max(0, squares / this.samples - mean * mean) + VARIANCE_EPSILON);
    for (let i = 0; i < silent; i++) x[from + i] = -mean * scale;
    for (let i = silent; i < this.samples; i++) x[from + i] = ((x[from + i] as number) - mean) * scale;
    for (let i = 1; i <= from; i++) {
      x[from - i] = x[from + i] as number;
      x[from + this.samples - 1 + i] = x[from + this.samples - 1 - i] as number;
    }
    return silent;
  }

  /** Two frames at once: the first as the real part, the second as the imaginary one. */
  #transform(frame: number): void {
    for (let i = 0; i < WINDOW; i++) {
      const weight = this.#hann[i] as number;
      this.#re[i] = weight * (this.#padded[frame * HOP + i] as number);
      this.#im[i] = weight * (this.#padded[(frame + 1) * HOP + i] as number);
    }
    this.#fft.transform(this.#re, this.#im);
  }

  /** |X|^2 of one of them: X = (Z[k] + conj Z[-k]) / 2 is the first, (Z[k] - conj Z[-k]) / 2i the second. */
  #powerOf(half: number): void {
    const sign = half === 0 ? 1 : -1;
    for (let k = 0; k < BINS; k++) {
      const mirror = (WINDOW - k) % WINDOW;
      const re = (this.#re[k] as number) + sign * (this.#re[mirror] as number);
      const im = (this.#im[k] as number) - sign * (this.#im[mirror] as number);
      this.#power[k] = (re * re + im * im) / 4;
    }
  }

  #energy(band: number): number {
    const { first, weights } = this.#bands[band] as Triangle;
    let sum = 0;
    for (let i = 0; i < weights.length; i++) sum += (weights[i] as number) * (this.#power[first + i] as number);
    return sum;
  }
}

/** The bins of a band that weigh anything. */
interface Triangle {
  readonly first: number;
  readonly weights: Float64Array;
}

function triangles(): Triangle[] {
  const highest = melOf(LOG_MEL_RATE_HZ / 2);
  const corner = (i: number): number => hzOf((highest * i) / (MEL_BANDS + 1));
  return Array.from({ length: MEL_BANDS }, (_, band) => {
    const [low, middle, high] = [corner(band), corner(band + 1), corner(band + 2)];
    const weight = (bin: number): number => {
      const hz = (bin * LOG_MEL_RATE_HZ) / WINDOW;
      return (Math.max(0, Math.min((hz - low) / (middle - low), (high - hz) / (high - middle))) * 2) / (high - low);
    };
    const bins = Array.from({ length: BINS }, (__, bin) => bin).filter((bin) => weight(bin) > 0);
    return { first: bins[0] ?? 0, weights: Float64Array.from(bins, weight) };
  });
}
