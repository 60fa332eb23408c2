// @ts-check

import { voiceThatCut } from './decisions.js';
import { meterFraction } from './level.js';

/** @import { Frame } from './strip.js' */
/** @import { Reply, Speech } from './call-model.js' */
/** @import { Decision } from './decisions.js' */
/** @import { Trace } from './trace.js' */

/** @typedef {{ top: number, bottom: number }} Lane */

/** Pictures farther apart than this were not drawn (a hidden tab): the curve has a gap there. */
const GAP_MS = 250;

/** Height of the bar under a lane that shows a span. */
const BAR_PX = 5;

export const SMALL_FONT = '11px ui-monospace, "SF Mono", Menlo, Consolas, monospace';

/**
 * Lanes, their names, and the seconds below.
 * @param {Frame} frame
 */
export function drawAxis({ context, widthPx, caller, hearing, robot, axisPx, fromMs, toMs, x, colour }) {
  context.font = SMALL_FONT;
  context.fillStyle = colour('--lane');
  for (const lane of [caller, hearing, robot]) context.fillRect(0, lane.top, widthPx, lane.bottom - lane.top);
  context.fillStyle = colour('--muted');
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  const stepMs = widthPx < 560 ? 4000 : 2000;
  for (let agoMs = stepMs; toMs - agoMs > fromMs + 300; agoMs += stepMs) {
    const at = Math.round(x(toMs - agoMs));
    context.globalAlpha = 0.18;
    context.fillRect(at, caller.top, 1, axisPx - caller.top);
    context.globalAlpha = 1;
    context.fillText(`−${agoMs / 1000} s`, at, axisPx + 11);
  }
  context.textAlign = 'right';
  context.fillText('now', widthPx - 2, axisPx + 11);
}

/**
 * A level as a filled curve that stands on the lane's floor, -60..0 dBFS.
 * @param {Frame} frame
 * @param {Trace} trace levels over page time
 * @param {Lane} lane
 * @param {string} colourName
 */
export function drawLevel({ context, fromMs, toMs, x, colour }, trace, lane, colourName) {
  const floor = lane.bottom - BAR_PX - 2;
  const height = floor - lane.top - 14;
  context.fillStyle = colour(colourName);
  context.beginPath();
  let last = -Infinity;
  for (let i = Math.max(0, trace.indexAt(fromMs) - 1); i < trace.length; i++) {
    const ms = trace.timeMs(i);
    if (ms > toMs) break;
    if (ms - last > GAP_MS) {
      if (last !== -Infinity) context.lineTo(x(last), floor);
      context.moveTo(x(ms), floor);
    }
    context.lineTo(x(ms), floor - meterFraction(trace.value(i)) * height);
    last = ms;
  }
  if (last !== -Infinity) context.lineTo(x(last), floor);
  context.fill();
}

/**
 * The detector's probability, 0..1, as a line over the caller's lane.
 * @param {Frame} frame
 * @param {Trace} trace probabilities over node time
 */
export function drawProbability({ context, caller, fromMs, toMs, offsetMs, x, colour }, trace) {
  const floor = caller.bottom - BAR_PX - 2;
  const height = floor - caller.top - 14;
  context.strokeStyle = colour('--probability');
  context.lineWidth = 1.5;
  context.lineJoin = 'round';
  context.beginPath();
  let last = -Infinity;
  for (let i = Math.max(0, trace.indexAt(fromMs - offsetMs) - 1); i < trace.length; i++) {
    const ms = trace.timeMs(i) + offsetMs;
    if (ms > toMs) break;
    const y = floor - trace.value(i) * height;
    if (ms - last > GAP_MS) context.moveTo(x(ms), y);
    else context.lineTo(x(ms), y);
    last = ms;
  }
  context.stroke();
}

/**
 * Speech from onset to offset, what it took to know of its end, and the moments t1 and t2.
 * @param {Frame} frame
 * @param {readonly Speech[]} speeches
 */
