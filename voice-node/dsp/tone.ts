import { VoiceNodeError } from '../domain/errors.js';
import { INT16_FULL_SCALE } from './level.js';

export interface ToneOptions {
  readonly rateHz: number;
  /** 0 < frequencyHz < rateHz / 2. */
  readonly frequencyHz: number;
  /** Peak level of the sine; 0 dBFS reaches full scale. */
  readonly levelDbfs: number;
}

/** A sine, continuous in phase from call to call and free of drift. Allocates nothing per call. */
export class ToneGenerator {
  private readonly amplitude: number;
  private readonly cyclesPerSample: number;
  private cycles = 0;

  /** Throws VoiceNodeError `argument_invalid` for a frequency at or above half the rate, or a level above 0 dBFS. */
  constructor(options: ToneOptions) {
    const { rateHz, frequencyHz, levelDbfs } = options;
    if (!(frequencyHz > 0 && frequencyHz < rateHz / 2)) {
      throw new VoiceNodeError('argument_invalid', `expected a frequency between 0 and ${rateHz / 2} Hz, got ${frequencyHz}`);
    }
    if (!(levelDbfs <= 0)) throw new VoiceNodeError('argument_invalid', `expected a level of at most 0 dBFS, got ${levelDbfs}`);
    this.amplitude = (INT16_FULL_SCALE - 1) * 10 ** (levelDbfs / 20);
    this.cyclesPerSample = frequencyHz / rateHz;
  }

  /** Fills `out`, int16 at `rateHz`. */
  fillInto(out: Int16Array): void {
    const count = out.length;
    const { amplitude, cyclesPerSample } = this;
    let cycles = this.cycles;
    for (let i = 0; i < count; i++) {
      out[i] = Math.round(amplitude * Math.sin(2 * Math.PI * cycles));
      cycles += cyclesPerSample;
      if (cycles >= 1) cycles -= 1;
    }
    this.cycles = cycles;
  }

  /** Back to phase 0. */
  reset(): void {
    this.cycles = 0;
  }
}
