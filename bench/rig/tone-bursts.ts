/** A tone of `durationMs` at 700 Hz, -12 dBFS, 48 kHz, beginning and ending within 2 ms. */
export function burst(durationMs: number): Int16Array {
  const samples = new Int16Array(durationMs * 48);
  for (let i = 0; i < samples.length; i++) {
    const edge = Math.min(1, (i + 1) / 96, (samples.length - i) / 96);
    samples[i] = Math.round(8000 * edge * Math.sin((2 * Math.PI * 700 * i) / 48_000));
  }
  return samples;
}