export function drawSpeeches(frame, speeches) {
  const { context, caller, toMs, fromMs, offsetMs, x, colour } = frame;
  const solid = colour('--caller');
  const text = colour('--text');
  let labelEnd = -Infinity;
  /** @param {number} nodeMs @param {string} name */
  const moment = (nodeMs, name) => {
    const at = x(nodeMs + offsetMs);
    context.fillStyle = solid;
    context.fillRect(at - 0.5, caller.top + 13, 1, caller.bottom - caller.top - 13);
    if (at - 8 < labelEnd) return;
    context.fillStyle = text;
    label(context, name, at, caller.top + 7, 'center');
    labelEnd = at + 9;
  };
  for (const speech of speeches) {
    const startMs = speech.onsetMs + offsetMs;
    const endMs = speech.offsetMs === null ? toMs : speech.offsetMs + offsetMs;
    const knownMs = speech.t2Ms === null ? endMs : speech.t2Ms + offsetMs;
    if (knownMs < fromMs || startMs > toMs) continue;
    span(frame, caller, startMs, endMs, solid, speech.dropped ? 0.06 : 0.2);
    if (speech.dropped) hatch(frame, caller, startMs, endMs, colour('--muted'));
    if (knownMs > endMs) hatch(frame, caller, endMs, knownMs, solid);
    moment(speech.t1Ms, 't1');
    if (speech.t2Ms !== null) moment(speech.t2Ms, 't2');
  }
}

/**
 * @param {Frame} frame
 * @param {readonly Reply[]} replies
 */
export function drawReplies(frame, replies) {
  const { robot, toMs, fromMs, offsetMs, colour } = frame;
  for (const reply of replies) {
    const startMs = reply.startMs + offsetMs;
    const endMs = reply.endMs === null ? toMs : reply.endMs + offsetMs;
    if (endMs < fromMs || startMs > toMs) continue;
    span(frame, robot, startMs, endMs, colour('--robot'), 0.2);
  }
}

/**
 * Where a reply was cut off: a line through its end, how long that took since the caller's first voiced frame
 * (which is joined to it by the dashed line), and how much of the reply was heard.
 * @param {Frame} frame
 * @param {readonly Reply[]} replies
 * @param {readonly Decision[]} decisions
 */
export function drawBargeIn(frame, replies, decisions) {
  const { context, caller, robot, fromMs, toMs, offsetMs, widthPx, x, colour } = frame;
  const red = colour('--cut');
  // Newest first: where cuts are close together, the older ones go without words.
  let freeUntilPx = widthPx;
  for (const { cut, bargeIn, endMs } of replies.toReversed()) {
    if (!cut || endMs === null || endMs + offsetMs < fromMs || endMs + offsetMs > toMs) continue;
    const at = x(endMs + offsetMs);
    context.fillStyle = context.strokeStyle = red;
    context.fillRect(at - 1, robot.top, 2, robot.bottom - robot.top);
    cross(context, at, robot.bottom - BAR_PX / 2);
    if (bargeIn) {
      const { fromMs: voiceMs, silentMs } = voiceThatCut(decisions, bargeIn);
      const voice = x(voiceMs + offsetMs);
      const silent = x(silentMs + offsetMs);
      context.lineWidth = 1.5;
      context.setLineDash([3, 3]);
      context.beginPath();
      context.moveTo(voice, caller.top + 13);
      context.lineTo(voice, robot.top - 4);
      context.lineTo(silent, robot.top - 4);
      context.lineTo(silent, robot.top);
      context.stroke();
      context.setLineDash([]);
    }
    freeUntilPx = cutWords(frame, at, freeUntilPx, cutLines(bargeIn));
  }
}

/** @param {Reply['bargeIn']} bargeIn */
function cutLines(bargeIn) {
  if (!bargeIn) return { full: ['cut off'], short: ['cut'] };
  const stopMs = `${Math.round(bargeIn.stopMs)} ms`;
  return { full: [`cut in ${stopMs}`, `heard ${(bargeIn.heardMs / 1000).toFixed(2)} s`], short: [stopMs] };
}

