/**
 * A gain that never jumps: it goes in a straight line from where it is to where it is told to be, sample by
 * sample, so that a change makes no click. On int16, in place, rounded to nearest. Allocates nothing.
 */
export class GainRamp {
  #gain = 1;
  #target = 1;
  #step = 0;

  /** Whether samples pass unchanged. */
  get isUnity(): boolean {
    return this.#gain === 1 && this.#target === 1;
  }

  /** Goes to `gain`, 0 to 1, within `samples` samples of what comes next. */
  to(gain: number, samples: number): void {
    this.#target = gain;
    this.#step = (gain - this.#gain) / Math.max(1, samples);
  }

  /** Back to 1 at once. */
  reset(): void {
    this.#gain = 1;
    this.#target = 1;
  }

  /** Applies the gain to the first `count` samples. */
  apply(samples: Int16Array, count: number): void {
    let gain = this.#gain;
    const target = this.#target;
    const step = this.#step;
    for (let i = 0; i < count; i++) {
      if (gain !== target) {
        gain += step;
        if ((step > 0 && gain > target) || (step < 0 && gain < target)) gain = target;
      }
      samples[i] = Math.round((samples[i] as number) * gain);
    }
    this.#gain = gain;
  }
}
