import { FRAME_MS, WIRE_RATE_HZ, type CallRateHz } from '../domain/audio.js';
import type { SpeechDetector } from '../domain/speech.js';
import { monotonicMs, samplesIn, type MediaMs, type MonotonicMs } from '../domain/time.js';
import { Framer } from '../dsp/framer.js';
import { createResampler, type Resampler } from '../dsp/resampler.js';
import { Ear, type HearingListener } from './ear.js';
import type { TurnOptions } from './turns.js';

export interface HearingOptions {
  readonly callRateHz: CallRateHz;
  /** Rate of what is pushed, any that the resampler knows. Default 48000, the wire's. */
  readonly inputRateHz?: number;
  /** Taken over: `close` closes it. */
  readonly detector: SpeechDetector;
  readonly turns: TurnOptions;
}

/** How much is resampled at once; longer pieces are taken in several steps. */
const STEP_MS = 100;

/**
 * The way in: the caller's audio, in pieces of any length, becomes 20 ms frames at the call's rate and the
 * events of the speech in them. How the audio is cut makes no difference, except to the arrival times.
 * Positions count the resampled stream, which is about 0.4 ms behind the wire. Allocates nothing but events
 * and their audio, and what the detector's engine does.
 */
export class Hearing {
  private readonly stepSamples: number;
  private readonly resampler: Resampler<Int16Array>;
  private readonly resampled: Int16Array;
  /** What of `resampled` is filled. Pieces are nearly always of one length, so this view is kept. */
  private filled: Int16Array;
  private readonly framer: Framer;
  private readonly ear: Ear;
  /**
   * When the piece in hand arrived. Not a plain number, because V8 keeps a field that has only ever held
   * fractions unboxed, and makes an object of it each time it is passed on: 16 bytes a frame.
   */
  private arrivedMs: MonotonicMs | undefined;
  private failure: { readonly error: unknown } | undefined;

  /** Throws `audio_format` for an input rate that cannot be resampled. */
  constructor(options: HearingOptions, listener: HearingListener) {
    const { callRateHz, inputRateHz = WIRE_RATE_HZ } = options;
    this.stepSamples = samplesIn(STEP_MS, inputRateHz);
    this.resampler = createResampler({ fromHz: inputRateHz, toHz: callRateHz });
    this.resampled = new Int16Array(this.resampler.maxOutputSamples(this.stepSamples));
    this.filled = this.resampled;
    this.ear = new Ear(callRateHz, options.detector, options.turns, listener);
    this.framer = new Framer(samplesIn(FRAME_MS, callRateHz), (frame) => this.hear(frame));
  }

  /** How much of the caller's audio has been heard, in whole frames. */
  get positionMs(): MediaMs {
    return this.ear.positionMs;
  }

  /** While the robot speaks, the detector's interrupt rule decides about a start. */
  setRobotSpeaking(on: boolean): void {
    this.ear.setRobotSpeaking(on);
  }

  /**
   * Takes mono int16 at the input's rate, borrowed, which arrived at `nowMs`. Throws `vad_failed` where the
   * detector failed, after all of `samples` was taken; the frames in question count as silence.
   */
  push(samples: Int16Array, nowMs: MonotonicMs): void {
    this.arrivedMs = nowMs;
    if (samples.length <= this.stepSamples) {
      this.take(samples);
    } else {
      for (let from = 0; from < samples.length; from += this.stepSamples) {
        this.take(samples.subarray(from, from + this.stepSamples));
      }
    }
    this.rethrow();
  }

  /** The caller's audio is over: the last frame is filled up with silence, an open utterance ends. */
  flush(): void {
    this.framer.flush(true);
    this.ear.flush();
    this.rethrow();
  }

  /** As new: position 0, nothing remembered; an open utterance is dropped without a word. */
  reset(): void {
    this.resampler.reset();
    this.framer.reset();
    this.ear.reset();
    this.failure = undefined;
  }

  close(): void {
    this.ear.close();
  }

  private take(samples: Int16Array): void {
    const count = this.resampler.processInto(samples, this.resampled);
    if (count !== this.filled.length) this.filled = this.resampled.subarray(0, count);
    this.framer.push(this.filled);
  }

  private hear(frame: Int16Array): void {
    try {
      this.ear.push(frame, this.arrivedMs ?? monotonicMs(0));
    } catch (error) {
      this.failure ??= { error };
    }
  }

  private rethrow(): void {
    const { failure } = this;
    if (failure === undefined) return;
    this.failure = undefined;
    throw failure.error;
  }
}