/**
 * Writes beside a cut what fits between it and the next one's words.
 * @param {Frame} frame
 * @param {number} at
 * @param {number} freeUntilPx
 * @param {{ full: string[], short: string[] }} lines
 * @returns {number} where the free room ends now
 */
function cutWords({ context, robot, widthPx, colour }, at, freeUntilPx, { full, short }) {
  context.font = SMALL_FONT;
  /** @param {string[]} texts */
  const widthOf = (texts) => Math.max(...texts.map((text) => context.measureText(text).width)) + 12;
  const onEdge = freeUntilPx === widthPx && at + widthOf(full) > widthPx;
  const texts = onEdge || at + widthOf(full) <= freeUntilPx ? full : at + widthOf(short) <= freeUntilPx ? short : [];
  context.lineWidth = 4;
  context.lineJoin = 'round';
  context.strokeStyle = colour('--lane');
  texts.forEach((text, line) => {
    const y = robot.top + 9 + line * 13;
    const px = onEdge ? at - 7 : at + 7;
    context.textAlign = onEdge ? 'right' : 'left';
    context.textBaseline = 'middle';
    // A rim in the lane's colour keeps the words readable over the level.
    context.strokeText(text, px, y);
    context.fillText(text, px, y);
  });
  return onEdge ? at - widthOf(full) : at - 4;
}

/**
 * @param {Frame} frame
 * @param {Lane} lane
 * @param {number} startMs page time
 * @param {number} endMs
 * @param {string} colour
 * @param {number} alpha of the area over the bar
 */
function span({ context, widthPx, x }, lane, startMs, endMs, colour, alpha) {
  const left = Math.max(-2, x(startMs));
  const width = Math.max(1, Math.min(widthPx + 2, x(endMs)) - left);
  context.fillStyle = colour;
  context.globalAlpha = alpha;
  context.fillRect(left, lane.top, width, lane.bottom - lane.top);
  context.globalAlpha = alpha < 0.1 ? 0.35 : 1;
  context.fillRect(left, lane.bottom - BAR_PX, width, BAR_PX);
  context.globalAlpha = 1;
}

/**
 * Hatching over a part of the lane: time in which nothing was known yet, or speech that did not count.
 * @param {Frame} frame
 * @param {Lane} lane
 * @param {number} startMs
 * @param {number} endMs
 * @param {string} colour
 * @param {number} [alpha]
 */
export function hatch({ context, widthPx, x }, lane, startMs, endMs, colour, alpha = 0.4) {
  const left = Math.max(0, x(startMs));
  const right = Math.min(widthPx, x(endMs));
  if (right <= left) return;
  const height = lane.bottom - lane.top;
  context.save();
  context.beginPath();
  context.rect(left, lane.top, right - left, height);
  context.clip();
  context.strokeStyle = colour;
  context.globalAlpha = alpha;
  context.lineWidth = 1;
  context.beginPath();
  // The pattern hangs on the span's true start, so that it moves with it.
  for (let at = x(startMs) - height; at < right; at += 6) {
    context.moveTo(at, lane.bottom);
    context.lineTo(at + height, lane.top);
  }
  context.stroke();
  context.restore();
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {string} text
 * @param {number} x
 * @param {number} y
 * @param {CanvasTextAlign} align
 */
function label(context, text, x, y, align) {
  context.font = SMALL_FONT;
  context.textAlign = align;
  context.textBaseline = 'middle';
  context.fillText(text, x, y);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {number} x
 * @param {number} y
 */
function cross(context, x, y) {
  context.lineWidth = 2;
  context.beginPath();
  context.moveTo(x - 4, y - 4);
  context.lineTo(x + 4, y + 4);
  context.moveTo(x + 4, y - 4);
  context.lineTo(x - 4, y + 4);
  context.stroke();
}
