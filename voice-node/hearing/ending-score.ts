import type { Ending } from './prosody.js';

/**
 * The log odds that whoever fell silent like this has finished: a logistic regression on the tune half of recorded
 * speech over the telephone (`npm run bench -- turns -- --fit`: 502 ends of turns, 651 pauses, weighing the same).
 * Quieter and lower than the speaker's own mean is finished. How the pitch moves, how the level falls, how long the last
 * syllable is and how long the caller has spoken add nothing on other speakers.
 */
const FITTED_BIAS = 0.456;
/** Chosen on the same half, together with the bounds: the median delay is then that of a fixed silence of 500 ms. */
const BIAS = FITTED_BIAS - 0.33;
const PER_DB_OF_MEAN = -0.05;
const PER_DB_OF_PEAK = -0.115;
const PER_SEMITONE = -0.0635;
/** No sound is more certain than this: 20 to 1. */
const MOST = 3;

/** -3 (goes on) to 3 (has finished). */
export function scoreOf({ levelDb, peakDb, pitchSt }: Ending): number {
  const score = BIAS + PER_DB_OF_MEAN * levelDb + PER_DB_OF_PEAK * peakDb + PER_SEMITONE * pitchSt;
  return Math.min(MOST, Math.max(-MOST, score));
}
