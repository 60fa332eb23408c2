/** Sounds for the detectors' tests, all made here, all deterministic. int16 units. */

/** Uniform numbers of 0 to 1 (mulberry32, public domain). */
export function randomOf(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** White noise of a given RMS. */
export function noise(samples: number, rms: number, seed = 1): Int16Array {
  const random = randomOf(seed);
  return Int16Array.from({ length: samples }, () => Math.round((random() * 2 - 1) * rms * Math.sqrt(3)));
}

const resonance = (hz: number, centreHz: number, widthHz: number): number => 1 / (1 + ((hz - centreHz) / widthHz) ** 2);

/** Something that sounds like speech: syllables of gliding vowels, with peak `peak`. */
export function voice(durationMs: number, rateHz: number, peak = 8000): Int16Array {
  const length = Math.round((durationMs * rateHz) / 1000);
  const raw = new Float64Array(length);
  let phase = 0;
  let largest = 1e-9;
  for (let i = 0; i < length; i++) {
    const t = i / rateHz;
    const f0 = 150 + 15 * Math.sin(2 * Math.PI * 1.7 * t);
    phase += f0 / rateHz;
    const glide = 0.5 - 0.5 * Math.cos(2 * Math.PI * 2.5 * t);
    let sum = 0;
    for (let k = 1; k * f0 < 3600; k++) {
      const hz = k * f0;
      const weight = resonance(hz, 700 - 400 * glide, 100) + 0.5 * resonance(hz, 1200 + 1000 * glide, 150) + 0.25 * resonance(hz, 2600, 200);
      sum += (weight / k) * Math.sin(2 * Math.PI * k * phase);
    }
    raw[i] = sum * (0.5 - 0.5 * Math.cos(2 * Math.PI * 5 * t));
    largest = Math.max(largest, Math.abs(raw[i] as number));
  }
  return Int16Array.from(raw, (x) => Math.round((x * peak) / largest));
}

export function concat(...parts: readonly Int16Array[]): Int16Array {
  const out = new Int16Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Adds `b` to `a` where both are. */
export const mix = (a: Int16Array, b: Int16Array): Int16Array =>
  a.map((x, i) => Math.max(-32768, Math.min(32767, x + (b[i] ?? 0))));
