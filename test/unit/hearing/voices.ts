import { toInt16 } from '../dsp/signals.js';

export const FRAME = 160;

export interface Stretch {
  readonly ms: number;
  /** 0: silence. */
  readonly hz: number | ((share: number) => number);
  /** Peak, 0 to 1. */
  readonly level?: number | ((share: number) => number);
}

const at = (value: number | ((share: number) => number), share: number): number => (typeof value === 'number' ? value : value(share));

/** A voice in the telephone band at 8 kHz, over a line with a little noise; frames of 20 ms. */
export function speak(stretches: readonly Stretch[], seed = 1): Int16Array[] {
  const samples: number[] = [];
  let phase = 0;
  let state = seed;
  for (const { ms, hz, level = 0.3 } of stretches) {
    const count = ms * 8;
    for (let i = 0; i < count; i++) {
      const share = i / count;
      const f0 = at(hz, share);
      phase += f0 / 8000;
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      let sum = 0;
      for (let k = Math.ceil(300 / Math.max(f0, 1)); f0 > 0 && k * f0 < 3400; k++) sum += Math.sin(2 * Math.PI * k * phase + k * k) / k;
      samples.push(at(level, share) * sum + 2e-4 * (state / 2 ** 31 - 1));
    }
  }
  const all = toInt16(Float64Array.from(samples));
  return Array.from({ length: Math.floor(all.length / FRAME) }, (_, i) => all.subarray(i * FRAME, (i + 1) * FRAME));
}

/** Three seconds of somebody speaking in syllables around 140 Hz, from 120 to 160. */
export const SENTENCE: readonly Stretch[] = Array.from({ length: 12 }, (_, i) => [
  { ms: 180, hz: (share: number) => 140 + 20 * Math.sin(i + 2 * share) },
  { ms: 60, hz: 0 },
]).flat();
