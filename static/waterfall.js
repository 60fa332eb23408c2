// @ts-check

/** @import { Stage, TurnReport } from '../voice-node/domain/events.js' */

/**
 * One bar of a turn's waterfall.
 * @typedef {{ stage: Stage, fromMs: number, toMs: number }} Bar
 */

/**
 * One turn laid out on its own axis, where 0 is the true end of the caller's speech.
 * @typedef {object} Waterfall
 * @property {readonly Bar[]} bars one after the other: endpointing, stt, llm, tts, playout
 * @property {number} endMs where the last bar ends
 * @property {number} speechMs how long the caller had spoken before 0, from t1; 0 where unknown
 */

/** The stages in their order, each with the marks between which it lies. */
const SPANS = /** @type {const} */ ([
  ['stt', 't2', 't3'],
  ['llm', 't3', 't4'],
  ['tts', 't4', 't5'],
  ['playout', 't5', 't6'],
]);

/** Stages as they follow one another; `response` is their sum from t2 and has no bar. */
export const BAR_STAGES = /** @type {const} */ (['endpointing', 'stt', 'llm', 'tts', 'playout']);

/**
 * Lays out a turn. A turn that broke off has the bars of what it reached.
 * @param {TurnReport} turn
 * @returns {Waterfall}
 */
export function waterfall(turn) {
  const { marksMs, stagesMs } = turn;
  const endpointingMs = Math.max(0, stagesMs.endpointing ?? 0);
  if (marksMs.t2 === undefined) return { bars: [], endMs: 0, speechMs: 0 };
  const originMs = marksMs.t2 - endpointingMs;
  /** @type {Bar[]} */
  const bars = endpointingMs > 0 ? [{ stage: 'endpointing', fromMs: 0, toMs: endpointingMs }] : [];
  for (const [stage, from, to] of SPANS) {
    const fromMs = marksMs[from];
    const toMs = marksMs[to];
    if (fromMs === undefined || toMs === undefined) break;
    bars.push({ stage, fromMs: fromMs - originMs, toMs: Math.max(fromMs, toMs) - originMs });
  }
  return { bars, endMs: bars.at(-1)?.toMs ?? endpointingMs, speechMs: Math.max(0, originMs - (marksMs.t1 ?? originMs)) };
}

/**
 * The next "round" length at or above the longest turn: 1, 2 or 5 times a power of ten, at least 100 ms, so
 * that all turns share one scale which does not jump with every turn.
 * @param {readonly number[]} endsMs
 */
export function niceScaleMs(endsMs) {
  const longestMs = Math.max(100, ...endsMs.filter(Number.isFinite));
  const powerMs = 10 ** Math.floor(Math.log10(longestMs));
  return /** @type {number} */ ([1, 2, 5, 10].map((times) => times * powerMs).find((ms) => ms >= longestMs));
}

/**
 * A length in words: "0.4 ms", "37 ms", "1.25 s"; "–" where there is none.
 * @param {number | undefined} ms
 */
export function msText(ms) {
  if (ms === undefined || !Number.isFinite(ms)) return '–';
  if (Math.abs(ms) >= 9999.5) return `${(ms / 1000).toFixed(1)} s`;
  return Math.abs(ms) < 9.95 && !Number.isInteger(ms) ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`;
}
