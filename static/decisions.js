// @ts-check

/** @import { CallerEvent } from '../voice-node/domain/events.js' */

/**
 * What was made of a voice, or a sound, while the robot spoke. All times in ms of the call.
 * @typedef {object} Decision
 * @property {number} fromMs where the sound began
 * @property {number | null} heldMs since when the reply was held; null where it was only lowered, or cut at once
 * @property {number | null} endMs when it was decided; null while the reply is held
 * @property {Outcome | null} outcome null while it is not known, or where that was lost on the way
 */

/** @typedef {'speech' | 'noise' | 'echo' | 'backchannel'} Outcome */

/** A node that is newer than this page may know further ones: they are not shown. */
/** @type {Readonly<Record<Outcome, string>>} */
export const OUTCOMES = Object.freeze({ speech: 'speech', noise: 'noise', echo: 'echo', backchannel: '“uh-huh”' });

/** A verdict and the cut that follows from it are not farther apart. */
const SAME_MS = 500;

/** How many decisions are kept: more than the strip's window can show in words. */
export const KEPT_DECISIONS = 100;

/**
 * @param {string} decision
 * @returns {decision is Outcome}
 */
export const isOutcome = (decision) => Object.hasOwn(OUTCOMES, decision);

/**
 * The decisions after one more. The old list is left as it was.
 * @param {readonly Decision[]} decisions oldest first
 * @param {Extract<CallerEvent, { type: 'interruption' }>} event
 * @returns {readonly Decision[]}
 */
export function decide(decisions, { decision, atMs, afterMs }) {
  const fromMs = atMs - Math.max(0, afterMs);
  if (decision === 'held') return [...closed(decisions, atMs), { fromMs, heldMs: atMs, endMs: null, outcome: null }].slice(-KEPT_DECISIONS);
  // The reply goes on: why, was said just before, and is only missing where that was lost.
  if (decision === 'resumed') return closed(decisions, atMs);
  if (!isOutcome(decision)) return decisions;
  const last = decisions.at(-1);
  if (last === undefined || last.endMs !== null) return [...decisions, { fromMs, heldMs: null, endMs: atMs, outcome: decision }].slice(-KEPT_DECISIONS);
  return decisions.with(-1, { ...last, endMs: atMs, outcome: decision });
}

/**
 * Nothing is held any more: the reply is over, or a packet was lost.
 * @param {readonly Decision[]} decisions
 * @param {number} atMs
 * @returns {readonly Decision[]}
 */
export function closed(decisions, atMs) {
  const last = decisions.at(-1);
  return last === undefined || last.endMs !== null ? decisions : decisions.with(-1, { ...last, endMs: Math.max(atMs, last.fromMs) });
}

/**
 * Where the voice began that ended a reply, and where the reply fell silent: a reply that was held was silent long
 * before it was cut.
 * @param {readonly Decision[]} decisions
 * @param {{ atMs: number, stopMs: number }} bargeIn
 */
export function voiceThatCut(decisions, { atMs, stopMs }) {
  const hold = decisions.findLast(({ outcome, heldMs, fromMs, endMs }) => outcome === 'speech' && heldMs !== null && fromMs <= atMs && Math.abs((endMs ?? Infinity) - atMs) < SAME_MS);
  const fromMs = hold === undefined ? atMs - stopMs : hold.fromMs;
  return { fromMs, silentMs: fromMs + stopMs };
}

/**
 * A decision in a few words, and in fewer where there is little room.
 * @param {Decision} decision
 */
export function decisionWords({ heldMs, endMs, outcome }) {
  if (endMs === null) return { full: 'held', short: 'held' };
  const what = outcome === null ? 'held' : OUTCOMES[outcome];
  if (heldMs === null || outcome === 'speech') return { full: what, short: what };
  return { full: `${what}, held ${Math.round(endMs - heldMs)} ms`, short: what };
}
