/** Full scale of int16. A sine that reaches it has an RMS of 32768 / sqrt(2), which is -3.01 dBFS here. */
export const INT16_FULL_SCALE = 32768;

/** What `levelDbfs` says of silence: below the smallest sound an int16 can hold (one LSB in a second of 48 kHz is -137). */
export const SILENCE_DBFS = -150;

/** Root mean square of int16 samples, in int16 units (0..32768). An empty frame has 0. Does not allocate. */
export function rms(frame: Int16Array): number {
  const count = frame.length;
  if (count === 0) return 0;
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const x = frame[i] as number;
    sum += x * x;
  }
  return Math.sqrt(sum / count);
}

/** Largest magnitude of int16 samples, in int16 units (0..32768). */
export function peak(frame: Int16Array): number {
  const count = frame.length;
  let largest = 0;
  for (let i = 0; i < count; i++) {
    const x = frame[i] as number;
    const magnitude = x < 0 ? -x : x;
    if (magnitude > largest) largest = magnitude;
  }
  return largest;
}

/** Mean of int16 samples, in int16 units: the direct voltage a bad sound card adds. */
export function mean(frame: Int16Array): number {
  const count = frame.length;
  let sum = 0;
  for (let i = 0; i < count; i++) sum += frame[i] as number;
  return count === 0 ? 0 : sum / count;
}

/** An amplitude in int16 units as decibels of full scale: 20 log10(a / 32768); SILENCE_DBFS for 0. */
export const amplitudeToDbfs = (amplitude: number): number =>
  amplitude > 0 ? Math.max(SILENCE_DBFS, 20 * Math.log10(amplitude / INT16_FULL_SCALE)) : SILENCE_DBFS;

/** The inverse: decibels of full scale as an amplitude in int16 units. */
export const dbfsToAmplitude = (dbfs: number): number => INT16_FULL_SCALE * 10 ** (dbfs / 20);

/** RMS level of a frame in dBFS, -150 (silence) to 0 (a full-scale square wave). */
export const levelDbfs = (frame: Int16Array): number => amplitudeToDbfs(rms(frame));
