import { VoiceNodeError } from '../domain/errors.js';
import { roundToInt16 } from './pcm.js';
import { ANTI_DENORMAL_BIAS } from './stage.js';

export interface HighPassOptions {
  readonly rateHz: number;
  /** Frequency of -3 dB, default 70 Hz: below any voice, above mains hum's fundamental, handling noise and DC. */
  readonly cutoffHz?: number;
}

/**
 * Takes out direct voltage and rumble: a second-order Butterworth high-pass, 12 dB an octave, by the bilinear
 * transform with the cutoff prewarped, K = tan(pi fc / fs) (U. Zoelzer, "Digital Audio Signal Processing",
 * 2nd ed., table 5.2). Transposed direct form II in double precision, so the low cutoff costs no noise.
 *
 * Delay: none to speak of above 300 Hz. int16 in and out, rounded and saturated. Allocates nothing per call.
 */
export class HighPass {
  private readonly b0: number;
  private readonly a1: number;
  private readonly a2: number;
  private s1 = 0;
  private s2 = 0;

  /** Throws VoiceNodeError `argument_invalid` unless 0 < cutoffHz < rateHz / 2. */
  constructor({ rateHz, cutoffHz = 70 }: HighPassOptions) {
    if (!(cutoffHz > 0 && cutoffHz < rateHz / 2)) {
      throw new VoiceNodeError('argument_invalid', `expected a cutoff between 0 and ${rateHz / 2} Hz, got ${cutoffHz}`);
    }
    const k = Math.tan((Math.PI * cutoffHz) / rateHz);
    const norm = 1 / (1 + Math.SQRT2 * k + k * k);
    this.b0 = norm;
    this.a1 = 2 * (k * k - 1) * norm;
    this.a2 = (1 - Math.SQRT2 * k + k * k) * norm;
  }

  /** Filters a block in place; blocks of any length follow one another. */
  processInPlace(samples: Int16Array): void {
    const { b0, a1, a2 } = this;
    const bias = ANTI_DENORMAL_BIAS;
    const count = samples.length;
    let { s1, s2 } = this;
    for (let i = 0; i < count; i++) {
      const x = (samples[i] as number) + bias;
      const y = b0 * x + s1;
      s1 = -2 * b0 * x - a1 * y + s2;
      s2 = b0 * x - a2 * y;
      samples[i] = roundToInt16(y);
    }
    this.s1 = s1;
    this.s2 = s2;
  }

  reset(): void {
    this.s1 = 0;
    this.s2 = 0;
  }
}
