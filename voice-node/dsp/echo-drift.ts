/** Older measurements count less and less: by 1/e after 20 s of frames. */
const KEPT = 1 - 1 / 1000;
/** A slope is believed once the measurements are spread by this much, in frames (standard deviation): 4 s of them. */
const LEAST_SPREAD = 60;
/** No clock is wrong by more than 200 ppm. */
const MOST = 200e-6;
/** A delay that moves by more samples than that and a clock together is another reflection's, or a jump. */
const MOST_STEP = 2;

/**
 * How fast a delay grows because two clocks differ: the slope of a line through the delays measured of late (least
 * squares). Without it a filter is always late where the echo is high: at 100 ppm 3 kHz turn by 108 degrees a second.
 */
export class EchoDrift {
  /** In samples per frame. */
  perFrame = 0;
  private readonly most: number;
  private weight = 0;
  private time = 0;
  private delay = 0;
  private timeTime = 0;
  private timeDelay = 0;
  private last = 0;
  private lastSamples = 0;
  private jumps = 0;

  constructor(frameSamples: number) {
    this.most = MOST * frameSamples;
  }

  /** A delay of so many samples was measured in this frame; frames are counted up. */
  push(frame: number, samples: number): void {
    const passed = frame - this.last;
    const kept = KEPT ** passed;
    this.last = frame;
    const step = samples - this.lastSamples;
    this.lastSamples = samples;
    if (this.weight > 0 && Math.abs(step) > MOST_STEP + passed * this.most) this.jumps += step;
    // Running means and moments about them: counts of frames squared would lose their digits in a long call.
    const weight = kept * this.weight + 1;
    const dt = frame - this.time;
    const dd = samples - this.jumps - this.delay;
    this.time += dt / weight;
    this.delay += dd / weight;
    this.timeTime = kept * this.timeTime + dt * (frame - this.time);
    this.timeDelay = kept * this.timeDelay + dt * (samples - this.jumps - this.delay);
    this.weight = weight;
    const variance = this.timeTime / weight;
    if (variance < LEAST_SPREAD * LEAST_SPREAD) return;
    const slope = this.timeDelay / this.timeTime;
    this.perFrame = Math.max(-this.most, Math.min(this.most, slope));
  }

  /** The delay jumped: no clock's doing. */
  jumped(samples: number): void {
    this.jumps += samples;
    this.lastSamples += samples;
  }

  reset(): void {
    this.perFrame = 0;
    this.weight = 0;
    this.time = 0;
    this.delay = 0;
    this.timeTime = 0;
    this.timeDelay = 0;
    this.last = 0;
    this.lastSamples = 0;
    this.jumps = 0;
  }
}
