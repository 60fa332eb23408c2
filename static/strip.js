// @ts-check

import { FLOOR_DBFS } from './level.js';
import { EMPTY_CALL } from './call-model.js';
import { Runs } from './runs.js';
import { Trace } from './trace.js';
import { drawDecisions, drawFrames, drawHolds } from './strip-hearing.js';
import { drawAxis, drawBargeIn, drawLevel, drawProbability, drawReplies, drawSpeeches } from './strip-lanes.js';

/** @import { CallModel } from './call-model.js' */

/**
 * Consecutive frames as the node tells them. An older one tells the probabilities alone.
 * @typedef {{ atMs: number, frameMs: number, p: readonly number[], gate?: readonly number[], reasons?: readonly string[] }} HeardFrames
 */

/** Width of the window in ms: wide screens show more of the past. */
const WINDOW_MS = { wide: 24_000, narrow: 12_000, narrowBelowPx: 560 };

/** Points kept: more than 24 s of pictures at 120 Hz, and of detector frames of 10 ms. */
const KEPT_POINTS = 3000;

/** Runs kept: as many as there can be frames of 20 ms in 24 s. */
const KEPT_RUNS = 1200;

/** Height of the lane between caller and robot, and what is around each lane. */
const HEARING_PX = 40;
const MARGIN_PX = 4;

/**
 * Where things are on the canvas, in CSS pixels, and how time maps onto it.
 * @typedef {object} Frame
 * @property {CanvasRenderingContext2D} context
 * @property {number} widthPx
 * @property {{ top: number, bottom: number }} caller the caller's lane
 * @property {{ top: number, bottom: number }} hearing what was made of what the caller's line brought
 * @property {{ top: number, bottom: number }} robot the robot's lane
 * @property {number} axisPx top of the time axis
 * @property {number} fromMs page time at the left edge
 * @property {number} toMs page time at the right edge
 * @property {number} offsetMs page time minus node time
 * @property {(pageMs: number) => number} x
 * @property {(name: string) => string} colour value of a CSS variable
 */

/**
 * The live strip: the last seconds of a call, drawn on a canvas. Levels come on the page's clock, spans on the
 * node's; `offsetMs` joins them.
 */
export class Strip {
  #canvas;
  #context;
  #callerLevel = new Trace(KEPT_POINTS);
  #robotLevel = new Trace(KEPT_POINTS);
  #probability = new Trace(KEPT_POINTS);
  /** @type {Runs<string>} */
  #reasons = new Runs(KEPT_RUNS);
  /** @type {Runs<1>} */
  #gate = new Runs(KEPT_RUNS);
  /** Whether the node tells more than probabilities; null until it has told anything. */
  /** @type {boolean | null} */
  #tellsReasons = null;
  /** @type {Map<string, string>} */
  #colours = new Map();

  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    const context = canvas.getContext('2d');
    if (!context) throw new Error('expected a 2d canvas context, got none');
    this.#canvas = canvas;
    this.#context = context;
    // Sizes are read when they change, never in the loop: reading them there would force layout per picture.
    new ResizeObserver(() => this.#resize()).observe(canvas);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#colours.clear());
    this.#resize();
  }

  /** Called after each resize; the owner draws again where no loop runs. */
  onresize = () => {};

  clear() {
    for (const trace of [this.#callerLevel, this.#robotLevel, this.#probability, this.#reasons, this.#gate]) trace.clear();
    this.#tellsReasons = null;
  }

  /**
   * @param {number} nowMs page time
   * @param {number} callerDbfs
   * @param {number} robotDbfs
   */
  pushLevels(nowMs, callerDbfs, robotDbfs) {
    this.#callerLevel.push(nowMs, Math.max(callerDbfs, FLOOR_DBFS));
    this.#robotLevel.push(nowMs, Math.max(robotDbfs, FLOOR_DBFS));
  }

  /** @param {HeardFrames} frames */
  pushFrames({ atMs, frameMs, p, gate, reasons }) {
    this.#tellsReasons = reasons !== undefined;
    p.forEach((value, i) => {
      const startMs = atMs + i * frameMs;
      this.#probability.push(startMs, value);
      const reason = reasons?.[i] ?? 'silence';
      this.#gate.push(startMs, startMs + frameMs, gate?.[i] === 1 ? 1 : null);
      this.#reasons.push(startMs, startMs + frameMs, reason === 'silence' ? null : reason);
    });
  }

  /**
   * @param {CallModel} model
   * @param {number} nowMs page time at the right edge
   * @param {number | null} offsetMs page time minus node time; null while it is unknown
   */
  draw(model, nowMs, offsetMs) {
    const frame = this.#frame(nowMs, offsetMs ?? 0);
    const { context, widthPx, axisPx } = frame;
    const spans = offsetMs === null ? EMPTY_CALL : model;
    context.clearRect(0, 0, widthPx, axisPx + 20);
    drawAxis(frame);
    drawSpeeches(frame, spans.speeches);
    drawReplies(frame, spans.replies);
    drawLevel(frame, this.#callerLevel, frame.caller, '--caller-level');
    drawLevel(frame, this.#robotLevel, frame.robot, '--robot-level');
    drawProbability(frame, this.#probability);
    drawFrames(frame, this.#reasons.all, this.#gate.all, this.#tellsReasons);
    drawHolds(frame, spans.decisions);
    drawBargeIn(frame, spans.replies, spans.decisions);
    drawDecisions(frame, spans.decisions);
  }

  /**
   * @param {number} nowMs
   * @param {number} offsetMs
   * @returns {Frame}
   */
  #frame(nowMs, offsetMs) {
    const scale = window.devicePixelRatio || 1;
    const widthPx = this.#canvas.width / scale;
    const heightPx = this.#canvas.height / scale;
    const windowMs = widthPx < WINDOW_MS.narrowBelowPx ? WINDOW_MS.narrow : WINDOW_MS.wide;
    const axisPx = heightPx - 20;
    const hearingPx = Math.round((axisPx - HEARING_PX) * 0.56);
    const robotPx = hearingPx + HEARING_PX;
    const fromMs = nowMs - windowMs;
    return {
      context: this.#context,
      widthPx,
      caller: { top: MARGIN_PX, bottom: hearingPx - MARGIN_PX },
      hearing: { top: hearingPx, bottom: robotPx },
      robot: { top: robotPx + MARGIN_PX, bottom: axisPx - MARGIN_PX },
      axisPx,
      fromMs,
      toMs: nowMs,
      offsetMs,
      x: (pageMs) => ((pageMs - fromMs) / windowMs) * widthPx,
      colour: (name) => this.#colour(name),
    };
  }

  /** @param {string} name */
  #colour(name) {
    let value = this.#colours.get(name);
    if (value === undefined) {
      value = getComputedStyle(this.#canvas).getPropertyValue(name).trim() || 'gray';
      this.#colours.set(name, value);
    }
    return value;
  }

  #resize() {
    const scale = window.devicePixelRatio || 1;
    const { clientWidth, clientHeight } = this.#canvas;
    this.#canvas.width = Math.max(1, Math.round(clientWidth * scale));
    this.#canvas.height = Math.max(1, Math.round(clientHeight * scale));
    this.#context.setTransform(scale, 0, 0, scale, 0, 0);
    this.onresize();
  }
}
