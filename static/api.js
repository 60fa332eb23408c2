// @ts-check

import { apiProblem, ProblemError } from './classify.js';
import { problem } from './problems.js';
import { readRobots } from './robots.js';

/**
 * @typedef {{ sessionId: string, robot: string, room: string, identity: string, token: string, url: string }} Grant
 */

const DEADLINE_MS = 10_000;

/**
 * Asks the node for a session.
 * @param {string | null} robot name of the robot; null: the node's default
 * @returns {Promise<Grant>} rejects with a ProblemError
 */
export async function createSession(robot) {
  const answer = await request('/api/session/create', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(robot === null ? {} : { robot }),
  });
  const grant = /** @type {Partial<Grant> | null} */ (answer);
  if (typeof grant?.token !== 'string' || typeof grant.url !== 'string') {
    throw new ProblemError(problem('api_failed', 'the answer has no token and url'));
  }
  return /** @type {Grant} */ (grant);
}

/**
 * The robots one may choose from.
 * @returns {Promise<import('./robots.js').Robots>} rejects with a ProblemError
 */
export async function listRobots() {
  return readRobots(await request('/api/robots', {}));
}

/**
 * @param {string} path
 * @param {RequestInit} init
 * @returns {Promise<unknown>} the answer's JSON
 */
async function request(path, init) {
  /** @type {Response} */
  let response;
  try {
    response = await fetch(path, { ...init, signal: AbortSignal.timeout(DEADLINE_MS), cache: 'no-store' });
  } catch {
    throw new ProblemError(problem('api_unreachable'));
  }
  /** @type {unknown} */
  const body = await response.json().catch(() => null);
  if (!response.ok) throw new ProblemError(apiProblem(response.status, body));
  return body;
}
