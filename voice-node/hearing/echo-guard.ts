import { FRAME_MS, type CallRateHz } from '../domain/audio.js';
import { VoiceNodeError } from '../domain/errors.js';
import { EchoBands } from '../dsp/echo-bands.js';
import { FarSpectra, PRE_EMPHASIS } from '../dsp/echo-far.js';
import { EchoJudge } from '../dsp/echo-judge.js';
import { EchoPath } from '../dsp/echo-path.js';
import { RealFft } from '../dsp/fft.js';
import { EchoAlignment, type AlignmentChange } from './echo-alignment.js';
import { DEFAULT_ECHO, EchoGate, type EchoOptions } from './echo-gate.js';
import { PlayedSound } from './echo-played.js';

/** 200 ms of filter: a room's response behind a delay that is known to a frame. */
const PARTITIONS = 5;
/** Power gain that an echo's path may have when its delay was just found, and that it may have changed by when it moved. */
const FOUND_GAIN = 0.15;
const MOVED_GAIN = 0.05;
/** How much of the older frames counts in figures of some 0.2 s, and in those that have to follow within a frame or two. */
const SLOW = 0.9;
const QUICK = 0.5;
/** The filter helps where it takes away 1.5 dB; it fits where its estimate is in the frame with at least this factor. */
const HELPS = 0.7;
const FITS = 0.4;
/** It has fitted once it took away 6 dB. */
const FITTED = 0.25;
/** Frames gone through again once the delay is found: the filter begins with what it would have learned from them. */
const PAST_FRAMES = 20;
const REVIEW_DB = 4;
/** Less than this share of a frame estimated to be echo: either it is something else, or the delay has just changed. */
const ESTIMATED = 0.25;
/** What the filter takes away 7 dB of is echo: whoever speaks below that is not heard in this frame. */
const MOSTLY_ECHO = 0.2;
/** A delay may jump by this much. */
const JUMP_FRAMES = 3;
/** The share of a frame over which its edges are faded: steps there would correlate with steps at the far end's. */
const EDGE = 0.2;

/** What became of a frame. One object for all of them: valid until the next call. */
export interface EchoView {
  /** The frame without the echo, as far as it can be removed; comfort noise where there is nothing else in it. */
  readonly clean: Int16Array;
  /** The frame is louder than the line's noise, and the robot's own voice explains it. */
  readonly echo: boolean;
  /** The robot's sound could be in it at all. Where not, `clean` is the frame, bit for bit. */
  readonly active: boolean;
  /** How much later than it was handed to the wire the robot's voice is heard here; undefined until it was found. */
  readonly delayMs: number | undefined;
  /** How much the filter takes away, over the last 0.2 s. */
  readonly erleDb: number;
  /** How far the frame exceeds what the robot's voice explains, mean over the bands, 0 to 12 dB. */
  readonly excessDb: number;
  /** How sure the delay is: the correlation's peak against what chance makes of it. */
  readonly certainty: number;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * Tells the robot's own voice, come back through the caller's loudspeaker or line, from the caller. A linear filter
 * cannot do that alone: what it leaves is still speech to a detector at -50 dBov. So it works in three steps: the
 * delay is found by correlation, a filter takes away what it can, and what is left is held against what an echo of
 * what was played could leave. Frames that hold no more are replaced by comfort noise; of the others the filter's
 * remainder passes. Before the delay is known loud frames pass: an echo of more than -8 dB is not reckoned with.
 *
 * Both streams are counted in samples; see `StreamLead`. Costs next to nothing while the robot is silent; allocates
 * nothing after construction. One instance guards one call.
 */
export class EchoGuard {
  private readonly rateHz: CallRateHz;
  private readonly frameSamples: number;
  private readonly fft: RealFft;
  private readonly bands: EchoBands;
  private readonly far: FarSpectra;
  private readonly sound: PlayedSound;
  private readonly alignment: EchoAlignment;
  private readonly path: EchoPath;
  /** By what the filter leaves, and by the frame as it came: the latter needs no filter that fits. */
  private readonly judge: EchoJudge;
  private readonly rawJudge: EchoJudge;
  private readonly gate: EchoGate;
  private readonly near: Float64Array;
  private readonly estimate: Float64Array;
  private readonly window: Float64Array;
  private readonly edge: Float64Array;
  private readonly nearRe: Float64Array;
  private readonly nearIm: Float64Array;
  private readonly nearBands: Float64Array;
  private readonly leftBands: Float64Array;
  private readonly playedBands: Float64Array;
  private readonly oldBands: Float64Array;
  private readonly unknownBands: Float64Array;
  /** The last frames and their bands, for the moment the delay is found. */
  private readonly pastNear: readonly Float64Array[];
  private readonly pastBands: readonly Float64Array[];
  private pastFrames = 0;
  private readonly view: Writable<EchoView>;
  private lastSample = 0;
  private nearPower = 0;
  private leftPower = 0;
  private cross = 0;
  private estimatePower = 0;
  private fitted = false;

