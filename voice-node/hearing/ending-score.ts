import type { Ending } from './prosody.js';

/**
 * The log odds that whoever fell silent like this has finished: a logistic regression on the tune half of recorded
 * speech over the telephone (`npm run bench -- turns -- --fit`). Quieter and lower than the speaker's own mean is
 * finished. How the pitch moves, how the level falls, how long the last syllable is and how long the caller has spoken
 * add nothing on other speakers. Pauses inside turns are more frequent than ends by e^0.33.
 */
const BIAS = 0.43 - 0.33;
const PER_DB_OF_MEAN = -0.054;
const PER_DB_OF_PEAK = -0.111;
const PER_SEMITONE = -0.065;
/** No sound is more certain than this: 20 to 1. */
const MOST = 3;

/** -3 (goes on) to 3 (has finished). */
export function scoreOf({ levelDb, peakDb, pitchSt }: Ending): number {
  const score = BIAS + PER_DB_OF_MEAN * levelDb + PER_DB_OF_PEAK * peakDb + PER_SEMITONE * pitchSt;
  return Math.min(MOST, Math.max(-MOST, score));
}
