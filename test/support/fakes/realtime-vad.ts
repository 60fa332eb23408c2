import { rms } from '../../../voice-node/dsp/level.js';

const FRAME = 480;
const RATE_HZ = 24_000;

export interface FakeVadOptions {
  /** 0 to 1. A frame of 20 ms is speech above 5 % of full scale times this (rms): 0.6 means -30 dBFS. */
  readonly threshold: number;
  readonly silenceMs: number;
}

/** A provider's detector by energy: two voiced frames of 20 ms begin speech, `silenceMs` without one end it. */
export class FakeVad {
  readonly #options: FakeVadOptions;
  readonly #frame = new Int16Array(FRAME);
  #filled = 0;
  #frames = 0;
  #voicedRun = 0;
  #lastVoiced = 0;
  #speaking = false;

  constructor(options: FakeVadOptions) {
    this.#options = options;
  }

  /** Calls back with positions in samples of all that was pushed. */
  push(samples: Int16Array, started: (atSamples: number) => void, stopped: (atSamples: number) => void): void {
    for (const sample of samples) {
      this.#frame[this.#filled++] = sample;
      if (this.#filled < FRAME) continue;
      this.#filled = 0;
      this.#frames++;
      this.#judge(started, stopped);
    }
  }

  #judge(started: (atSamples: number) => void, stopped: (atSamples: number) => void): void {
    const voiced = rms(this.#frame) > 32768 * 0.05 * this.#options.threshold;
    this.#voicedRun = voiced ? this.#voicedRun + 1 : 0;
    if (voiced) this.#lastVoiced = this.#frames;
    if (!this.#speaking && this.#voicedRun === 2) {
      this.#speaking = true;
      started((this.#frames - 2) * FRAME);
    } else if (this.#speaking && ((this.#frames - this.#lastVoiced) * FRAME * 1000) / RATE_HZ >= this.#options.silenceMs) {
      this.#speaking = false;
      stopped(this.#frames * FRAME);
    }
  }
}
