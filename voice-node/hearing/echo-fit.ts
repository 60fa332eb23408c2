/** How much of the older frames counts in figures of some 0.2 s, and in those that have to follow within a frame or two. */
const SLOW = 0.9;
const QUICK = 0.5;
/** The filter helps where it takes away 1.5 dB; it has fitted once it took away 6 dB. */
const HELPS = 0.7;
const FITTED = 0.25;
/** It fits where its estimate is in the frame with at least this factor: <near, echo> / <echo, echo>, 1 where it is right. */
const FITS = 0.4;
/** What it takes 7 dB away of is echo: whoever speaks below that is not heard in this frame. */
const MOSTLY_ECHO = 0.2;
/** Less than this share of a frame estimated to be echo: either it is something else, or the delay has just changed. */
const ESTIMATED = 0.25;
/**
 * More left than this although that much was estimated: the estimate is not in the frame. Somebody who speaks as loud as
 * the echo leaves half; a delay that jumps in the middle of a frame leaves all of it.
 */
const LEFT = 0.75;

/** How well the filter's estimate of the echo agrees with what is heard. */
export class EchoFit {
  /** Whether the last frame was echo and little else; whether what the filter left of it can be relied on. */
  mostlyEcho = false;
  unsure = false;
  /** Whether the last frame shows by itself that the delay has jumped. */
  wrong = false;
  /** Whether it took the echo away at some time. */
  fitted = false;
  private nearPower = 0;
  private leftPower = 0;
  private cross = 0;
  private echoPower = 0;

  push(near: Float64Array, echo: Float64Array): void {
    let power = 0;
    let left = 0;
    let cross = 0;
    let estimated = 0;
    for (let i = 0; i < near.length; i++) {
      const y = near[i] as number;
      const d = echo[i] as number;
      power += y * y;
      left += (y - d) * (y - d);
      cross += y * d;
      estimated += d * d;
    }
    this.nearPower = SLOW * this.nearPower + power;
    this.leftPower = SLOW * this.leftPower + left;
    this.cross = QUICK * this.cross + cross;
    this.echoPower = QUICK * this.echoPower + estimated;
    if (this.leftPower < FITTED * this.nearPower) this.fitted = true;
    this.mostlyEcho = left < MOSTLY_ECHO * power;
    this.wrong = this.fitted && estimated >= ESTIMATED * power && left > LEFT * power;
    this.unsure = this.fitted && (this.wrong || this.misfits || cross < FITS * estimated || estimated < ESTIMATED * power);
  }

  /** Whether the filter took the echo away until now and does not any more: the path has changed, or the delay. */
  get misfits(): boolean {
    return this.fitted && this.cross < FITS * this.echoPower;
  }

  get helps(): boolean {
    return this.leftPower < HELPS * this.nearPower;
  }

  /** What the filter takes away, over the last 0.2 s. */
  get erleDb(): number {
    return 10 * Math.log10((this.nearPower + 1) / (this.leftPower + 1));
  }

  /** The filter has been moved to where the echo is now: the benefit of the doubt. */
  excuse(): void {
    this.cross = this.echoPower;
  }

  reset(): void {
    this.wrong = false;
    this.mostlyEcho = false;
    this.unsure = false;
    this.nearPower = 0;
    this.leftPower = 0;
    this.cross = 0;
    this.echoPower = 0;
    this.fitted = false;
  }
}
