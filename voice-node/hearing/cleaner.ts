import type { Denoiser } from '../domain/denoiser.js';
import { samplesIn } from '../domain/time.js';
import { Framer } from '../dsp/framer.js';
import { createResampler, type Resampler } from '../dsp/resampler.js';

/** How much is resampled at once; longer pieces are taken in several steps. */
const STEP_MS = 100;

/**
 * The caller's audio, in pieces of any length and at any rate, goes through a denoiser: what comes out is in the
 * denoiser's frames and at its rate. How the audio is cut makes no difference. Allocates nothing where the audio
 * comes at the denoiser's rate, or in pieces of one length.
 */
export class Cleaner {
  /** What comes out is this much behind what went in. */
  readonly delayMs: number;
  private readonly denoiser: Denoiser;
  private readonly framer: Framer;
  private readonly resampler: Resampler<Int16Array> | undefined;
  private readonly stepSamples: number;
  private readonly resampled: Int16Array;
  private filled: Int16Array;
  private readonly onFrame: (frame: Int16Array) => void;
  /** Whether the denoiser still holds something back. */
  private isFilled = false;
  private failure: { readonly error: unknown } | undefined;

  /** Takes the denoiser over: `close` closes it. Throws `audio_format` for a rate that cannot be resampled. */
  constructor(denoiser: Denoiser, inputRateHz: number, onFrame: (frame: Int16Array) => void) {
    const { rateHz, frameSamples, delaySamples } = denoiser;
    this.denoiser = denoiser;
    this.delayMs = (delaySamples * 1000) / rateHz;
    this.onFrame = onFrame;
    this.framer = new Framer(frameSamples, (frame) => this.clean(frame));
    this.resampler = inputRateHz === rateHz ? undefined : createResampler({ fromHz: inputRateHz, toHz: rateHz });
    this.stepSamples = samplesIn(STEP_MS, inputRateHz);
    this.resampled = new Int16Array(this.resampler?.maxOutputSamples(this.stepSamples) ?? 0);
    this.filled = this.resampled;
  }

  /**
   * Takes mono int16 at the input's rate, borrowed. Throws `denoise_failed` where the denoiser does, after all of
   * `samples` was taken; the frames in question go on as they came.
   */
  push(samples: Int16Array): void {
    const { resampler, stepSamples } = this;
    if (resampler === undefined) {
      this.framer.push(samples);
    } else if (samples.length <= stepSamples) {
      this.resample(resampler, samples);
    } else {
      for (let from = 0; from < samples.length; from += stepSamples) this.resample(resampler, samples.subarray(from, from + stepSamples));
    }
    this.rethrow();
  }

  /** The audio is over: the last frame is filled up with silence, and what the denoiser holds back comes out. */
  flush(): void {
    this.framer.flush(true);
    if (this.isFilled) {
      const silence = new Int16Array(this.denoiser.delaySamples);
      this.framer.push(silence);
      this.framer.flush(true);
      this.isFilled = false;
    }
    this.rethrow();
  }

  /** As new. */
  reset(): void {
    this.resampler?.reset();
    this.framer.reset();
    this.denoiser.reset();
    this.isFilled = false;
    this.failure = undefined;
  }

  close(): void {
    this.denoiser.close();
  }

  private resample(resampler: Resampler<Int16Array>, samples: Int16Array): void {
    const count = resampler.processInto(samples, this.resampled);
    if (count !== this.filled.length) this.filled = this.resampled.subarray(0, count);
    this.framer.push(this.filled);
  }

  private clean(frame: Int16Array): void {
    this.isFilled = true;
    try {
      this.denoiser.process(frame);
    } catch (error) {
      this.failure ??= { error };
    }
    this.onFrame(frame);
  }

  private rethrow(): void {
    const { failure } = this;
    if (failure === undefined) return;
    this.failure = undefined;
    throw failure.error;
  }
}
