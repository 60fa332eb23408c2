import type { EchoBands } from './echo-bands.js';
import type { RealFft } from './fft.js';

/** 1.12 s are kept: echoes of up to half a second, a filter of 0.2 s behind that, and what the two streams wobble. */
export const FAR_FRAMES = 56;
/** Quieter frames count as silence: -73 dBFS. Their echo is below any line's noise. */
const SILENT_RMS = 7;

/**
 * Both streams are differentiated a little, y[n] = x[n] - 0.9 x[n-1], before anything is made of them: speech falls
 * by 6 dB an octave or more, and in a short window its low notes would leak into the high ones and drown them.
 */
export const PRE_EMPHASIS = 0.9;

/**
 * What was played, as the spectra that the search and the filter work on: one for each frame, of the newest
 * `fft.size` samples at its end. Frames are counted from 0. Silent ones cost nothing.
 */
export class FarSpectra {
  readonly bins: number;
  /** Spectra one after the other, `bins` numbers each; where one begins says `offsetOf`. */
  readonly re: Float32Array;
  readonly im: Float32Array;
  /** 1 / (|X| + a little), which takes the magnitude out of a spectrum. */
  readonly whitening: Float32Array;
  /** Energy by bands, `bands.count` numbers for each slot, of one frame's length. */
  readonly bandEnergy: Float64Array;
  /** Frames taken so far. */
  frames = 0;
  private readonly fft: RealFft;
  private readonly bands: EchoBands;
  private readonly frameSamples: number;
  private readonly window: Float64Array;
  private readonly spectrumRe: Float64Array;
  private readonly spectrumIm: Float64Array;
  private readonly loud = new Uint8Array(FAR_FRAMES);
  private readonly windowFrames: number;
  private sinceLoud: number;
  private lastSample = 0;
  private lastLoud = -FAR_FRAMES;

  constructor(fft: RealFft, bands: EchoBands, frameSamples: number) {
    this.fft = fft;
    this.bands = bands;
    this.bins = fft.bins;
    this.frameSamples = frameSamples;
    this.window = new Float64Array(fft.size);
    this.spectrumRe = new Float64Array(fft.bins);
    this.spectrumIm = new Float64Array(fft.bins);
    this.re = new Float32Array(FAR_FRAMES * fft.bins);
    this.im = new Float32Array(FAR_FRAMES * fft.bins);
    this.whitening = new Float32Array(FAR_FRAMES * fft.bins);
    this.bandEnergy = new Float64Array(FAR_FRAMES * bands.count);
    this.windowFrames = Math.ceil(fft.size / frameSamples);
    this.sinceLoud = this.windowFrames;
  }

  /** The last frame with sound in it; far in the past where there was none. */
  get lastLoudFrame(): number {
    return this.lastLoud;
  }

  /** Takes the next frame, `frameSamples` at the call's rate. */
  push(frame: Int16Array): void {
    const { window, frameSamples } = this;
    window.copyWithin(0, frameSamples);
    const at = window.length - frameSamples;
    let energy = 0;
    let last = this.lastSample;
    for (let i = 0; i < frameSamples; i++) {
      const x = frame[i] as number;
      window[at + i] = x - PRE_EMPHASIS * last;
      last = x;
      energy += x * x;
    }
    this.lastSample = last;
    this.note(energy >= SILENT_RMS * SILENT_RMS * frameSamples);
  }

  /** A frame of silence. */
  skip(): void {
    this.lastSample = 0;
    if (this.sinceLoud < this.windowFrames) {
      const { window, frameSamples } = this;
      window.copyWithin(0, frameSamples);
      window.fill(0, window.length - frameSamples);
    }
    this.note(false);
  }

  /** The slot of a frame, or -1 where there is none: silent, forgotten, not played yet. */
  slotOf(frame: number): number {
    if (frame < 0 || frame >= this.frames || frame < this.frames - FAR_FRAMES) return -1;
    const slot = frame % FAR_FRAMES;
    return this.loud[slot] === 1 ? slot : -1;
  }

  reset(): void {
    this.window.fill(0);
    this.loud.fill(0);
    this.frames = 0;
    this.lastSample = 0;
    this.sinceLoud = this.windowFrames;
    this.lastLoud = -FAR_FRAMES;
  }

  private note(loud: boolean): void {
    const slot = this.frames % FAR_FRAMES;
    if (loud) {
      this.sinceLoud = 0;
      this.lastLoud = this.frames;
    } else {
      this.sinceLoud = Math.min(this.sinceLoud + 1, this.windowFrames);
    }
    const holdsSound = this.sinceLoud < this.windowFrames;
    this.loud[slot] = holdsSound ? 1 : 0;
    if (holdsSound) this.transform(slot);
    this.frames++;
  }

  private transform(slot: number): void {
    const { fft, bins, spectrumRe, spectrumIm, re, im, whitening } = this;
    fft.forward(this.window, spectrumRe, spectrumIm);
    const from = slot * bins;
    // A bin this far below the frame's mean is leakage and noise; its phase says nothing.
    let total = 0;
    for (let k = 0; k < bins; k++) {
      const x = spectrumRe[k] as number;
      const y = spectrumIm[k] as number;
      const power = x * x + y * y;
      total += power;
      re[from + k] = x;
      im[from + k] = y;
      whitening[from + k] = Math.sqrt(power);
    }
    const little = 0.1 * Math.sqrt(total / bins) + 1;
    for (let k = from; k < from + bins; k++) whitening[k] = 1 / ((whitening[k] as number) + little);
    this.bands.measure(re, im, from, this.frameSamples / fft.size, this.bandEnergy, slot * this.bands.count);
  }
}
