import { FRAME_MS, arrivalMs, type Mark } from './heard.js';

/** What a framework makes of its net's windows, one after the other. */
export interface Policy {
  /** `rms` is the window's level in int16 units. */
  push(score: number, rms: number): Mark['kind'] | undefined;
}

/** Marks of a policy, timed by the arrival of the 20 ms frame that completes the window. */
export function follow(policy: Policy, scores: Float32Array, windowMs: number, samples: Int16Array): Mark[] {
  const marks: Mark[] = [];
  const length = windowMs * 8;
  for (let w = 0; w < scores.length; w++) {
    const kind = policy.push(scores[w] as number, levelOf(samples, w * length, length));
    if (kind !== undefined) marks.push({ kind, atMs: arrivalMs((w + 1) * windowMs) });
  }
  return marks;
}

function levelOf(samples: Int16Array, from: number, count: number): number {
  let sum = 0;
  for (let i = from; i < from + count; i++) sum += (samples[i] ?? 0) ** 2;
  return Math.sqrt(sum / count);
}

export interface HysteresisOptions {
  readonly start: number;
  readonly stop: number;
  /** So many of the last `window` scores have to reach `start`. */
  readonly count: number;
  readonly window: number;
  readonly silenceMs: number;
  readonly windowMs: number;
}

/** Two thresholds and a silence: Silero as its makers recommend it, and LiveKit's inference.VAD. */
export class Hysteresis implements Policy {
  private readonly options: HysteresisOptions;
  private readonly recent: number[] = [];
  private speaking = false;
  private silentMs = 0;

  constructor(options: HysteresisOptions) {
    this.options = options;
  }

  push(score: number): Mark['kind'] | undefined {
    const { start, stop, count, window, silenceMs, windowMs } = this.options;
    this.recent.push(score);
    if (this.recent.length > window) this.recent.shift();
    if (!this.speaking) {
      if (this.recent.filter((p) => p >= start).length < count) return undefined;
      this.speaking = true;
      this.silentMs = 0;
      return 'start';
    }
    this.silentMs = score >= stop ? 0 : this.silentMs + windowMs;
    if (this.silentMs < silenceMs) return undefined;
    this.speaking = false;
    this.recent.length = 0;
    return 'end';
  }
}

/** LiveKit's Silero plugin for Node: a smoothed score (0.35 of the last one stays), one threshold of 0.5, 50 ms of speech, 550 ms of silence. */
export class LiveKitPlugin implements Policy {
  private readonly windowMs: number;
  private smoothed: number | undefined;
  private speechMs = 0;
  private silentMs = 0;
  private speaking = false;

  constructor(windowMs: number) {
    this.windowMs = windowMs;
  }

  push(score: number): Mark['kind'] | undefined {
    this.smoothed = this.smoothed === undefined ? score : 0.35 * this.smoothed + 0.65 * score;
    if (this.smoothed > 0.5) {
      this.speechMs += this.windowMs;
      this.silentMs = 0;
      if (this.speaking || this.speechMs < 50) return undefined;
      this.speaking = true;
      return 'start';
    }
    this.silentMs += this.windowMs;
    this.speechMs = 0;
    if (!this.speaking || this.silentMs < 550) return undefined;
    this.speaking = false;
    return 'end';
  }
}

/**
 * Pipecat: 0.7 in every window for 0.2 s, 0.2 s of silence, and a volume of 0.6, which is loudness (dB of one LSB, -20 to 80 as
 * 0 to 1) smoothed by a fifth. Its K-weighting is left out: flat in the telephone band up to 1 kHz, +4 dB above.
 */
export class Pipecat implements Policy {
  private readonly startWindows: number;
  private readonly stopWindows: number;
  private volume = 0;
  private starting = 0;
  private stopping = 0;
  private speaking = false;

  constructor(windowMs: number) {
    this.startWindows = Math.round(200 / windowMs);
    this.stopWindows = Math.round(200 / windowMs);
  }

  push(score: number, rms: number): Mark['kind'] | undefined {
    const loudness = 20 * Math.log10(Math.max(1e-3, rms)) - 0.691;
    this.volume += 0.2 * (Math.min(1, Math.max(0, (loudness + 20) / 100)) - this.volume);
    const voiced = score >= 0.7 && this.volume >= 0.6;
    if (!this.speaking) {
      this.starting = voiced ? this.starting + 1 : 0;
      if (this.starting < this.startWindows) return undefined;
      this.speaking = true;
      this.starting = this.stopping = 0;
      return 'start';
    }
    this.stopping = voiced ? 0 : this.stopping + 1;
    if (this.stopping < this.stopWindows) return undefined;
    this.speaking = false;
    this.starting = this.stopping = 0;
    return 'end';
  }
}

/** Of how many frames a stream consists. */
export const framesOf = (samples: Int16Array): number => Math.floor(samples.length / (8 * FRAME_MS));
