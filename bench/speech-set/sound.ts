import { createHash } from 'node:crypto';
import { seeded } from '../rig/random.js';
import { SET_RATE_HZ } from './format.js';

/** Mono, at the set's rate, telephone band, full scale +-1. What is louder is cut off only when it is coded. */
export type Sound = Float32Array;

/** From the first sample to the one after the last. */
export interface Range {
  readonly begin: number;
  readonly end: number;
}

export const samplesOfMs = (ms: number): number => Math.round((ms * SET_RATE_HZ) / 1000);
export const msOfSamples = (samples: number): number => (samples * 1000) / SET_RATE_HZ;
export const silence = (ms: number): Sound => new Float32Array(samplesOfMs(ms));
export const amplitudeOfDb = (db: number): number => 10 ** (db / 20);

/** Root mean square, full scale 1. */
export function rmsOf(sound: Sound, from = 0, to = sound.length): number {
  let sum = 0;
  for (let i = from; i < to; i++) sum += (sound[i] as number) ** 2;
  return to > from ? Math.sqrt(sum / (to - from)) : 0;
}

export const scaled = (sound: Sound, gain: number): Sound => sound.map((x) => gain * x);

/** Louder than full scale is cut off. Int16Array.from with a function goes through an iterator, which takes a minute for a stream. */
export function toInt16(sound: Sound): Int16Array {
  const out = new Int16Array(sound.length);
  for (let i = 0; i < out.length; i++) out[i] = Math.max(-32768, Math.min(32767, Math.round((sound[i] as number) * 32768)));
  return out;
}

/** Adds `sound` onto `base` from `at` on; what would lie outside is left out. */
export function addInto(base: Sound, sound: Sound, at: number, gain = 1): void {
  const from = Math.max(0, -at);
  const to = Math.min(sound.length, base.length - at);
  for (let i = from; i < to; i++) base[at + i] = (base[at + i] as number) + gain * (sound[i] as number);
}

export function joined(parts: readonly Sound[]): Sound {
  const all = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** A copy that comes up over `inMs` and goes down over `outMs`, as half a period of a cosine. */
export function faded(sound: Sound, inMs: number, outMs: number): Sound {
  const out = sound.slice();
  const ramp = (count: number, index: (i: number) => number): void => {
    const length = Math.min(count, out.length);
    for (let i = 0; i < length; i++) out[index(i)] = (out[index(i)] as number) * (0.5 - 0.5 * Math.cos((Math.PI * (i + 0.5)) / length));
  };
  ramp(samplesOfMs(inMs), (i) => i);
  ramp(samplesOfMs(outMs), (i) => out.length - 1 - i);
  return out;
}

/** Numbers for one purpose: those of another purpose do not change when this one draws more or fewer. */
export class Dice {
  private readonly next: () => number;

  constructor(purpose: string) {
    this.next = seeded(createHash('sha256').update(purpose).digest().readInt32LE(0));
  }

  /** Evenly in [from, to). */
  between(from: number, to: number): number {
    return from + (to - from) * this.next();
  }

  chance(share: number): boolean {
    return this.next() < share;
  }

  /** A whole number, 0 to count - 1. */
  below(count: number): number {
    return Math.floor(this.next() * count);
  }

  pick<T>(from: readonly T[]): T {
    if (from.length === 0) throw new Error('expected something to pick from, got an empty list');
    return from[this.below(from.length)] as T;
  }

  /** Standard normal (Box and Muller 1958). */
  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.next())) * Math.cos(2 * Math.PI * this.next());
  }

  /** The same things in another order (Fisher and Yates). */
  shuffled<T>(things: readonly T[]): T[] {
    const out = [...things];
    for (let i = out.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      [out[i], out[j]] = [out[j] as T, out[i] as T];
    }
    return out;
  }
}
