import { seeded } from './random.js';

/** From the loudspeaker to the microphone, beside what network and jitter buffer take. */
const ECHO_MS = 40;
/** The room rings for so long. */
const RING_MS = 80;
const TAPS = 24;
const RATE_HZ = 48_000;
/** What waits to come back is bounded: a receiver that bursts is no reason to grow. */
const MOST_WAITING = 4 * RATE_HZ;

export interface RoomOptions {
  /** Level of the noise, RMS in int16 units. */
  readonly noiseRms: number;
  /** What comes back of the loudspeaker's sound, in dB. */
  readonly echoDb: number;
}

/**
 * The room of a caller with a loudspeaker: pink noise, and what he hears comes back into his microphone by a direct
 * path and a decaying row of reflections.
 */
export class NoisyRoom {
  readonly #noiseRms: number;
  readonly #taps: readonly { readonly delay: number; readonly gain: number }[];
  readonly #random = seeded(5);
  readonly #pink = new Float64Array(3);
  readonly #past = new Float64Array(((ECHO_MS + RING_MS) * RATE_HZ) / 1000 + 1);
  #at = 0;
  #waiting: Int16Array[] = [];
  #taken = 0;
  #count = 0;

  constructor({ noiseRms, echoDb }: RoomOptions) {
    this.#noiseRms = noiseRms;
    const random = seeded(3);
    const taps = Array.from({ length: TAPS }, (_, i) => {
      const ringMs = i === 0 ? 0 : random() * RING_MS;
      return { delay: Math.round(((ECHO_MS + ringMs) * RATE_HZ) / 1000), gain: (i === 0 ? 1 : 0.5) * (random() < 0.5 && i > 0 ? -1 : 1) * Math.exp((-3 * ringMs) / RING_MS) };
    });
    const energy = Math.sqrt(taps.reduce((sum, { gain }) => sum + gain * gain, 0));
    this.#taps = taps.map(({ delay, gain }) => ({ delay, gain: (gain / energy) * 10 ** (echoDb / 20) }));
  }

  /** What the loudspeaker plays. */
  play(frame: Int16Array): void {
    if (this.#count + frame.length > MOST_WAITING) return;
    this.#waiting.push(frame.slice());
    this.#count += frame.length;
  }

  /** Adds the room to what the microphone hears, in place. */
  add(frame: Int16Array): void {
    const past = this.#past;
    for (let i = 0; i < frame.length; i++) {
      past[this.#at] = this.#next();
      let sum = frame[i] as number;
      for (const { delay, gain } of this.#taps) sum += gain * (past[(this.#at - delay + past.length) % past.length] as number);
      this.#at = (this.#at + 1) % past.length;
      frame[i] = Math.max(-32_768, Math.min(32_767, Math.round(sum + this.#noise())));
    }
  }

  #next(): number {
    const first = this.#waiting[0];
    if (first === undefined) return 0;
    const sample = first[this.#taken++] as number;
    this.#count--;
    if (this.#taken === first.length) {
      this.#waiting.shift();
      this.#taken = 0;
    }
    return sample;
  }

  /** Pink within 0.5 dB from 40 Hz to 5 kHz at 48 kHz: three one-pole filters over white noise (P. Kellet's economy filter). */
  #noise(): number {
    const white = this.#random() * 2 - 1;
    const b = this.#pink;
    b[0] = 0.99765 * (b[0] as number) + white * 0.099046;
    b[1] = 0.963 * (b[1] as number) + white * 0.2965164;
    b[2] = 0.57 * (b[2] as number) + white * 1.0526913;
    // Its RMS is about 0.98.
    return this.#noiseRms * ((b[0]) + (b[1]) + (b[2]) + white * 0.1848);
  }
}
