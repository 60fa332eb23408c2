/** Steps in which the level is looked at. */
const STEP_MS = 10;

/**
 * How many samples of near-silence `samples` begins with: up to the first 10 ms whose mean power is within
 * `belowPeakDb` of the loudest 10 ms, less `marginMs`. 0 for silence throughout. Pure; allocates nothing.
 */
export function leadingSilence(samples: Int16Array, rateHz: number, belowPeakDb: number, marginMs: number): number {
  const step = Math.max(1, Math.round((rateHz * STEP_MS) / 1000));
  let loudest = 0;
  for (let at = 0; at + step <= samples.length; at += step) loudest = Math.max(loudest, energy(samples, at, step));
  const threshold = loudest * 10 ** (-belowPeakDb / 10);
  for (let at = 0; loudest > 0 && at + step <= samples.length; at += step) {
    if (energy(samples, at, step) >= threshold) return Math.max(0, at - Math.round((rateHz * marginMs) / 1000));
  }
  return 0;
}

function energy(samples: Int16Array, from: number, count: number): number {
  let sum = 0;
  for (let i = from; i < from + count; i++) sum += (samples[i] as number) ** 2;
  return sum;
}
