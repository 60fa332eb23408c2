// @ts-check

import { cleanName } from './text.js';
import { msText, niceScaleMs, waterfall } from './waterfall.js';

/** @import { TurnReport } from '../voice-node/domain/events.js' */
/** @import { Waterfall } from './waterfall.js' */

const SVG = 'http://www.w3.org/2000/svg';

/** The drawing's own units; it is stretched to the cell's width. */
const WIDTH = 1000;
const HEIGHT = 22;
/** Part of the width left of 0, for the end of the caller's speech. */
const LEAD = 120;

const STAGES = /** @type {const} */ (['endpointing', 'stt', 'llm', 'tts', 'playout', 'response']);
const MARKS = /** @type {const} */ (['t1', 't2', 't3', 't4', 't5', 't6']);

/** @type {Record<TurnReport['end'], string>} */
const ENDS = { answered: 'answered', interrupted: 'cut off', failed: 'failed', unanswered: 'no answer' };

/**
 * Fills the table of turns. All rows share one scale, so that lengths can be compared.
 * @param {HTMLTableSectionElement} body
 * @param {HTMLElement} scaleNote says how long the scale is
 * @param {readonly TurnReport[]} turns newest first
 */
export function showTurns(body, scaleNote, turns) {
  const falls = turns.map(waterfall);
  const scaleMs = niceScaleMs(falls.map((fall) => fall.endMs));
  scaleNote.textContent = turns.length === 0 ? '' : `scale: ${msText(scaleMs)} from the last voiced frame`;
  const focused = document.activeElement instanceof HTMLElement && body.contains(document.activeElement) ? document.activeElement.dataset.to : undefined;
  body.replaceChildren(...turns.map((turn, i) => row(turn, /** @type {Waterfall} */ (falls[i]), scaleMs)));
  // The rows are new ones; the keyboard stays where it was.
  if (focused !== undefined) [...body.querySelectorAll('button')].find((button) => button.dataset.to === focused)?.focus({ preventScroll: true });
}

/**
 * @param {TurnReport} turn
 * @param {Waterfall} fall
 * @param {number} scaleMs
 */
function row(turn, fall, scaleMs) {
  const tr = element('tr', 'turn');
  tr.setAttribute('role', 'row');
  tr.dataset.turn = String(turn.turn);
  tr.dataset.end = turn.end;
  const head = cell('th', 'turn-head', 'rowheader');
  head.scope = 'row';
  const end = element('span', 'turn-end', Object.hasOwn(ENDS, turn.end) ? ENDS[turn.end] : cleanName(turn.end));
  end.dataset.end = turn.end;
  const number = element('button', 'turn-number', `#${turn.turn}`);
  number.type = 'button';
  number.dataset.to = String(turn.turn);
  number.setAttribute('aria-label', `Turn ${turn.turn}: show what was said`);
  head.append(number, end);
  const way = cell('td', 'turn-fall', 'cell');
  way.append(drawing(fall, scaleMs), element('span', 'turn-marks', marksText(turn)));
  if (turn.error !== undefined) way.append(element('span', 'turn-error', cleanName(turn.error)));
  tr.append(head, way);
  for (const stage of STAGES) {
    const td = cell('td', `turn-stage stage-${stage}`, 'cell');
    td.dataset.stage = stage;
    td.append(element('span', 'stage-name', stage), element('span', 'stage-ms', msText(turn.stagesMs[stage])));
    tr.append(td);
  }
  const heard = cell('td', 'turn-stage', 'cell');
  heard.append(element('span', 'stage-name', 'heard'), element('span', 'stage-ms', msText(turn.heardMs)));
  tr.append(heard);
  return tr;
}

/** @param {TurnReport} turn */
function marksText({ marksMs }) {
  return MARKS.map((mark) => {
    const ms = marksMs[mark];
    // A no-break space: a line may break between two marks, not inside one.
    return `${mark}\u00a0${ms === undefined ? '–' : (ms / 1000).toFixed(3)}`;
  }).join('  ');
}

/**
 * The waterfall as a picture. Its numbers stand beside it as text, so it is hidden from screen readers.
 * @param {Waterfall} fall
 * @param {number} scaleMs
 */
function drawing({ bars, endMs, speechMs }, scaleMs) {
  const svg = shape('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', class: 'fall', 'aria-hidden': 'true', focusable: 'false' });
  /** @param {number} ms */
  const x = (ms) => LEAD + (ms / scaleMs) * (WIDTH - LEAD);
  for (let quarter = 0; quarter <= 4; quarter++) {
    svg.append(shape('rect', { x: Math.min(WIDTH - 1, x((quarter * scaleMs) / 4)), y: 0, width: 1, height: HEIGHT, class: 'fall-grid' }));
  }
  if (speechMs > 0) {
    const from = Math.max(0, x(-speechMs));
    svg.append(shape('rect', { x: from, y: 8, width: LEAD - from, height: 6, class: 'fall-speech' }));
  }
  bars.forEach(({ stage, fromMs, toMs }) => {
    // A stage of no time still has to be seen as one that happened.
    svg.append(shape('rect', { x: x(fromMs), y: 4, width: Math.max(2.5, x(toMs) - x(fromMs)), height: 14, class: `fall-bar fill-${stage}` }));
  });
  if (bars.length > 0) svg.append(shape('rect', { x: Math.min(WIDTH - 3, x(endMs)), y: 0, width: 3, height: HEIGHT, class: 'fall-end' }));
  return svg;
}

/**
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {string} className
 * @param {string} [text]
 */
function element(name, className, text) {
  const made = document.createElement(name);
  made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

/**
 * A cell that stays one for assistive technology where CSS lays the table out as a grid.
 * @template {'td' | 'th'} Name
 * @param {Name} name
 * @param {string} className
 * @param {string} role
 */
function cell(name, className, role) {
  const made = element(name, className);
  made.setAttribute('role', role);
  return made;
}

/**
 * @param {string} name
 * @param {Record<string, string | number>} attributes
 */
function shape(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  return made;
}
