// @ts-check

import { asideWords } from './asides.js';
import { faultWords } from './problems.js';
import { clockText } from './status.js';
import { msText } from './waterfall.js';

/** @import { Conversation, Line } from './conversation.js' */

/** A word of comment on a line: how it ended, or what it is. */
/** @typedef {{ kind: 'interrupted' | 'failed' | 'cut' | 'apology' | 'aside' | 'dropped' | 'unanswered', words: string }} Remark */

/**
 * How one line is shown.
 * @typedef {object} Shown
 * @property {string} who
 * @property {string} time when it began, "0:07"; '' where unknown
 * @property {string} words '' where it has none
 * @property {string} tail what stands after the words: the dash of a sentence that was broken off
 * @property {string | null} sound in place of words: "1.4 s", or "speaking"; null where there are words
 * @property {string} code of a fault
 * @property {readonly Remark[]} remarks
 * @property {{ turn: number, words: string, says: string } | null} link to the turn's stages
 */

const WHO = { caller: 'you', robot: 'robot', fault: 'fault' };

/** @type {Record<'interrupted' | 'failed' | 'cut', string>} */
const CUTS = { interrupted: 'interrupted', failed: 'broken off by a fault', cut: 'cut off' };

/**
 * @param {Line} line
 * @returns {Shown}
 */
export function describeLine(line) {
  const time = line.atMs === null ? '' : clockText(line.atMs);
  const shown = { who: WHO[line.from], time, tail: '', sound: null, code: '', remarks: remarksOn(line), link: linkOf(line) };
  if (line.from === 'fault') return { ...shown, words: `This turn failed. ${faultWords(line.error)}`, code: line.error ?? '' };
  if (line.text === '') return { ...shown, words: '', sound: soundOf(line) };
  return { ...shown, ...(line.cut === null ? { words: line.text } : brokenOff(line.text)) };
}

/**
 * Seconds of speech without words: an echo, a tone, or words that nobody wrote down.
 * @param {Line} line
 */
function soundOf({ open, spokenMs }) {
  if (open) return 'speaking';
  return spokenMs === null ? 'sound' : `${(spokenMs / 1000).toFixed(spokenMs < 950 ? 2 : 1)} s`;
}

/**
 * A sentence that ends where it was cut: with a dash in place of its comma, or after its full stop.
 * @param {string} text
 */
function brokenOff(text) {
  const words = text.replace(/[\s,;:\u2013\u2014-]+$/u, '');
  return { words, tail: /[.!?\u2026]$/u.test(words) ? ' \u2014' : '\u2014' };
}

/**
 * @param {Line} line
 * @returns {Remark[]}
 */
function remarksOn({ from, cut, asides, apology, dropped, aside, end }) {
  /** @type {Remark[]} */
  const remarks = [];
  if (apology) remarks.push({ kind: 'apology', words: 'apology' });
  for (const words of asideWords(asides)) remarks.push({ kind: 'aside', words });
  if (from === 'robot' && cut !== null) remarks.push({ kind: cut, words: CUTS[cut] });
  if (dropped) remarks.push({ kind: 'dropped', words: aside ? 'did not interrupt' : 'too short to answer' });
  if (from === 'caller' && end === 'unanswered') remarks.push({ kind: 'unanswered', words: 'no answer' });
  return remarks;
}

/** @param {Line} line */
function linkOf({ turn, linked, responseMs }) {
  if (turn === null || !linked) return null;
  if (responseMs === null) return { turn, words: `#${turn}`, says: `Show turn ${turn}` };
  return { turn, words: `${msText(responseMs)} \u00b7 #${turn}`, says: `Answered in ${msText(responseMs)}. Show turn ${turn}` };
}

/**
 * What a screen reader should say: lines whose words have come to stand, once each, never the words on their way.
 * @param {Conversation} before
 * @param {Conversation} after
 * @returns {string[]}
 */
export function newlySaid(before, after) {
  if (before.lines === after.lines) return [];
  const said = new Set(before.lines.filter(stands).map((line) => line.key));
  return after.lines.filter((line) => stands(line) && !said.has(line.key)).map(inWords);
}

/** @param {Line} line */
const stands = (line) => line.final && (line.text !== '' || line.from === 'fault') && !(line.from === 'robot' && line.open);

/** @param {Line} line */
function inWords(line) {
  const { who, words, remarks } = describeLine(line);
  const said = line.from === 'fault' ? words : `${who === 'you' ? 'You' : 'Robot'}: ${words}`;
  return remarks.length === 0 ? said : `${said} (${remarks.map((remark) => remark.words).join(', ')})`;
}
