import type { Audio } from '../../domain/audio.js';

const PIECE_MS = 20;

/**
 * Little-endian 16-bit samples that come in bytes of any number, as pieces of at least 20 ms. Half a frame is
 * carried over to the next push; several channels are averaged.
 */
export class PcmPieces {
  readonly #rateHz: number;
  readonly #channels: number;
  readonly #minBytes: number;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;

  constructor(rateHz: number, channels = 1) {
    this.#rateHz = rateHz;
    this.#channels = channels;
    this.#minBytes = Math.ceil((rateHz * PIECE_MS) / 1000) * 2 * channels;
  }

  /** All that is known by now, once it is 20 ms; undefined while it is less. The bytes are borrowed. */
  push(bytes: Uint8Array): Audio | undefined {
    // A copy: whoever reads the network may use its buffer again.
    if (bytes.length > 0) this.#waiting.push(Uint8Array.from(bytes));
    this.#waitingBytes += bytes.length;
    return this.#waitingBytes < this.#minBytes ? undefined : this.#take();
  }

  /** What is left, less than 20 ms; undefined where it is no whole sample. */
  flush(): Audio | undefined {
    return this.#waitingBytes < 2 * this.#channels ? undefined : this.#take();
  }

  #take(): Audio {
    const bytes = new Uint8Array(this.#waitingBytes);
    let at = 0;
    for (const piece of this.#waiting) {
      bytes.set(piece, at);
      at += piece.length;
    }
    const frames = Math.floor(bytes.length / (2 * this.#channels));
    const rest = bytes.slice(frames * 2 * this.#channels);
    this.#waiting = rest.length > 0 ? [rest] : [];
    this.#waitingBytes = rest.length;
    return { samples: this.#decode(bytes, frames), rateHz: this.#rateHz };
  }

  #decode(bytes: Uint8Array, frames: number): Int16Array {
    const view = new DataView(bytes.buffer);
    const samples = new Int16Array(frames);
    for (let i = 0, from = 0; i < frames; i++) {
      let sum = 0;
      for (let channel = 0; channel < this.#channels; channel++, from += 2) sum += view.getInt16(from, true);
      samples[i] = Math.round(sum / this.#channels);
    }
    return samples;
  }
}
