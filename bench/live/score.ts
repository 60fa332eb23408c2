import type { CheapTurn, Late } from '../rig/cheap-callers.js';

/** The tone robot answers with a second of sound; one packet less at each end is still all of it. */
const WHOLE_MS = 900;

export interface Score {
  /** Things said in the time that counts. */
  readonly asked: number;
  readonly heard: number;
  /** Of those heard: in more than one piece, or less than 900 ms of a second. */
  readonly torn: number;
  readonly short: number;
  /** From the last word to the first sound of the answer. */
  readonly delaysMs: readonly number[];
  readonly gapsMs: readonly number[];
  /** How many of the gaps fell within a second or so in which the callers themselves were late by half as much. */
  readonly gapsOfTheCallers: number;
  readonly packetsLost: number;
}

/** A report of lateness covers a second, and comes a little after it. */
const LATE_SPAN_MS = 1200;

/** What became of all that was said from `fromMs` up to `toMs` (unix time). `late`: see CheapCallers. */
export function score(turns: readonly CheapTurn[], late: readonly Late[], fromMs: number, toMs: number): Score {
  const asked = turns.filter(({ saidMs }) => saidMs >= fromMs && saidMs < toMs);
  const heard = asked.filter(({ sounds }) => sounds > 0);
  const gaps = asked.flatMap((turn) => turn.gaps);
  return {
    asked: asked.length,
    heard: heard.length,
    torn: heard.filter(({ sounds }) => sounds > 1).length,
    short: heard.filter(({ loudMs }) => loudMs < WHOLE_MS).length,
    delaysMs: heard.flatMap(({ delayMs }) => delayMs ?? []),
    gapsMs: gaps.map(({ ms }) => ms),
    gapsOfTheCallers: gaps.filter((gap) => late.some(({ atMs, worstMs }) => gap.atMs <= atMs && gap.atMs > atMs - LATE_SPAN_MS && worstMs > gap.ms / 2)).length,
    packetsLost: asked.reduce((sum, { lost }) => sum + lost, 0),
  };
}
