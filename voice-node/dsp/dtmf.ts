import { VoiceNodeError } from '../domain/errors.js';
import { INT16_FULL_SCALE } from './level.js';

/** ITU-T Q.23: one frequency of each group. */
export const DTMF_LOW_HZ: readonly number[] = [697, 770, 852, 941];
export const DTMF_HIGH_HZ: readonly number[] = [1209, 1336, 1477, 1633];

/** The keys, row by row: row picks the low frequency, column the high one. */
export const DTMF_KEYS = '123A456B789C*0#D';

export interface DtmfToneOptions {
  readonly rateHz: number;
  /** Level of the low tone in dBFS (peak), default -12. */
  readonly levelDbfs?: number;
  /** How much louder the high tone is, default 2 dB: lines lose high frequencies (ETSI ES 201 235-2). */
  readonly twistDb?: number;
  /** Deviation of both frequencies, for testing receivers; default 0. */
  readonly deviation?: number;
}

/** The two tones of a key, continuous in phase from call to call. Allocates nothing per call. */
export class DtmfTone {
  private readonly lowCycles: number;
  private readonly highCycles: number;
  private readonly lowAmplitude: number;
  private readonly highAmplitude: number;
  private readonly rateHz: number;
  private at = 0;

  /** Throws VoiceNodeError `argument_invalid` for a key that is none of 0-9 A-D * #, or levels that overflow. */
  constructor(key: string, { rateHz, levelDbfs = -12, twistDb = 2, deviation = 0 }: DtmfToneOptions) {
    const index = key.length === 1 ? DTMF_KEYS.indexOf(key.toUpperCase()) : -1;
    if (index < 0) throw new VoiceNodeError('argument_invalid', `expected a key of ${DTMF_KEYS}, got ${JSON.stringify(key)}`);
    this.rateHz = rateHz;
    this.lowCycles = (DTMF_LOW_HZ[index >> 2] as number) * (1 + deviation);
    this.highCycles = (DTMF_HIGH_HZ[index & 3] as number) * (1 + deviation);
    this.lowAmplitude = (INT16_FULL_SCALE - 1) * 10 ** (levelDbfs / 20);
    this.highAmplitude = this.lowAmplitude * 10 ** (twistDb / 20);
    if (!(this.lowAmplitude + this.highAmplitude <= INT16_FULL_SCALE - 1)) {
      throw new VoiceNodeError('argument_invalid', `two tones of ${levelDbfs} dBFS and ${twistDb} dB more do not fit into full scale`);
    }
  }

  /** Fills `out`, int16 at `rateHz`. */
  fillInto(out: Int16Array): void {
    const { rateHz, lowCycles, highCycles, lowAmplitude, highAmplitude } = this;
    for (let i = 0; i < out.length; i++, this.at++) {
      const t = (2 * Math.PI * this.at) / rateHz;
      out[i] = Math.round(lowAmplitude * Math.sin(lowCycles * t) + highAmplitude * Math.sin(highCycles * t));
    }
  }
}
