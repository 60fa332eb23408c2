// @ts-check

import { problem } from './problems.js';
import { clearProblem, showProblem } from './view.js';

/** @import { Presence } from './robot-watch.js' */
/** @import { LineCode } from './session.js' */
/** @import { Phase } from './status.js' */

/** What is said of the robot's absence; at most one of them at a time. */
const ROBOT_NOTICES = /** @type {const} */ ({ missed: 'robot_missed', left: 'robot_left', lost: 'robot_lost', absent: 'robot_absent' });

/** What is said of the line; at most one of them at a time. */
const LINE_NOTICES = ['reconnecting', 'rejoining'];

/** @param {Presence} presence */
export function showPresence(presence) {
  const said = Object.hasOwn(ROBOT_NOTICES, presence) ? ROBOT_NOTICES[/** @type {keyof typeof ROBOT_NOTICES} */ (presence)] : null;
  for (const code of Object.values(ROBOT_NOTICES)) if (code !== said) clearProblem(code);
  if (said !== null) showProblem(problem(said));
}

/** @param {LineCode} code */
export function showLine(code) {
  if (phaseOf(code) !== null) for (const old of LINE_NOTICES) if (old !== code) clearProblem(old);
  if (code !== 'reconnected') showProblem(problem(code));
}

/**
 * Where the call is after this news of the line; null where that says nothing about it.
 * @param {LineCode} code
 * @returns {Phase | null}
 */
export function phaseOf(code) {
  if (code === 'reconnected') return 'connected';
  return LINE_NOTICES.includes(code) ? 'reconnecting' : null;
}

/** The call is over: what was only true during it goes. */
export function clearNotices() {
  for (const code of [...LINE_NOTICES, ...Object.values(ROBOT_NOTICES), 'playback_blocked', 'mic_silent']) clearProblem(code);
}
