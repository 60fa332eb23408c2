/** The newest frame's share in the smoothed power: 50 ms. */
const SMOOTHING = 0.4;
const BLOCK_FRAMES = 12;
const BLOCKS = 8;

/**
 * What a line sounds like when nobody speaks: the least smoothed power of the last two seconds (R. Martin, "Noise power
 * spectral density estimation based on optimal smoothing and minimum statistics", IEEE Trans. Speech Audio Process. 9, 2001,
 * here of the whole band). Hardly anybody speaks for two seconds without a gap of 50 ms; whoever does lifts the floor. A noise that
 * begins is known after two seconds, one that ends within 100 ms; before it has heard that much a line counts as quiet.
 * Allocates nothing.
 */
export class NoiseFloor {
  private readonly least = new Float64Array(BLOCKS);
  private smoothed = 0;
  private frames = 0;

  /** Takes the RMS of the next 20 ms frame and returns the floor's, both in the same units. */
  push(rms: number): number {
    const { least } = this;
    this.smoothed += SMOOTHING * (rms * rms - this.smoothed);
    const block = Math.floor(this.frames / BLOCK_FRAMES) % BLOCKS;
    least[block] = this.frames % BLOCK_FRAMES === 0 ? this.smoothed : Math.min(least[block] as number, this.smoothed);
    this.frames++;
    let floor = least[0] as number;
    for (let i = 1; i < BLOCKS; i++) floor = Math.min(floor, least[i] as number);
    return Math.sqrt(floor);
  }

  reset(): void {
    this.least.fill(0);
    this.smoothed = 0;
    this.frames = 0;
  }
}
