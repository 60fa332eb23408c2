import type { SpeechDetector, SpeechRule } from '../../domain/speech.js';
import { rms } from '../../dsp/level.js';

/** RMS, in int16 units, from which a frame counts as loud. -44 dBFS. */
export const ENERGY_THRESHOLD_RMS = 200;

/** 100 ms of loud frames begin a turn, 60 ms interrupt the robot. */
export const ENERGY_RULE: SpeechRule = {
  start: 0.5,
  stop: 0.5,
  certain: 2,
  startFrames: 5,
  startWindow: 5,
  interruptFrames: 3,
  interruptWindow: 3,
  interruptCertain: 2,
};

/** Loud or not, by a fixed threshold. For quiet lines, tests and as a yardstick: noise above the threshold is speech to it. */
export class EnergyDetector implements SpeechDetector {
  readonly kind = 'energy';
  readonly active = true;
  readonly rule: SpeechRule;
  private readonly thresholdRms: number;

  constructor(thresholdRms: number, rule: SpeechRule) {
    this.thresholdRms = thresholdRms;
    this.rule = rule;
  }

  push(frame: Int16Array): number {
    return rms(frame) >= this.thresholdRms ? 1 : 0;
  }

  reset(): void {
    // Keeps no state.
  }

  close(): void {
    // Holds nothing.
  }
}
