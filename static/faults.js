// @ts-check

import { nodeProblem, problem } from './problems.js';
import { clearProblem, showProblem } from './view.js';

/** @import { CallerEvent } from '../voice-node/domain/events.js' */

/** A turn tells of its failure just after the fault itself. */
const DELAY_MS = 300;

/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

/**
 * Shows a fault of the robot as a problem, unless it made a turn fail: then the conversation tells of it.
 * @param {CallerEvent} event
 */
export function watchFaults(event) {
  if (event.type === 'error') {
    clearTimeout(timer);
    timer = setTimeout(() => showProblem(nodeProblem(event)), DELAY_MS);
  } else if (event.type === 'reply_started' || (event.type === 'turn' && event.end === 'failed')) {
    forgetFaults();
    clearProblem(problem('node_error').code);
  }
}

/** A new call: a fault of the old one that is not shown yet stays unsaid. */
export function forgetFaults() {
  clearTimeout(timer);
}
