/**
 * Raised-cosine fades, g(t) = (1 + cos(pi t)) / 2, on int16 in place. Value and slope are continuous at both
 * ends, so a cut makes no click: the spectrum of the edge falls by 18 dB an octave instead of 6.
 */

/**
 * Fades out over `count` samples from index `from`; everything after is exact zero. `count` 0 is a hard cut.
 * A fade longer than the array is cut short so that it still reaches zero at the end.
 */
export function fadeOutInPlace(samples: Int16Array, from: number, count: number): void {
  const start = Math.min(Math.max(0, from), samples.length);
  const length = Math.max(0, Math.min(count, samples.length - start));
  for (let i = 0; i < length; i++) {
    const gain = 0.5 + 0.5 * Math.cos((Math.PI * (i + 1)) / (length + 1));
    samples[start + i] = Math.round((samples[start + i] as number) * gain);
  }
  samples.fill(0, start + length);
}

/** Fades in over `count` samples from index `from`; everything before is exact zero. */
export function fadeInInPlace(samples: Int16Array, from: number, count: number): void {
  const start = Math.min(Math.max(0, from), samples.length);
  const length = Math.max(0, Math.min(count, samples.length - start));
  samples.fill(0, 0, start);
  for (let i = 0; i < length; i++) {
    const gain = 0.5 - 0.5 * Math.cos((Math.PI * (i + 1)) / (length + 1));
    samples[start + i] = Math.round((samples[start + i] as number) * gain);
  }
}