  /** `rateHz`: the call's. */
  constructor(rateHz: CallRateHz, changes: Partial<EchoOptions> = {}) {
    const options = { ...DEFAULT_ECHO, ...changes };
    const frame = (rateHz * FRAME_MS) / 1000;
    this.rateHz = rateHz;
    this.frameSamples = frame;
    this.fft = new RealFft(rateHz === 8000 ? 512 : 1024);
    const { size, bins } = this.fft;
    this.bands = new EchoBands(rateHz, size);
    this.far = new FarSpectra(this.fft, this.bands, frame);
    this.sound = new PlayedSound(this.far, rateHz);
    this.alignment = new EchoAlignment(this.fft, this.far, frame, rateHz, options);
    this.path = new EchoPath(this.fft, this.far, frame, PARTITIONS);
    const { count } = this.bands;
    this.judge = new EchoJudge(count);
    this.rawJudge = new EchoJudge(count);
    this.gate = new EchoGate(frame, size, this.bands, options);
    this.near = new Float64Array(frame);
    this.estimate = new Float64Array(frame);
    this.window = new Float64Array(size);
    this.edge = fadedEdges(frame);
    this.nearRe = new Float64Array(bins);
    this.nearIm = new Float64Array(bins);
    this.nearBands = new Float64Array(count);
    this.leftBands = new Float64Array(count);
    this.playedBands = new Float64Array(count);
    this.oldBands = new Float64Array(count);
    this.unknownBands = new Float64Array(count);
    this.pastNear = Array.from({ length: PAST_FRAMES }, () => new Float64Array(frame));
    this.pastBands = Array.from({ length: PAST_FRAMES }, () => new Float64Array(count));
    this.view = { clean: new Int16Array(frame), echo: false, active: false, delayMs: undefined, erleDb: 0, excessDb: 0, certainty: 0 };
  }

  /** What the robot plays: the next piece handed to the wire, int16 at 48 kHz, borrowed, at most 10 ms, silence included. */
  played(frame: Int16Array): void {
    this.sound.push(frame);
  }

  /**
   * Takes the caller's next 20 ms at the call's rate, borrowed, and says what of it is echo. Throws
   * `argument_invalid` for another length.
   */
  hear(frame: Int16Array): EchoView {
    const { view, gate, frameSamples } = this;
    if (frame.length !== frameSamples) {
      throw new VoiceNodeError('argument_invalid', `echo guard: expected ${frameSamples} samples at ${this.rateHz} Hz, got ${frame.length}`);
    }
    this.follow(this.alignment.next());
    const power = this.load(frame);
    gate.hearLevel(power / frameSamples);
    view.active = this.alignment.newest - this.far.lastLoudFrame <= this.alignment.reachFrames + 2 * PARTITIONS;
    if (!view.active) {
      gate.rest();
      view.clean.set(frame);
      view.echo = false;
      view.excessDb = 0;
      return view;
    }
    const rms = Math.sqrt(power / frameSamples);
    this.analyse(rms);
    const excessDb = this.alignment.found ? this.judgeFiltered(this.alignment.filterFrame, this.near, this.nearBands) : this.judgeUnknown(power);
    const more = gate.decide(excessDb, this.misfits);
    gate.hearBands(this.nearBands);
    if (!more && this.alignment.found) this.learn(this.nearBands);
    gate.write(frame, this.estimate, this.leftPower < HELPS * this.nearPower, rms, view.clean);
    view.echo = !gate.open && rms > 2 * gate.floorRms;
    view.delayMs = this.alignment.found ? (this.alignment.delaySamples * 1000) / this.rateHz : undefined;
    view.erleDb = 10 * Math.log10((this.nearPower + 1) / (this.leftPower + 1));
    view.excessDb = excessDb;
    view.certainty = this.alignment.certainty;
    return view;
  }

  /** Back to the state of a new instance. */
  reset(): void {
    this.sound.reset();
    this.far.reset();
    this.alignment.reset();
    this.path.begin(FOUND_GAIN);
    this.judge.reset();
    this.rawJudge.reset();
    this.gate.reset();
    this.view.delayMs = undefined;
    this.view.erleDb = 0;
    this.view.certainty = 0;
    this.pastFrames = 0;
    this.lastSample = 0;
    this.forgetFit();
  }

  private forgetFit(): void {
    this.fitted = false;
    this.nearPower = 0;
    this.leftPower = 0;
    this.cross = 0;
    this.estimatePower = 0;
  }

  /** Whether the filter took the echo away until now and does not any more: the path has changed, or the delay. */
  private get misfits(): boolean {
    return this.fitted && this.cross < FITS * this.estimatePower;
  }

  /** Takes the frame over, pre-emphasised; returns its energy as it came. */
  private load(frame: Int16Array): number {
    let power = 0;
    let last = this.lastSample;
    for (let i = 0; i < this.frameSamples; i++) {
      const x = frame[i] as number;
      this.near[i] = x - PRE_EMPHASIS * last;
      last = x;
      power += x * x;
    }
    this.lastSample = last;
    return power;
  }

