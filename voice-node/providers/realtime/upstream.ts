import { samplesIn } from '../../domain/time.js';
import { createResampler, type Resampler } from '../../dsp/resampler.js';
import { SESSION_RATE_HZ } from './vendors.js';

/** How much audio goes into one message. Two of hearing's frames: 25 messages a second. */
const PIECE_MS = 40;
/** How much is resampled at once. */
const STEP_MS = 100;

/**
 * The caller's audio on its way up: any rate the resampler knows becomes 24 kHz, in `append` messages of 40 ms.
 * Allocates nothing but the messages.
 */
export class Upstream {
  readonly #send: (message: string) => void;
  readonly #piece = Buffer.alloc(samplesIn(PIECE_MS, SESSION_RATE_HZ) * Int16Array.BYTES_PER_ELEMENT);
  readonly #pieceSamples = new Int16Array(this.#piece.buffer, this.#piece.byteOffset, this.#piece.length / 2);
  #filled = 0;
  #resampler: Resampler<Int16Array> | undefined;
  #resampled = new Int16Array(0);

  constructor(send: (message: string) => void) {
    this.#send = send;
  }

  /** Throws VoiceNodeError `audio_format` for a rate that cannot be resampled. */
  push(samples: Int16Array, rateHz: number): void {
    const resampler = this.#resamplerFrom(rateHz);
    const step = samplesIn(STEP_MS, rateHz);
    for (let from = 0; from < samples.length; from += step) {
      const part = samples.length <= step ? samples : samples.subarray(from, from + step);
      this.#gather(this.#resampled, resampler.processInto(part, this.#resampled));
    }
  }

  /** Sends what is left of the last piece. */
  flush(): void {
    if (this.#filled > 0) this.#emit(this.#piece.subarray(0, this.#filled * 2));
    this.#filled = 0;
  }

  /** What follows has nothing to do with what came before. */
  reset(): void {
    this.#filled = 0;
    this.#resampler?.reset();
  }

  #resamplerFrom(rateHz: number): Resampler<Int16Array> {
    if (this.#resampler?.fromHz !== rateHz) {
      this.#resampler = createResampler({ fromHz: rateHz, toHz: SESSION_RATE_HZ });
      this.#resampled = new Int16Array(this.#resampler.maxOutputSamples(samplesIn(STEP_MS, rateHz)));
    }
    return this.#resampler;
  }

  #gather(samples: Int16Array, count: number): void {
    const piece = this.#pieceSamples;
    for (let i = 0; i < count; i++) {
      piece[this.#filled++] = samples[i] as number;
      if (this.#filled === piece.length) {
        this.#emit(this.#piece);
        this.#filled = 0;
      }
    }
  }

  /** Base64 needs no escaping in JSON. */
  #emit(bytes: Buffer): void {
    this.#send(`{"type":"input_audio_buffer.append","audio":"${bytes.toString('base64')}"}`);
  }
}

/** A whole piece of audio at the session's rate, in base64: for an item of the conversation. */
export function base64At24k(samples: Int16Array, rateHz: number): string {
  const out = createResampler({ fromHz: rateHz, toHz: SESSION_RATE_HZ }).process(samples);
  return Buffer.from(out.buffer, out.byteOffset, out.byteLength).toString('base64');
}
