import type { Denoiser } from '../../domain/denoiser.js';
import { VoiceNodeError, messageOf } from '../../domain/errors.js';
import { RNNOISE_FRAME_SAMPLES, RNNOISE_RATE_HZ, loadRnnoise, type RnnoiseWasm } from './rnnoise-wasm.js';

const FRAME_BYTES = RNNOISE_FRAME_SAMPLES * Float32Array.BYTES_PER_ELEMENT;

export interface DenoiserFactory {
  /** A denoiser for one call. Throws `denoise_failed` where memory is short. */
  create(): Denoiser;
}

/** Loads what the denoisers of all calls share. Throws `denoise_failed`. */
export async function loadDenoisers(): Promise<DenoiserFactory> {
  const wasm = await loadRnnoise();
  return { create: () => new RnnoiseDenoiser(wasm) };
}

/**
 * RNNoise (J.-M. Valin, 2018): a recurrent net that weighs 22 bands of the spectrum, and a comb filter between a
 * voice's harmonics. Mono at 48 kHz, 480 samples at a time. Allocates nothing per frame.
 */
export class RnnoiseDenoiser implements Denoiser {
  readonly rateHz = RNNOISE_RATE_HZ;
  readonly frameSamples = RNNOISE_FRAME_SAMPLES;
  /** Its windows of 960 samples overlap by half: what goes in with one frame comes out with the next. */
  readonly delaySamples = RNNOISE_FRAME_SAMPLES;
  readonly #wasm: RnnoiseWasm;
  /** Addresses in the module's memory; 0 once closed. */
  #state = 0;
  #buffer = 0;
  /** The buffer as floats. Another one once the module's memory has grown. */
  #floats = new Float32Array(0);

  /** Throws `denoise_failed` where memory is short. */
  constructor(wasm: RnnoiseWasm) {
    this.#wasm = wasm;
    this.#buffer = wasm.malloc(FRAME_BYTES);
    this.#state = wasm.rnnoise_create(0);
    if (this.#state !== 0 && this.#buffer !== 0) return;
    this.close();
    throw noMemory();
  }

  process(frame: Int16Array): void {
    if (this.#state === 0) throw new VoiceNodeError('denoise_failed', 'RNNoise: used after close');
    if (frame.length !== RNNOISE_FRAME_SAMPLES) throw new VoiceNodeError('denoise_failed', `RNNoise: expected ${RNNOISE_FRAME_SAMPLES} samples, got ${frame.length}`);
    // A view whose memory has grown under it is empty.
    if (this.#floats.length === 0) this.#floats = new Float32Array(this.#wasm.memory.buffer, this.#buffer, RNNOISE_FRAME_SAMPLES);
    const floats = this.#floats;
    floats.set(frame);
    try {
      this.#wasm.rnnoise_process_frame(this.#state, this.#buffer, this.#buffer);
    } catch (error) {
      throw new VoiceNodeError('denoise_failed', `RNNoise failed: ${messageOf(error)}`, { cause: error });
    }
    for (let i = 0; i < RNNOISE_FRAME_SAMPLES; i++) {
      const x = Math.round(floats[i] as number);
      frame[i] = x > 32_767 ? 32_767 : x < -32_768 ? -32_768 : x;
    }
  }

  reset(): void {
    if (this.#state === 0) throw new VoiceNodeError('denoise_failed', 'RNNoise: used after close');
    this.#wasm.rnnoise_destroy(this.#state);
    this.#state = this.#wasm.rnnoise_create(0);
    if (this.#state === 0) throw noMemory();
  }

  close(): void {
    if (this.#state !== 0) this.#wasm.rnnoise_destroy(this.#state);
    if (this.#buffer !== 0) this.#wasm.free(this.#buffer);
    this.#state = 0;
    this.#buffer = 0;
    this.#floats = new Float32Array(0);
  }
}

const noMemory = (): VoiceNodeError => new VoiceNodeError('denoise_failed', 'RNNoise: no memory for another call');
