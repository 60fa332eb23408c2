/** The last frames before the echo's delay was known, as they came and by bands, oldest first. */
export class EchoMemory {
  private readonly frames: readonly Float64Array[];
  private readonly bands: readonly Float64Array[];
  private taken = 0;

  constructor(frames: number, frameSamples: number, bands: number) {
    this.frames = Array.from({ length: frames }, () => new Float64Array(frameSamples));
    this.bands = Array.from({ length: frames }, () => new Float64Array(bands));
  }

  /** How many are held. */
  get length(): number {
    return Math.min(this.taken, this.frames.length);
  }

  /** Takes copies. */
  push(frame: Float64Array, bands: Float64Array): void {
    const slot = this.taken++ % this.frames.length;
    (this.frames[slot] as Float64Array).set(frame);
    (this.bands[slot] as Float64Array).set(bands);
  }

  /** `back`: 1 for the newest, up to `length`. */
  frame(back: number): Float64Array {
    return this.frames[(this.taken - back) % this.frames.length] as Float64Array;
  }

  bandsOf(back: number): Float64Array {
    return this.bands[(this.taken - back) % this.bands.length] as Float64Array;
  }

  clear(): void {
    this.taken = 0;
  }
}
