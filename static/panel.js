// @ts-check

import { describeCall, EMPTY_CALL, reduce, robotLeft } from './call-model.js';
import { ClockMap } from './clock-map.js';
import { Ballistics } from './level.js';
import { Meter } from './meter.js';
import { clockText } from './status.js';
import { Strip } from './strip.js';
import { showTurns } from './turns-view.js';
import { byId, showCallFacts, showLevel, showLevelText, showTime } from './view.js';

/** @import { CallerEvent } from '../voice-node/domain/events.js' */

/** The pace of text beside the meter. */
const TEXT_EVERY_MS = 200;

/** Below one step of 16 bits there is no microphone, only zeros; a quiet room is louder. */
const DEAD_DBFS = -96;
const DEAD_FOR_MS = 6000;

/** How often the strip moves where the person asked for less motion. */
const CALM_EVERY_MS = 500;

/**
 * The instruments: meter, strip, table of turns. It draws while a call runs and stands still after it.
 */
export class Panel {
  #model = EMPTY_CALL;
  #clock = new ClockMap();
  #strip;
  #canvas = byId('strip', HTMLCanvasElement);
  #table = byId('turns', HTMLTableElement);
  #body = byId('turns-body', HTMLTableSectionElement);
  #calm = matchMedia('(prefers-reduced-motion: reduce)');
  /** @type {{ context: AudioContext, caller: Meter, robot: Meter } | null} */
  #sound = null;
  #ballistics = new Ballistics();
  #muted = false;
  #frame = 0;
  #startedMs = 0;
  #drawnMs = -Infinity;
  #textMs = -Infinity;
  #frozenMs = performance.now();
  /** When the microphone last gave more than zeros; Infinity while there is none. */
  #heardMs = Infinity;
  #lastTickMs = 0;
  #dead = false;

  /**
   * Called when the microphone gives nothing but zeros for seconds, and when it lives again.
   * @type {(dead: boolean) => void}
   */
  onDeadMicrophone = () => {};

  constructor() {
    this.#strip = new Strip(this.#canvas);
    this.#strip.onresize = () => this.#draw(this.#sound ? performance.now() : this.#frozenMs);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#strip.onresize());
    this.#strip.onresize();
  }

  /**
   * A new call begins. To be called from a click, or the browser keeps the context asleep.
   */
  start() {
    this.stop();
    const context = new AudioContext({ latencyHint: 'interactive' });
    void context.resume();
    this.#sound = { context, caller: new Meter(context), robot: new Meter(context) };
    this.#model = EMPTY_CALL;
    this.#clock = new ClockMap();
    this.#ballistics = new Ballistics();
    this.#muted = false;
    this.#strip.clear();
    this.#startedMs = performance.now();
    this.#heardMs = Infinity;
    this.#dead = false;
    this.#showTurns();
    showCallFacts(null);
    this.#frame = requestAnimationFrame(this.#tick);
  }

  /** The call is over: the picture stays as it is. */
  stop() {
    if (!this.#sound) return;
    cancelAnimationFrame(this.#frame);
    this.#frozenMs = performance.now();
    void this.#sound.context.close();
    this.#sound = null;
    this.#draw(this.#frozenMs);
    showLevel(null);
    showLevelText(null, false);
  }

  /** @param {MediaStreamTrack | null} track */
  listenToCaller(track) {
    this.#sound?.caller.listen(track);
    this.#heardMs = track === null ? Infinity : performance.now();
  }

  /** @param {MediaStreamTrack | null} track */
  listenToRobot(track) {
    this.#sound?.robot.listen(track);
  }

  /** Lets a context that the browser had put to sleep run. From a click. */
  wake() {
    void this.#sound?.context.resume();
  }

  /** @param {boolean} muted */
  setMuted(muted) {
    this.#muted = muted;
  }

  /**
   * @param {CallerEvent} event
   * @param {number} arrivedMs page time
   */
  take(event, arrivedMs) {
    this.#clock.observe(event.atMs, arrivedMs);
    if (event.type === 'vad') {
      this.#strip.pushFrames(event);
      return;
    }
    const before = this.#model;
    this.#model = reduce(before, event);
    if (this.#model.turns !== before.turns) this.#showTurns();
    if (this.#model.call !== before.call) showCallFacts(this.#model.call);
    if (before.call !== null && this.#model.call?.callId !== before.call.callId) this.#strip.clear();
    this.#canvas.setAttribute('aria-label', `Live strip. ${describeCall(this.#model)}.`);
  }

  /** Nothing more comes from the robot: what it was saying must not seem to go on. */
  robotLeft() {
    const { offsetMs } = this.#clock;
    if (offsetMs !== null) this.#model = robotLeft(this.#model, performance.now() - offsetMs);
  }

  /** Another robot goes on with the call; its clock may be another machine's. */
  robotReplaced() {
    this.robotLeft();
    this.#clock = new ClockMap();
  }

  #showTurns() {
    this.#table.hidden = this.#model.turns.length === 0;
    byId('turns-empty', HTMLElement).hidden = this.#model.turns.length > 0;
    showTurns(this.#body, byId('turns-scale', HTMLElement), this.#model.turns);
  }

  #tick = () => {
    if (!this.#sound) return;
    this.#frame = requestAnimationFrame(this.#tick);
    const nowMs = performance.now();
    const callerDbfs = this.#sound.caller.read();
    this.#strip.pushLevels(nowMs, callerDbfs, this.#sound.robot.read());
    this.#ballistics.update(callerDbfs, nowMs);
    this.#watchMicrophone(callerDbfs, nowMs);
    showLevel(this.#ballistics);
    if (nowMs - this.#textMs >= TEXT_EVERY_MS) {
      this.#textMs = nowMs;
      showLevelText(this.#ballistics, this.#muted);
      showTime(clockText(nowMs - this.#startedMs));
    }
    if (!this.#calm.matches || nowMs - this.#drawnMs >= CALM_EVERY_MS) this.#draw(nowMs);
  };

  /**
   * @param {number} levelDbfs
   * @param {number} nowMs
   */
  #watchMicrophone(levelDbfs, nowMs) {
    // A hidden tab draws no pictures: what was not measured is not silence.
    if (this.#heardMs !== Infinity && (levelDbfs > DEAD_DBFS || this.#muted || nowMs - this.#lastTickMs > 1000)) this.#heardMs = nowMs;
    this.#lastTickMs = nowMs;
    const dead = nowMs - this.#heardMs > DEAD_FOR_MS;
    if (dead !== this.#dead) this.onDeadMicrophone((this.#dead = dead));
  }

  /** @param {number} nowMs */
  #draw(nowMs) {
    this.#drawnMs = nowMs;
    this.#strip.draw(this.#model, nowMs, this.#clock.offsetMs);
  }
}
