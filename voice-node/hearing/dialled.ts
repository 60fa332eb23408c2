import { FRAME_MS, type CallRateHz } from '../domain/audio.js';
import { DtmfDetector } from '../dsp/dtmf-detector.js';

/** For so long after a key a detector may still be full of it: Silero goes on for up to 180 ms. */
const AFTERGLOW_FRAMES = 160 / FRAME_MS;
/** Whoever speaks in that time stands 6 dB out of the line's noise. */
const NOTHING_ELSE = 2;

/**
 * Tells which frames are a dialled digit and nothing else: a telephone's keys are periodic and loud, and pass for somebody
 * who speaks on. A digit is recognised 40 to 50 ms after it began (`DtmfDetector`). That is too late for a detector that
 * is certain at once, so what merely looks like a key, its power in two tones that fit each other, counts from its first
 * block of 20 ms on: in three hours of recorded prompts that withholds six frames of speech, never two in a row. A digit
 * over speech looks like speech. Costs 1.7 us of CPU a frame at 8 kHz, 3.3 at 16. Allocates nothing.
 */
export class Dialled {
  private readonly detector: DtmfDetector;
  private afterglow = 0;

  constructor(callRateHz: CallRateHz) {
    this.detector = new DtmfDetector({ rateHz: callRateHz, onKey: () => undefined });
  }

  /** Takes the next 20 ms, borrowed, its level and that of the line without a voice; true where there is nothing but a digit in it, or its afterglow. */
  push(frame: Int16Array, rms: number, floorRms: number): boolean {
    const { detector } = this;
    detector.push(frame);
    if (detector.isDown || detector.alikeMs > 0) {
      this.afterglow = detector.isDown ? AFTERGLOW_FRAMES : this.afterglow;
      return true;
    }
    if (this.afterglow === 0) return false;
    this.afterglow--;
    return rms < NOTHING_ELSE * floorRms;
  }

  reset(): void {
    this.detector.reset();
    this.afterglow = 0;
  }
}