  /** The near frame's spectrum, and what the search for the delay makes of it. */
  private analyse(rms: number): void {
    const { window, near, edge, fft, gate, frameSamples } = this;
    const at = fft.size - frameSamples;
    for (let i = 0; i < frameSamples; i++) window[at + i] = (near[i] as number) * (edge[i] as number);
    fft.forward(window, this.nearRe, this.nearIm);
    this.bands.measure(this.nearRe, this.nearIm, 0, 1, this.nearBands, 0);
    if (rms < 1.5 * gate.floorRms) return;
    this.follow(this.alignment.look(this.nearRe, this.nearIm, gate.floorRms * Math.sqrt(frameSamples), this.misfits));
  }

  private follow(change: AlignmentChange): void {
    if (change === 'none') return;
    if (change === 'moved') {
      this.path.shift(this.alignment.shiftSamples);
      this.path.doubt(MOVED_GAIN);
      this.cross = this.estimatePower;
      return;
    }
    this.path.begin(FOUND_GAIN);
    this.forgetFit();
    if (change === 'found') {
      this.judge.begin();
      this.rawJudge.begin();
      this.review();
    } else {
      this.judge.reset();
      this.rawJudge.reset();
    }
  }

  private judgeUnknown(power: number): number {
    this.remember();
    this.estimate.fill(0);
    this.nearPower = SLOW * this.nearPower + power;
    this.leftPower = this.nearPower;
    const { newest, reachFrames } = this.alignment;
    this.playedBands.fill(0);
    this.oldBands.fill(0);
    for (let frame = newest - reachFrames; frame <= newest; frame++) this.raise(this.playedBands, frame);
    this.raise(this.oldBands, newest - reachFrames);
    return this.rawJudge.boundedExcessDb(this.nearBands, this.playedBands, this.oldBands, this.gate.noise);
  }

  /** Keeps what is needed to go back to it when the delay is found. */
  private remember(): void {
    const slot = this.pastFrames++ % PAST_FRAMES;
    (this.pastNear[slot] as Float64Array).set(this.near);
    (this.pastBands[slot] as Float64Array).set(this.nearBands);
  }

  /** The delay was just found: the frames that gave it away are gone through again, now with the filter. */
  private review(): void {
    const { alignment, pastFrames } = this;
    for (let back = Math.min(pastFrames, PAST_FRAMES); back > 0; back--) {
      const slot = (pastFrames - back) % PAST_FRAMES;
      const bands = this.pastBands[slot] as Float64Array;
      if (this.judgeFiltered(alignment.filterFrame - back, this.pastNear[slot] as Float64Array, bands) < REVIEW_DB) this.learn(bands);
    }
    this.pastFrames = 0;
  }

  private learn(nearBands: Float64Array): void {
    this.judge.learn(this.leftBands, this.gate.noise);
    this.rawJudge.learn(nearBands, this.gate.noise);
  }

  private judgeFiltered(frame: number, near: Float64Array, nearBands: Float64Array): number {
    const { path, estimate, frameSamples } = this;
    path.cancel(frame, near, estimate);
    path.unknown(this.bands, this.unknownBands);
    path.learn();
    let power = 0;
    let left = 0;
    let cross = 0;
    let estimated = 0;
    for (let i = 0; i < frameSamples; i++) {
      const y = near[i] as number;
      const d = estimate[i] as number;
      power += y * y;
      left += (y - d) * (y - d);
      cross += y * d;
      estimated += d * d;
    }
    this.nearPower = SLOW * this.nearPower + power;
    this.leftPower = SLOW * this.leftPower + left;
    this.cross = QUICK * this.cross + cross;
    this.estimatePower = QUICK * this.estimatePower + estimated;
    if (this.leftPower < FITTED * this.nearPower) this.fitted = true;
    this.bands.measure(path.errorRe, path.errorIm, 0, 1, this.leftBands, 0);
    this.playedBands.fill(0);
    for (let at = frame - 1; at <= frame + 1; at++) this.raise(this.playedBands, at);
    const excessDb = this.judge.excessDb(this.leftBands, this.playedBands, this.gate.noise, this.unknownBands);
    // What a jitter buffer may do before the search has seen it.
    for (let at = frame - JUMP_FRAMES; at <= frame + JUMP_FRAMES; at++) this.raise(this.playedBands, at);
    const rawExcessDb = this.rawJudge.excessDb(nearBands, this.playedBands, this.gate.noise);
    if (left < MOSTLY_ECHO * power) return 0;
    const unsure = this.fitted && (this.misfits || cross < FITS * estimated || estimated < ESTIMATED * power);
    return unsure ? Math.min(excessDb, rawExcessDb) : excessDb;
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

/** A window that is flat but for raised cosines at both ends. */
function fadedEdges(length: number): Float64Array {
  const ramp = length * EDGE;
  return Float64Array.from({ length }, (_, i) => 0.5 - 0.5 * Math.cos(Math.PI * Math.min(1, (i + 0.5) / ramp, (length - i - 0.5) / ramp)));
}
