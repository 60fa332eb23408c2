/**
 * Free samples before the first one in every buffer between two stages. A stage that waits for the rest of a
 * group puts its leftover here, directly before the new samples, and works on one contiguous run.
 */
export const HEADROOM = 4;

/** Free samples behind the last one, into which a kernel may write what it computes beyond the end of a block. */
export const TAILROOM = 32;

/** Most input samples that one call of `Stage.process` may bring. */
export const MAX_STAGE_INPUT = 1024;

/**
 * One step of a resampler's chain. Works on Float64Array throughout, so that every kernel sees one type and
 * is compiled once, for it. Never allocates after construction.
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
  /**
   * Consumes `count` samples of `input`, which begin at HEADROOM (what lies before is scratch), writes to
   * `output` from HEADROOM, and returns how many. Always floor(total in * up / down) in all.
   */
  process(input: Float64Array, count: number, output: Float64Array): number;
  reset(): void;
}

/**
 * Added to every sample that enters a recursive filter, far below anything a float32 can hold. A filter fed with
 * silence decays into denormal numbers, which processors compute up to a hundred times slower; with this bias
 * its states settle at 1e-100 instead, which is an ordinary number and leaves as exact zero. Being a function of
 * the sample alone, it cannot depend on how the input was cut, as a flush at the end of a block would.
 */
export const ANTI_DENORMAL_BIAS = 1e-100;
