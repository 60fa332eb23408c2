// @ts-check

import { cleanName, cleanText } from './text.js';

/**
 * A robot as the node tells of it.
 * @typedef {object} RobotChoice
 * @property {string} name as the node wants it back
 * @property {string} label as it is shown, with what is missing
 * @property {string} mode '' where unknown
 * @property {string} description '' where there is none
 * @property {boolean} ready it can take calls
 * @property {readonly string[]} missing keys, programs and files
 */

/** @typedef {{ choices: readonly RobotChoice[], preferred: string | null }} Robots */

/** Bounds: robots offered, and things named that one of them lacks. */
const MAX_ROBOTS = 200;
const MAX_MISSING = 20;
/** How many of them stand in the list itself. */
const NAMED_IN_LABEL = 2;

/**
 * The answer to `GET /api/robots`: `{robots, default, details}`. Without `details` (an older node) every robot
 * counts as ready.
 * @param {unknown} answer
 * @returns {Robots}
 */
export function readRobots(answer) {
  const { robots, details, default: preferred } = record(answer);
  const told = new Map(list(details).map((detail) => [record(detail).name, record(detail)]));
  const names = [...new Set(list(robots).filter((name) => typeof name === 'string' && name !== ''))].slice(0, MAX_ROBOTS);
  const choices = names.map((name) => choice(/** @type {string} */ (name), told.get(name) ?? {}));
  return { choices, preferred: preferredOf(choices, preferred) };
}

/**
 * The node's default where it can take calls, else the first robot that can, else the default.
 * @param {readonly RobotChoice[]} choices
 * @param {unknown} preferred
 */
function preferredOf(choices, preferred) {
  const wanted = choices.find(({ name }) => name === preferred);
  return (wanted?.ready ? wanted : (choices.find(({ ready }) => ready) ?? wanted ?? choices[0]))?.name ?? null;
}

/**
 * @param {string} name
 * @param {Record<string, unknown>} detail
 * @returns {RobotChoice}
 */
function choice(name, { mode, description, ready, missing }) {
  const lacks = list(missing).filter((thing) => typeof thing === 'string').slice(0, MAX_MISSING).map(cleanName);
  const isReady = ready !== false;
  return {
    name,
    label: isReady ? cleanName(name) : `${cleanName(name)} (${needs(lacks)})`,
    mode: typeof mode === 'string' ? cleanName(mode) : '',
    description: typeof description === 'string' ? cleanText(description.replaceAll(/\s+/g, ' '), 300) : '',
    ready: isReady,
    missing: lacks,
  };
}

/** @param {readonly string[]} missing */
function needs(missing) {
  if (missing.length === 0) return 'not ready';
  const more = missing.length - NAMED_IN_LABEL;
  return `needs ${missing.slice(0, NAMED_IN_LABEL).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** @type {Record<string, string>} */
const MODES = {
  echo: 'Repeats what you say.',
  tone: 'Answers with a tone.',
  pipeline: 'Writes down what you say, thinks, and speaks.',
  realtime: 'Answers speech with speech.',
  llm_script: 'Chooses among its recordings.',
  flow: 'Follows a map of the dialogue.',
};

/**
 * One or two sentences about the chosen robot.
 * @param {RobotChoice | undefined} chosen
 */
export function aboutRobot(chosen) {
  if (chosen === undefined) return '';
  const { mode, description, ready, missing } = chosen;
  const about = description || (Object.hasOwn(MODES, mode) ? MODES[mode] ?? '' : '');
  if (ready) return about;
  const lacks = missing.length === 0 ? 'It cannot take calls yet.' : `It cannot take calls yet: ${missing.join(', ')} missing.`;
  return about === '' ? lacks : `${about} ${lacks}`;
}

/**
 * @param {unknown} value
 * @returns {Record<string, unknown>}
 */
const record = (value) => (typeof value === 'object' && value !== null ? /** @type {Record<string, unknown>} */ (value) : {});

/**
 * @param {unknown} value
 * @returns {unknown[]}
 */
const list = (value) => (Array.isArray(value) ? value.slice(0, MAX_ROBOTS) : []);
