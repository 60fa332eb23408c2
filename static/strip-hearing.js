// @ts-check

import { decisionWords } from './decisions.js';
import { hatch, SMALL_FONT } from './strip-lanes.js';

/** @import { Decision } from './decisions.js' */
/** @import { Run } from './runs.js' */
/** @import { Frame } from './strip.js' */

/** From the top of the lane: a line of words, the frames, the gate. */
const WORDS_PX = 14;
const FRAMES_PX = 12;
const GATE_PX = 3;

/** The lane's name stands to the left of this, in the row of words. */
const NAME_PX = 72;

/** A single frame is less than a pixel wide on a phone; it is to be seen all the same. */
const LEAST_PX = 3;

/**
 * What was made of each frame: a low block where something was suspected, a hatched one while the reply was held, a
 * solid one for speech, a stroke through the row where something was dismissed. Below it the detector's gate: a bar
 * where it was open, a thin line where it was not.
 * @param {Frame} frame
 * @param {readonly Run<string>[]} reasons
 * @param {readonly Run<1>[]} gate
 * @param {boolean | null} told whether the node tells them; null: it has told nothing yet
 */
export function drawFrames(frame, reasons, gate, told) {
  const { context, hearing, widthPx, colour } = frame;
  if (told === false) return drawNotTold(frame);
  const row = { top: hearing.top + WORDS_PX + 1, bottom: hearing.top + WORDS_PX + 1 + FRAMES_PX };
  context.fillStyle = colour('--control');
  context.fillRect(0, hearing.bottom - 2, widthPx, 1);
  context.fillStyle = colour('--text');
  for (const [left, right] of visible(frame, gate)) context.fillRect(left, hearing.bottom - 1 - GATE_PX, right - left, GATE_PX);
  for (const [left, right, run] of visible(frame, reasons)) drawRun(frame, row, left, right, run);
}

/**
 * @param {Frame} frame
 * @param {{ top: number, bottom: number }} row
 * @param {number} left
 * @param {number} right
 * @param {Run<string>} run
 */
function drawRun(frame, row, left, right, { value, startMs, endMs }) {
  const { context, offsetMs, colour } = frame;
  const height = row.bottom - row.top;
  switch (value) {
    case 'suspected':
      context.fillStyle = colour('--muted');
      return context.fillRect(left, row.bottom - 6, right - left, 6);
    case 'speech':
      context.fillStyle = colour('--caller');
      return context.fillRect(left, row.top, right - left, height);
    case 'held':
      context.strokeStyle = colour('--warn');
      context.lineWidth = 1.5;
      context.strokeRect(left + 0.75, row.top + 0.75, Math.max(1, right - left - 1.5), height - 1.5);
      return hatch(frame, row, startMs + offsetMs, endMs + offsetMs, colour('--warn'), 0.9);
    case 'noise':
    case 'echo':
    case 'backchannel':
    case 'resumed':
      context.fillStyle = colour('--text');
      return context.fillRect(right - 2, row.top - 2, 2, height + 2);
    // Of a newer node: nothing is known of it.
  }
}

/**
 * Left and right edge of each run that can be seen.
 * @template Value
 * @param {Frame} frame
 * @param {readonly Run<Value>[]} runs
 * @returns {Generator<readonly [left: number, right: number, run: Run<Value>]>}
 */
function* visible({ fromMs, toMs, offsetMs, x }, runs) {
  for (const run of runs) {
    if (run.endMs + offsetMs < fromMs || run.startMs + offsetMs > toMs) continue;
    const left = x(run.startMs + offsetMs);
    yield [left, Math.max(left + LEAST_PX, x(run.endMs + offsetMs)), run];
  }
}

/** @param {Frame} frame */
function drawNotTold({ context, hearing, widthPx, colour }) {
  context.font = SMALL_FONT;
  context.fillStyle = colour('--muted');
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  context.fillText('this node does not tell its decisions', widthPx / 2, (hearing.top + hearing.bottom) / 2);
}

/**
 * Where the reply was held: silent, but kept.
 * @param {Frame} frame
 * @param {readonly Decision[]} decisions
 */
export function drawHolds(frame, decisions) {
  const { robot, toMs, offsetMs, colour } = frame;
  for (const { heldMs, endMs } of decisions) {
    if (heldMs !== null) hatch(frame, robot, heldMs + offsetMs, endMs === null ? toMs : endMs + offsetMs, colour('--warn'), 0.9);
  }
}

/**
 * The decisions in words, each where it fell: all of them where there is room, else a shorter one, else none. The
 * newest are the last to give way.
 * @param {Frame} frame
 * @param {readonly Decision[]} decisions
 */
export function drawDecisions({ context, hearing, fromMs, toMs, offsetMs, widthPx, x, colour }, decisions) {
  context.font = SMALL_FONT;
  context.fillStyle = colour('--text');
  context.textBaseline = 'middle';
  context.textAlign = 'left';
  let freeUntilPx = widthPx;
  for (const decision of decisions.toReversed()) {
    const startMs = decision.fromMs + offsetMs;
    if ((decision.endMs ?? Infinity) + offsetMs < fromMs || startMs > toMs) continue;
    const { full, short } = decisionWords(decision);
    const at = x(startMs) + 3;
    // At the right edge even the short word may have to begin before its sound, or nobody could read it yet.
    const edge = freeUntilPx === widthPx ? Math.min(at, widthPx - context.measureText(short).width - 2) : at;
    for (const [words, left] of /** @type {const} */ ([[full, at], [short, edge]])) {
      const width = context.measureText(words).width;
      if (left + width > freeUntilPx - 2 || left < NAME_PX) continue;
      context.fillText(words, left, hearing.top + WORDS_PX / 2 + 1);
      freeUntilPx = left - 8;
      break;
    }
  }
}
