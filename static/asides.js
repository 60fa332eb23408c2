// @ts-check

import { isOutcome } from './decisions.js';

/** @import { CallerEvent } from '../voice-node/domain/events.js' */
/** @import { Outcome } from './decisions.js' */

/**
 * What did not interrupt one reply: how often it was held for that, for how long in all, and how often it was only
 * lowered.
 * @typedef {object} Aside
 * @property {Exclude<Outcome, 'speech'>} reason
 * @property {number} held times
 * @property {number} heldMs
 * @property {number} lowered times
 */

/**
 * What is known of the sounds beside one reply.
 * @typedef {object} Beside
 * @property {readonly Aside[]} asides one of each reason at most
 * @property {number | null} heldSinceMs ms of the call; null while it is not held
 */

const WHAT = Object.freeze({ noise: 'a noise', echo: 'its own echo', backchannel: '“uh-huh”' });

/**
 * @param {Beside} beside
 * @param {Extract<CallerEvent, { type: 'interruption' }>} event
 * @returns {Beside}
 */
export function besides({ asides, heldSinceMs }, { decision, atMs }) {
  if (decision === 'held') return { asides, heldSinceMs: atMs };
  if (!isOutcome(decision)) return { asides, heldSinceMs };
  if (decision === 'speech') return { asides, heldSinceMs: null };
  const before = asides.find((aside) => aside.reason === decision) ?? { reason: decision, held: 0, heldMs: 0, lowered: 0 };
  const more = heldSinceMs === null ? { ...before, lowered: before.lowered + 1 } : { ...before, held: before.held + 1, heldMs: before.heldMs + Math.max(0, atMs - heldSinceMs) };
  return { asides: asides.includes(before) ? asides.map((aside) => (aside === before ? more : aside)) : [...asides, more], heldSinceMs: null };
}

/**
 * In plain words, a line each: "went on after a noise, held 420 ms".
 * @param {readonly Aside[]} asides
 * @returns {string[]}
 */
export function asideWords(asides) {
  return asides.flatMap(({ reason, held, heldMs, lowered }) => [
    ...(held === 0 ? [] : [`went on after ${WHAT[reason]}${times(held)}, held ${Math.round(heldMs)} ms${held === 1 ? '' : ' in all'}`]),
    ...(lowered === 0 ? [] : [`spoke lower for ${WHAT[reason]}${times(lowered)}`]),
  ]);
}

/** @param {number} count */
const times = (count) => (count === 1 ? '' : ` (${count} times)`);
