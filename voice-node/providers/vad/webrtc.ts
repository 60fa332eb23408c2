import type { FvadModule } from '@echogarden/fvad-wasm';
import { FRAME_MS, type CallRateHz } from '../../domain/audio.js';
import { VoiceNodeError, messageOf } from '../../domain/errors.js';
import type { SpeechDetector, SpeechRule } from '../../domain/speech.js';
import { rms } from '../../dsp/level.js';
import { NoiseFloor } from './noise-floor.js';

/** 0 lets most through, 3 least. */
export type WebrtcMode = 0 | 1 | 2 | 3;

/**
 * How far a frame has to stand out of the line's noise, as a ratio of RMS values: the mixture takes long to learn that a
 * noise is one, and in a changing noise never does.
 */
const ABOVE_FLOOR = 2;

/** Its answer is yes or no and flickers, so no single frame is enough. */
export const WEBRTC_RULE: SpeechRule = {
  start: 0.5,
  stop: 0.5,
  certain: 2,
  startFrames: 3,
  startWindow: 5,
  interruptFrames: 3,
  interruptWindow: 5,
  interruptCertain: 2,
};

/** Loads the WebAssembly module, once for all calls. Throws `vad_failed`. */
export async function loadFvad(): Promise<FvadModule> {
  try {
    const { default: fvad } = await import('@echogarden/fvad-wasm');
    return await fvad();
  } catch (error) {
    throw new VoiceNodeError('vad_failed', `WebRTC VAD: its WebAssembly could not be loaded: ${messageOf(error)}`, { cause: error });
  }
}

/**
 * WebRTC's detector: a Gaussian mixture over six bands. A fallback: it takes nearly every click, tone and
 * bar of music for speech. What hardly stands out of the line's noise is not asked about. Probability 0 or 1.
 */
export class WebrtcDetector implements SpeechDetector {
  readonly kind = 'webrtc';
  readonly active = true;
  readonly rule: SpeechRule;
  private readonly module: FvadModule;
  private readonly rateHz: CallRateHz;
  private readonly mode: WebrtcMode;
  private readonly samples: number;
  private readonly floor = new NoiseFloor();
  /** Addresses in the module's memory; 0 once closed. */
  private instance: number;
  private buffer: number;

  constructor(module: FvadModule, rateHz: CallRateHz, mode: WebrtcMode, rule: SpeechRule) {
    this.rule = rule;
    this.module = module;
    this.rateHz = rateHz;
    this.mode = mode;
    this.samples = (rateHz * FRAME_MS) / 1000;
    this.instance = module._fvad_new();
    this.buffer = module._malloc(this.samples * Int16Array.BYTES_PER_ELEMENT);
    if (this.instance === 0 || this.buffer === 0) {
      this.close();
      throw new VoiceNodeError('vad_failed', 'WebRTC VAD: no memory for another detector');
    }
    this.configure();
  }

  push(frame: Int16Array): number {
    if (this.instance === 0) throw new VoiceNodeError('vad_failed', 'WebRTC VAD: used after close');
    // Read anew each time: the view is another one once the module's memory has grown.
    this.module.HEAP16.set(frame, this.buffer / Int16Array.BYTES_PER_ELEMENT);
    const answer = this.module._fvad_process(this.instance, this.buffer, this.samples);
    if (answer < 0) throw new VoiceNodeError('vad_failed', `WebRTC VAD: expected ${this.samples} samples at ${this.rateHz} Hz, got ${frame.length}`);
    const level = rms(frame);
    return level >= ABOVE_FLOOR * this.floor.push(level) ? answer : 0;
  }

  reset(): void {
    this.module._fvad_reset(this.instance);
    this.floor.reset();
    this.configure();
  }

  close(): void {
    if (this.instance !== 0) this.module._fvad_free(this.instance);
    if (this.buffer !== 0) this.module._free(this.buffer);
    this.instance = 0;
    this.buffer = 0;
  }

  /** A reset forgets rate and mode as well. */
  private configure(): void {
    const { module, instance } = this;
    if (module._fvad_set_sample_rate(instance, this.rateHz) !== 0 || module._fvad_set_mode(instance, this.mode) !== 0) {
      throw new VoiceNodeError('vad_failed', `WebRTC VAD: rate ${this.rateHz} Hz or mode ${this.mode} not accepted`);
    }
  }
}
