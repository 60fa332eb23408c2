import { summarize, type Summary } from '../rig/statistics.js';
import type { PauseOrigin, Talk } from './talk.js';

export const LENGTHS_MS: readonly (readonly [from: number, to: number])[] = [[200, 350], [350, 500], [500, 800], [800, Infinity]];
export const ORIGINS: readonly PauseOrigin[] = ['stretched', 'lengthened', 'real', 'joined'];
/** A detector notices the next word this late at most; an end before that has cut the pause. */
const NOTICED_MS = 300;
/** Who has not been answered by then was not heard to end. */
const LATEST_MS = 2500;

export interface Tally {
  readonly pauses: number;
  readonly cut: number;
}

export interface Score {
  /** True end of the turn to the end of the utterance, ms. */
  readonly delay: Summary;
  readonly meanDelayMs: number;
  readonly turns: number;
  /** Turns without an end. */
  readonly missed: number;
  readonly all: Tally;
  /** Pauses of each length, by origin. */
  readonly by: Readonly<Record<PauseOrigin, readonly Tally[]>>;
}

/** The ends of utterances against the truth, over several talks. */
export function scoreOf(runs: readonly { readonly talk: Talk; readonly ends: readonly number[] }[]): Score {
  const delays: number[] = [];
  const by = Object.fromEntries(ORIGINS.map((origin) => [origin, LENGTHS_MS.map(() => ({ pauses: 0, cut: 0 }))])) as Record<PauseOrigin, { pauses: number; cut: number }[]>;
  let turns = 0;
  for (const { talk, ends } of runs) {
    turns += talk.turns.length;
    for (const turn of talk.turns) {
      const end = ends.find((at) => at >= turn.endMs && at <= turn.endMs + LATEST_MS);
      if (end !== undefined) delays.push(end - turn.endMs);
      for (const pause of turn.pauses) {
        const length = pause.endMs - pause.beginMs;
        const bucket = LENGTHS_MS.findIndex(([from, to]) => length >= from && length < to);
        const tally = by[pause.origin][bucket];
        if (tally === undefined) continue;
        tally.pauses++;
        const over = Math.min(pause.endMs + NOTICED_MS, turn.endMs);
        if (ends.some((at) => at > pause.beginMs && at <= over)) tally.cut++;
      }
    }
  }
  const all = total(ORIGINS.flatMap((origin) => by[origin]));
  const meanDelayMs = delays.reduce((sum, delay) => sum + delay, 0) / Math.max(1, delays.length);
  return { delay: summarize(delays), meanDelayMs, turns, missed: turns - delays.length, all, by };
}

export const total = (tallies: readonly Tally[]): Tally => ({
  pauses: tallies.reduce((sum, { pauses }) => sum + pauses, 0),
  cut: tallies.reduce((sum, { cut }) => sum + cut, 0),
});

export const shareCut = ({ pauses, cut }: Tally): number => (pauses === 0 ? Number.NaN : cut / pauses);
