import { FRAME_MS, WIRE_RATE_HZ, type CallRateHz } from '../domain/audio.js';
import type { Denoiser } from '../domain/denoiser.js';
import type { SpeechDetector } from '../domain/speech.js';
import { monotonicMs, samplesIn, type MediaMs, type MonotonicMs } from '../domain/time.js';
import { Framer } from '../dsp/framer.js';
import { createResampler, type Resampler } from '../dsp/resampler.js';
import { Cleaner } from './cleaner.js';
import { Ear, type HearingListener } from './ear.js';
import type { EndingsOptions } from './endings.js';
import type { ConfirmOptions } from './interruption.js';
import type { TurnOptions } from './turns.js';

export interface HearingOptions {
  readonly callRateHz: CallRateHz;
  /** Rate of what is pushed, any that the resampler knows. Default 48000, the wire's. */
  readonly inputRateHz?: number;
  /** Taken over: `close` closes it. */
  readonly detector: SpeechDetector;
  /** Cleans what is heard, by the detector and by everybody else. Taken over. Default: none. */
  readonly denoiser?: Denoiser | undefined;
  readonly turns: TurnOptions;
  /** How it is decided what interrupts the robot. Default: the first confirmed speech does. */
  readonly confirm?: ConfirmOptions | undefined;
  /** How it is decided that the caller has finished. Default: a silence of `turns.minSilenceMs`, whatever was said. */
  readonly endings?: EndingsOptions | undefined;
  /** Whether the robot's own voice, come back, is told from the caller's. Default false; `played` has to be told what it says. */
  readonly echoGuard?: boolean | undefined;
}

/** How much is resampled at once; longer pieces are taken in several steps. */
const STEP_MS = 100;

/**
 * The way in: the caller's audio, in pieces of any length, becomes 20 ms frames at the call's rate and the
 * events of the speech in them. How the audio is cut makes no difference, except to the arrival times.
 * Positions count the resampled stream, which is about 0.4 ms behind the wire, and with a denoiser by its delay more;
 * arrival times are those of the wire. Allocates nothing but events
 * and their audio, and what the detector's engine does.
 */
export class Hearing {
  private readonly cleaner: Cleaner | undefined;
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
    const { callRateHz, inputRateHz = WIRE_RATE_HZ, denoiser } = options;
    this.cleaner = denoiser === undefined ? undefined : new Cleaner(denoiser, inputRateHz, (frame) => this.take(frame));
    const fromHz = denoiser?.rateHz ?? inputRateHz;
    this.stepSamples = samplesIn(STEP_MS, fromHz);
    this.resampler = createResampler({ fromHz, toHz: callRateHz });
    this.resampled = new Int16Array(this.resampler.maxOutputSamples(this.stepSamples));
    this.filled = this.resampled;
    this.ear = new Ear(options, listener);
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

  /** What the robot says: the next 10 ms handed to the wire, 48 kHz, borrowed; silence as well. */
  played(frame: Int16Array): void {
    this.ear.played(frame);
  }

  /** What the caller has said so far in this utterance, as far as it was recognised. */
  words(text: string, final: boolean): void {
    this.ear.words(text, final);
  }

  /**
   * Takes mono int16 at the input's rate, borrowed, which arrived at `nowMs`. Throws `vad_failed` where the
   * detector failed, after all of `samples` was taken; the frames in question count as silence. Throws
   * `denoise_failed` where the denoiser did; the frames in question are heard as they came.
   */
  push(samples: Int16Array, nowMs: MonotonicMs): void {
    if (this.cleaner !== undefined) {
      this.pushCleaned(this.cleaner, samples, nowMs);
      return;
    }
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
    try {
      this.cleaner?.flush();
    } catch (error) {
      this.failure ??= { error };
    }
    this.framer.flush(true);
    this.ear.flush();
    this.rethrow();
  }

  /** As new: position 0, nothing remembered; an open utterance is dropped without a word. */
  reset(): void {
    this.cleaner?.reset();
    this.resampler.reset();
    this.framer.reset();
    this.ear.reset();
    this.failure = undefined;
  }

  close(): void {
    this.cleaner?.close();
    this.ear.close();
  }

  /** What comes out of the cleaner now arrived its delay ago: figures that begin with an arrival must count that. */
  private pushCleaned(cleaner: Cleaner, samples: Int16Array, nowMs: MonotonicMs): void {
    this.arrivedMs = monotonicMs(nowMs - cleaner.delayMs);
    try {
      cleaner.push(samples);
    } catch (error) {
      this.failure ??= { error };
    }
    this.rethrow();
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
