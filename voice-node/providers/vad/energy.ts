import type { SpeechDetector, SpeechRule } from '../../domain/speech.js';
import { rms } from '../../dsp/level.js';
import { NoiseFloor } from './noise-floor.js';

/** RMS, in int16 units, below which no frame counts as loud. -44 dBFS. */
export const ENERGY_THRESHOLD_RMS = 200;
/** How far a frame has to stand out of the line's noise, as a ratio of RMS values. */
const ABOVE_FLOOR = 2.5;

/** 100 ms of loud frames begin a turn, 60 ms interrupt the robot. What falls short of the threshold by less than 2.7 dB keeps it going. */
export const ENERGY_RULE: SpeechRule = {
  start: 0.5,
  stop: 0.35,
  certain: 2,
  startFrames: 5,
  startWindow: 5,
  interruptFrames: 3,
  interruptWindow: 3,
  interruptCertain: 2,
};

/**
 * Loud or not, against the noise of the line. A fallback, a yardstick, and for tests: it follows a steady noise, but
 * whatever is louder than before is speech to it, keys, music and doors as well.
 *
 * The probability is r²/(r² + t²) for a frame of RMS r and a threshold t = max(thresholdRms, 2.5 floor): 0.5 at the
 * threshold, 0.35 at 2.7 dB below it.
 */
export class EnergyDetector implements SpeechDetector {
  readonly kind = 'energy';
  readonly active = true;
  readonly rule: SpeechRule;
  private readonly thresholdRms: number;
  private readonly floor = new NoiseFloor();

  /** `thresholdRms` in int16 units, above 0. */
  constructor(thresholdRms: number, rule: SpeechRule) {
    this.thresholdRms = thresholdRms;
    this.rule = rule;
  }

  push(frame: Int16Array): number {
    const level = rms(frame);
    const threshold = Math.max(this.thresholdRms, ABOVE_FLOOR * this.floor.push(level));
    const power = level * level;
    return power / (power + threshold * threshold);
  }

  reset(): void {
    this.floor.reset();
  }

  close(): void {
    // Holds nothing.
  }
}
