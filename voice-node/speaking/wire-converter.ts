import { WIRE_RATE_HZ } from '../domain/audio.js';
import { createResampler, type Resampler } from '../dsp/resampler.js';
import type { SampleRing } from '../dsp/ring.js';

/** Audio is converted in blocks this long, so that the bound of the queue is kept to the block. */
const BLOCK_MS = 20;

interface Converter {
  readonly resampler: Resampler<Int16Array>;
  /** Exactly one block of input. */
  readonly block: Int16Array;
  /** One block at the wire rate; a block more for what a filter still holds. */
  readonly out: Int16Array;
}

/**
 * Brings reply audio of any rate to the wire's 48 kHz and into the queue. The rate may change between two
 * pieces: one converter is kept for each rate seen, and what the old one still holds is drained first.
 */
export class WireConverter {
  readonly #queue: SampleRing;
  readonly #byRate = new Map<number, Converter>();
  #current: Converter | undefined;

  constructor(queue: SampleRing) {
    this.#queue = queue;
  }

  /** Forgets the audio inside the filters: a new reply begins. */
  reset(): void {
    this.#current?.resampler.reset();
    this.#current = undefined;
  }

  /**
   * Converts `samples[from..]` as far as the queue has room for whole blocks; returns how many input samples
   * were taken. Throws VoiceNodeError `audio_format` for a rate no resampler exists for.
   * Allocates only at the first sight of a rate and for a last, shorter block.
   */
  write(samples: Int16Array, from: number, rateHz: number): number {
    const converter = this.#select(rateHz);
    const { block, out, resampler } = converter;
    let at = from;
    while (at < samples.length) {
      const count = Math.min(block.length, samples.length - at);
      if (this.#queue.free < resampler.maxOutputSamples(count)) break;
      const input = count === block.length ? block : block.subarray(0, count);
      for (let i = 0; i < count; i++) input[i] = samples[at + i] as number;
      this.#queue.write(out, 0, resampler.processInto(input, out));
      at += count;
    }
    return at - from;
  }

  /** Pushes out what the filters still hold. May lose a fraction of a millisecond where the queue is full. */
  drain(): void {
    const converter = this.#current;
    if (converter === undefined) return;
    const { resampler, block, out } = converter;
    const held = Math.ceil((resampler.delaySamples * resampler.fromHz) / resampler.toHz);
    if (held === 0) return;
    const silence = block.subarray(0, Math.min(block.length, held)).fill(0);
    this.#queue.write(out, 0, resampler.processInto(silence, out));
    resampler.reset();
  }

  #select(rateHz: number): Converter {
    const known = this.#byRate.get(rateHz);
    if (known !== undefined && known === this.#current) return known;
    const next = known ?? this.#make(rateHz);
    this.drain();
    next.resampler.reset();
    this.#current = next;
    return next;
  }

  #make(rateHz: number): Converter {
    const resampler = createResampler({ fromHz: rateHz, toHz: WIRE_RATE_HZ });
    const block = new Int16Array(Math.ceil((rateHz * BLOCK_MS) / 1000));
    const converter = { resampler, block, out: new Int16Array(resampler.maxOutputSamples(block.length)) };
    this.#byRate.set(rateHz, converter);
    return converter;
  }
}
