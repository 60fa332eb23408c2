import { VoiceNodeError } from '../domain/errors.js';
import { SILENCE_DBFS, amplitudeToDbfs } from './level.js';

/** Thresholds 1, 2, 4, ... 2^14 in int16 units. */
const THRESHOLDS = 15;
const TIME_CONSTANT_S = 0.03;
const HANGOVER_S = 0.2;
/** Difference between the active level and its threshold that listeners agree with (P.56, 14.3). */
const MARGIN_DB = 15.9;

/**
 * Active speech level after ITU-T P.56 (12/2011), method B: the level of the speech without its pauses, so that
 * a sentence with long pauses and one without come out alike. The envelope is |x| smoothed twice with 30 ms; for
 * each of 15 thresholds the time is counted during which the envelope lies above it or did 200 ms ago; the
 * threshold that lies 15.9 dB under its own active level is the right one, found by interpolation.
 *
 * Streaming, int16 mono. Allocates nothing per call. Sample counts are exact for 2^53 samples.
 */
export class SpeechLevelMeter {
  private readonly smoothing: number;
  private readonly hangoverSamples: number;
  private readonly activeSamples = new Float64Array(THRESHOLDS);
  private readonly sinceAbove = new Float64Array(THRESHOLDS);
  private sumOfSquares = 0;
  private samples = 0;
  private first = 0;
  private second = 0;

  constructor(rateHz: number) {
    if (!(rateHz > 0)) throw new VoiceNodeError('argument_invalid', `expected a rate above 0 Hz, got ${rateHz}`);
    this.smoothing = Math.exp(-1 / (rateHz * TIME_CONSTANT_S));
    this.hangoverSamples = Math.ceil(rateHz * HANGOVER_S);
    this.reset();
  }

  push(samples: Int16Array): void {
    const { smoothing: g, hangoverSamples, activeSamples, sinceAbove } = this;
    let { first, second, sumOfSquares } = this;
    for (let i = 0; i < samples.length; i++) {
      const x = samples[i] as number;
      sumOfSquares += x * x;
      // The bias keeps the tails out of denormal numbers; see stage.ts.
      first = g * first + (1 - g) * (x < 0 ? -x : x) + 1e-100;
      second = g * second + (1 - g) * first;
      for (let j = 0, threshold = 1; j < THRESHOLDS; j++, threshold *= 2) {
        if (second >= threshold) sinceAbove[j] = 0;
        else if ((sinceAbove[j] as number) < hangoverSamples) sinceAbove[j] = (sinceAbove[j] as number) + 1;
        else continue;
        activeSamples[j] = (activeSamples[j] as number) + 1;
      }
    }
    this.first = first;
    this.second = second;
    this.sumOfSquares = sumOfSquares;
    this.samples += samples.length;
  }

  /** Level of the active part in dBFS (RMS re 32768), SILENCE_DBFS when nothing was active. */
  activeLevelDbfs(): number {
    let aboveLevel = 0;
    let aboveExcess = 0;
    for (let j = 0; j < THRESHOLDS; j++) {
      const active = this.activeSamples[j] as number;
      if (active === 0) return SILENCE_DBFS;
      const level = amplitudeToDbfs(Math.sqrt(this.sumOfSquares / active));
      const excess = level - amplitudeToDbfs(2 ** j) - MARGIN_DB;
      if (excess <= 0) {
        if (j === 0 || excess === 0) return level;
        // Level and threshold both run straight between neighbours, so the crossing is where the excess is 0.
        const share = aboveExcess / (aboveExcess - excess);
        return aboveLevel + share * (level - aboveLevel);
      }
      aboveLevel = level;
      aboveExcess = excess;
    }
    return aboveLevel;
  }

  /** Share of the time in which there was speech, 0..1. */
  activity(): number {
    const active = this.activeLevelDbfs();
    if (this.samples === 0 || active === SILENCE_DBFS) return 0;
    const overall = amplitudeToDbfs(Math.sqrt(this.sumOfSquares / this.samples));
    return Math.min(1, 10 ** ((overall - active) / 10));
  }

  reset(): void {
    this.activeSamples.fill(0);
    this.sinceAbove.fill(this.hangoverSamples);
    this.sumOfSquares = 0;
    this.samples = 0;
    this.first = 0;
    this.second = 0;
  }
}
