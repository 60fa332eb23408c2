/** Noise that is the same each time: a line that goes dead in the middle of a call sounds broken, and so does a click. */
export class ComfortNoise {
  private seed = 1;

  /** The next sample of white noise, uniform between -1 and 1. (Knuth's MMIX-like 32-bit LCG: Numerical Recipes, 7.1.) */
  next(): number {
    this.seed = (Math.imul(this.seed, 1_664_525) + 1_013_904_223) | 0;
    return this.seed / 2_147_483_648;
  }

  reset(): void {
    this.seed = 1;
  }
}
