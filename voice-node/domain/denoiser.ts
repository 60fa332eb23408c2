/** Takes noise out of a caller's voice before anything listens to it. One instance hears one call. */
export interface Denoiser {
  readonly rateHz: number;
  /** The one length that `process` takes. */
  readonly frameSamples: number;
  /** How much later than what went in the same sound comes out. */
  readonly delaySamples: number;
  /** Cleans mono int16, in place. Throws `denoise_failed`. */
  process(frame: Int16Array): void;
  /** Back to the state of a new instance. */
  reset(): void;
  /** Frees its memory. The denoiser must not be used afterwards. */
  close(): void;
}
