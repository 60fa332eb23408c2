import { EchoDelay } from '../dsp/echo-delay.js';
import { EchoDrift } from '../dsp/echo-drift.js';
import type { FarSpectra } from '../dsp/echo-far.js';
import { StreamLead, isLeap } from '../dsp/echo-lead.js';
import type { RealFft } from '../dsp/fft.js';

/** 520 ms of delays are searched, in pieces of two frames. */
const PIECES = 13;
/** Once found the search goes round in 13 frames, or in three where the delay seems to be wrong. */
const PIECES_A_FRAME = 1;
const PIECES_IN_DOUBT = 5;
/** The filter begins this long before the path's peak: what comes earlier, and a delay that shrinks. */
const LEAD_IN_S = 0.008;
/** Delays this near to one another are the same; what wandered no further is the filter's business. */
const SAME_S = 0.000_75;
const WANDER_S = 0.001_5;
/** How often in a row a delay has to be found, the first one and another one. */
const FIND_TIMES = 2;
const MOVE_TIMES = 3;

export type AlignmentChange = 'none' | 'found' | 'moved' | 'lost';

export interface AlignmentOptions {
  readonly findAt: number;
  readonly moveAt: number;
}

/** Keeps track of where in what was played the echo in the caller's stream belongs. */
export class EchoAlignment {
  /** Far frame that was newest when the present near frame came: the one of delay 0. */
  newest = 0;
  /** Whether a delay is known. */
  found = false;
  /** The delay behind `newest`, in samples. */
  delaySamples = 0;
  /** With the change `moved`: by how much the filter has to follow, in samples. */
  shiftSamples = 0;
  private readonly far: FarSpectra;
  private readonly search: EchoDelay;
  private readonly lead = new StreamLead();
  private readonly clock: EchoDrift;
  private readonly options: AlignmentOptions;
  private readonly frameSamples: number;
  private readonly leadIn: number;
  private readonly same: number;
  private readonly wander: number;
  private heard = 0;
  /** How many frames of the delay lie before the filter. */
  private back = 0;
  private candidate = 0;
  private candidates = 0;

  constructor(fft: RealFft, far: FarSpectra, frameSamples: number, rateHz: number, options: AlignmentOptions) {
    this.far = far;
    this.frameSamples = frameSamples;
    this.search = new EchoDelay(fft, far, frameSamples, rateHz, PIECES);
    this.clock = new EchoDrift(frameSamples);
    this.options = options;
    this.leadIn = LEAD_IN_S * rateHz;
    this.same = SAME_S * rateHz;
    this.wander = WANDER_S * rateHz;
  }

  /** The newest far frame that the filter's first partition works on. */
  get filterFrame(): number {
    return this.newest - this.back;
  }

  /** How far back echoes may lie, in frames. */
  get reachFrames(): number {
    return this.search.reachFrames;
  }

  /** Height of the correlation's peak over what chance makes of it. */
  get certainty(): number {
    return this.search.strength;
  }

  /** By how much the delay grows from frame to frame because the clocks differ, in samples. */
  get driftPerFrame(): number {
    return this.clock.perFrame;
  }

  /** A near frame came. */
  next(): AlignmentChange {
    const moved = this.lead.push(this.far.frames - 1 - this.heard);
    this.newest = this.heard + this.lead.frames;
    this.heard++;
    if (moved === 0) return 'none';
    this.search.clear();
    this.candidates = 0;
    // After a leap the delay behind the newest frame is what it was. A clock's drift leaves the frames where they are.
    if (!this.found || isLeap(moved)) return 'none';
    this.back += moved;
    this.delaySamples += moved * this.frameSamples;
    this.clock.jumped(moved * this.frameSamples);
    if (this.back >= 0 && this.delaySamples >= 0) return 'none';
    this.forget();
    return 'lost';
  }

  /** Looks for the echo of what was played in a near frame's spectrum. `quickly`: the known delay seems to be wrong. */
  look(re: Float64Array, im: Float64Array, noise: number, quickly: boolean): AlignmentChange {
    const { search } = this;
    search.push(this.newest, re, im, noise);
    search.look(!this.found ? PIECES : quickly ? PIECES_IN_DOUBT : PIECES_A_FRAME);
    if (search.strength < (this.found ? this.options.moveAt : this.options.findAt)) return 'none';
    const lag = search.lagSamples;
    if (this.found && Math.abs(lag - this.delaySamples) <= this.wander) return this.drift(lag);
    this.candidates = Math.abs(lag - this.candidate) <= this.same ? this.candidates + 1 : 1;
    this.candidate = lag;
    return this.candidates < (this.found ? MOVE_TIMES : FIND_TIMES) ? 'none' : this.settle(lag);
  }

  /** A clock's drift moves the path within the filter, which follows; its bounds are watched here. */
  private drift(lag: number): AlignmentChange {
    this.candidates = 0;
    this.delaySamples = lag;
    this.clock.push(this.heard, lag);
    const within = lag - this.back * this.frameSamples;
    const early = within < this.leadIn / 2 && this.back > 0;
    return early || within > 2 * this.frameSamples ? this.settle(lag) : 'none';
  }

  private settle(lag: number): AlignmentChange {
    const back = Math.max(0, Math.floor((lag - this.leadIn) / this.frameSamples));
    const change = this.found ? 'moved' : 'found';
    this.clock.jumped(lag - this.delaySamples);
    this.shiftSamples = lag - this.delaySamples - (back - this.back) * this.frameSamples;
    this.delaySamples = lag;
    this.back = back;
    this.found = true;
    this.candidates = 0;
    return change;
  }

  private forget(): void {
    this.clock.reset();
    this.found = false;
    this.back = 0;
    this.delaySamples = 0;
  }

  reset(): void {
    this.forget();
    this.lead.reset();
    this.search.clear();
    this.candidates = 0;
    this.candidate = 0;
    this.shiftSamples = 0;
    this.heard = 0;
    this.newest = 0;
  }
}
