/**
 * One step of a resampler's chain. Works on Float64Array throughout, so that every kernel sees one type and
 * stays monomorphic (V8 compiles one machine code for it). Never allocates after construction.
 */
export interface Stage {
  /** Output samples for each `down` input samples. */
  readonly up: number;
  readonly down: number;
  /**
   * Mean group delay over `fromHz`..`toHz` in seconds, counted between an output sample and the input
   * sample of the same nominal time (sample 0 of both streams is time 0).
   */
  delaySeconds(inputHz: number, fromHz: number, toHz: number): number;
  /** Consumes `count` samples of `input`, writes to `output` from 0, returns how many. */
  process(input: Float64Array, count: number, output: Float64Array): number;
  reset(): void;
}

/**
 * Added to every input sample, far below anything a float32 can hold. A recursive filter fed with silence
 * decays into denormal numbers, which some processors compute a hundred times slower; with this bias its
 * states settle at 1e-100 instead, which is an ordinary number and leaves as exact zero.
 */
export const ANTI_DENORMAL_BIAS = 1e-100;
