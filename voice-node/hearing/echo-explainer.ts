import type { EchoBands } from '../dsp/echo-bands.js';
import type { FarSpectra } from '../dsp/echo-far.js';
import { EchoJudge } from '../dsp/echo-judge.js';
import { EchoPath } from '../dsp/echo-path.js';
import type { RealFft } from '../dsp/fft.js';
import type { AlignmentChange, EchoAlignment } from './echo-alignment.js';
import { EchoFit } from './echo-fit.js';
import { EchoMemory } from './echo-memory.js';

/** 200 ms of filter: a room's response behind a delay that is known to a frame. */
export const PARTITIONS = 5;
/** Power gain that an echo's path may have when its delay was just found, and that it may have changed by when it moved. */
const FOUND_GAIN = 0.15;
const MOVED_GAIN = 0.05;
/** Frames gone through again once the delay is found: the filter begins with what it would have learned from them. */
const PAST_FRAMES = 20;
const REVIEW_DB = 4;
/** The filter is turned by a drifting clock in steps of this many samples, or more: 14 degrees at 3 kHz. */
const LEAST_TURN = 0.1;
/** -15 dB, the most in each band; a mean of some -20 dB. */
const FAINT_GAIN = 0.03;
/** A delay may jump by this much. */
const JUMP_FRAMES = 3;

/**
 * Says how much more a frame holds than the robot's own voice explains. Once the delay is known the filter takes away
 * what it can, and what it leaves is judged; where the filter has just proved wrong, the frame as it came is.
 */
export class EchoExplainer {
  /** The filter's estimate of the echo, pre-emphasised; zeros before the delay is known. */
  readonly estimate: Float64Array;
  readonly fit = new EchoFit();
  private readonly alignment: EchoAlignment;
  private readonly far: FarSpectra;
  private readonly bands: EchoBands;
  private readonly noise: Float64Array;
  private readonly path: EchoPath;
  private readonly judge: EchoJudge;
  private readonly rawJudge: EchoJudge;
  private readonly memory: EchoMemory;
  private readonly left: Float64Array;
  private readonly played: Float64Array;
  private readonly longAgo: Float64Array;
  private readonly unknown: Float64Array;
  /** By how much the clocks have drifted since the filter was last turned, in samples. */
  private owed = 0;

  /** `noise`: energy of the line's noise by bands, kept up by its owner. */
  constructor(fft: RealFft, far: FarSpectra, bands: EchoBands, frameSamples: number, alignment: EchoAlignment, noise: Float64Array) {
    this.alignment = alignment;
    this.far = far;
    this.bands = bands;
    this.noise = noise;
    this.path = new EchoPath(fft, far, frameSamples, PARTITIONS);
    this.judge = new EchoJudge(bands.count);
    this.rawJudge = new EchoJudge(bands.count);
    this.memory = new EchoMemory(PAST_FRAMES, frameSamples, bands.count);
    this.estimate = new Float64Array(frameSamples);
    this.left = new Float64Array(bands.count);
    this.played = new Float64Array(bands.count);
    this.longAgo = new Float64Array(bands.count);
    this.unknown = new Float64Array(bands.count);
  }

  /** A near frame came, and the alignment with it; to be called even if nothing is played. */
  next(change: AlignmentChange): void {
    this.owed += this.alignment.driftPerFrame;
    this.follow(change);
  }

  /** The alignment has changed. */
  follow(change: AlignmentChange): void {
    if (change === 'none') return;
    if (change === 'moved') {
      this.path.shift(this.alignment.shiftSamples);
      this.path.doubt(MOVED_GAIN);
      this.fit.excuse();
      return;
    }
    this.path.begin(FOUND_GAIN);
    this.owed = 0;
    this.fit.reset();
    this.estimate.fill(0);
    if (change === 'found') {
      this.judge.begin();
      this.rawJudge.begin();
      this.review();
    } else {
      this.judge.reset();
      this.rawJudge.reset();
    }
  }

  /** Excess of the next frame, pre-emphasised and by bands, in dB: see `EchoJudge`. */
  excessDb(near: Float64Array, bands: Float64Array): number {
    if (this.alignment.found) return this.filteredExcessDb(this.alignment.filterFrame, near, bands);
    this.memory.push(near, bands);
    const { newest, reachFrames } = this.alignment;
    this.played.fill(0);
    this.longAgo.fill(0);
    for (let frame = newest - reachFrames; frame <= newest; frame++) this.raise(this.played, frame);
    this.raise(this.longAgo, newest - reachFrames);
    return this.rawJudge.boundedExcessDb(bands, this.played, this.longAgo, this.noise);
  }

  /** Whether the echo is known to be faint: what the filter may leave of it is no speech to a detector. */
  get faint(): boolean {
    return this.fit.fitted && this.rawJudge.meanGain < FAINT_GAIN;
  }

  /** Learns from the frame last asked about; `echo`: nobody speaks in it or just before. */
  learn(bands: Float64Array, echo: boolean): void {
    if (!this.alignment.found) return;
    if (echo) this.path.hasten(this.bands, this.left, this.unknown, this.noise);
    this.path.learn();
    this.judge.learn(this.left, this.noise, echo);
    this.rawJudge.learn(bands, this.noise, echo);
  }

  /** Nothing is played: frames that are not shown here are missing from the memory. */
  rest(): void {
    this.memory.clear();
  }

  reset(): void {
    this.owed = 0;
    this.path.begin(FOUND_GAIN);
    this.judge.reset();
    this.rawJudge.reset();
    this.memory.clear();
    this.fit.reset();
    this.estimate.fill(0);
  }

  /** The delay was just found: the frames that gave it away are gone through again, now with the filter. */
  private review(): void {
    const { memory } = this;
    for (let back = memory.length; back > 0; back--) {
      const bands = memory.bandsOf(back);
      this.learn(bands, this.filteredExcessDb(this.alignment.filterFrame - back, memory.frame(back), bands) < REVIEW_DB);
    }
    memory.clear();
  }

  private filteredExcessDb(frame: number, near: Float64Array, bands: Float64Array): number {
    const { path, fit, played, noise } = this;
    if (Math.abs(this.owed) >= LEAST_TURN) {
      path.turn(this.owed);
      this.owed = 0;
    }
    path.cancel(frame, near, this.estimate);
    path.unknown(this.bands, this.unknown);
    fit.push(near, this.estimate);
    this.bands.measure(path.errorRe, path.errorIm, 0, 1, this.left, 0);
    played.fill(0);
    for (let at = frame - 1; at <= frame + 1; at++) this.raise(played, at);
    const excessDb = this.judge.excessDb(this.left, played, noise, this.unknown);
    // What a jitter buffer may do before the search has seen it.
    for (let at = frame - JUMP_FRAMES; at <= frame + JUMP_FRAMES; at++) this.raise(played, at);
    const rawExcessDb = this.rawJudge.excessDb(bands, played, noise);
    if (fit.mostlyEcho) return 0;
    return fit.unsure ? Math.min(excessDb, rawExcessDb) : excessDb;
  }

  /** The most of each band: of what is there and of a far frame. */
  private raise(most: Float64Array, frame: number): void {
    const slot = this.far.slotOf(frame);
    if (slot < 0) return;
    const { bandEnergy } = this.far;
    for (let b = 0, from = slot * most.length; b < most.length; b++) {
      const energy = bandEnergy[from + b] as number;
      if (energy > (most[b] as number)) most[b] = energy;
    }
  }
}
