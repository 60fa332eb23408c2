// @ts-check

/** @import { Conversation, Line } from './conversation.js' */

/** How many lines are kept: an hour of quick exchanges. */
export const KEPT_LINES = 200;

/** A line about which nothing is known yet. */
/** @type {Omit<Line, 'key' | 'from'>} */
export const NO_LINE = Object.freeze({
  atMs: null,
  turn: null,
  reply: null,
  segment: null,
  heard: false,
  text: '',
  final: false,
  open: false,
  spokenMs: null,
  cut: null,
  asides: Object.freeze([]),
  heldSinceMs: null,
  apology: false,
  dropped: false,
  aside: false,
  end: null,
  linked: false,
  responseMs: null,
  error: null,
});

/**
 * Adds a line in order of time: after all that began before it. One without a time goes to the end.
 * @param {Conversation} talk
 * @param {Omit<Line, 'key'>} line
 * @returns {Conversation}
 */
export function addLine(talk, line) {
  let at = talk.lines.length;
  const { atMs } = line;
  if (atMs !== null) while (at > 0 && (talk.lines[at - 1]?.atMs ?? -Infinity) > atMs) at--;
  const lines = talk.lines.toSpliced(at, 0, { ...line, key: talk.nextKey });
  const gone = Math.max(0, lines.length - KEPT_LINES);
  return { ...talk, lines: lines.slice(gone), gone: talk.gone + gone, nextKey: talk.nextKey + 1 };
}

/**
 * @param {Conversation} talk
 * @param {number} index -1: nothing changes
 * @param {(line: Line) => Partial<Line>} change
 * @returns {Conversation}
 */
export function changeAt(talk, index, change) {
  const line = talk.lines[index];
  return line === undefined ? talk : { ...talk, lines: talk.lines.with(index, { ...line, ...change(line) }) };
}

/**
 * Index of the newest line that is meant; -1 where there is none.
 * @param {Conversation} talk
 * @param {(line: Line) => boolean} isMeant
 */
export const lastLine = (talk, isMeant) => talk.lines.findLastIndex(isMeant);
