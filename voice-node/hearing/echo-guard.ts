import { FRAME_MS, type CallRateHz } from '../domain/audio.js';
import { VoiceNodeError } from '../domain/errors.js';
import { EchoBands } from '../dsp/echo-bands.js';
import { FarSpectra, PRE_EMPHASIS } from '../dsp/echo-far.js';
import { RealFft } from '../dsp/fft.js';
import { EchoAlignment } from './echo-alignment.js';
import { EchoExplainer, PARTITIONS } from './echo-explainer.js';
import { DEFAULT_ECHO, EchoGate, type EchoOptions } from './echo-gate.js';
import { PlayedSound } from './echo-played.js';

/** The share of a frame over which its edges are faded: steps there would correlate with steps at the far end's. */
const EDGE = 0.2;
/** A frame is looked at for an echo from 3.5 dB above the line's noise on, and is called one from 6 dB on. */
const AUDIBLE = 1.5;
const LOUD = 2;

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
  private readonly explainer: EchoExplainer;
  private readonly gate: EchoGate;
  private readonly near: Float64Array;
  private readonly window: Float64Array;
  private readonly edge: Float64Array;
  private readonly nearRe: Float64Array;
  private readonly nearIm: Float64Array;
  private readonly nearBands: Float64Array;
  private readonly view: Writable<EchoView>;
  private lastSample = 0;

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
    this.gate = new EchoGate(frame, size, this.bands, options);
    this.explainer = new EchoExplainer(this.fft, this.far, this.bands, frame, this.alignment, this.gate.noise);
    this.near = new Float64Array(frame);
    this.window = new Float64Array(size);
    this.edge = fadedEdges(frame);
    this.nearRe = new Float64Array(bins);
    this.nearIm = new Float64Array(bins);
    this.nearBands = new Float64Array(this.bands.count);
    this.view = { clean: new Int16Array(frame), echo: false, active: false, delayMs: undefined, erleDb: 0, excessDb: 0, certainty: 0 };
  }

  /** What the robot plays: the next piece handed to the wire, int16 at 48 kHz, borrowed, silence included. */
  played(frame: Int16Array): void {
    this.sound.push(frame);
  }

  /**
   * Takes the caller's next 20 ms at the call's rate, borrowed, and says what of it is echo. Throws
   * `argument_invalid` for another length.
   */
  hear(frame: Int16Array): EchoView {
    const { view, gate, alignment, explainer, frameSamples } = this;
    if (frame.length !== frameSamples) {
      throw new VoiceNodeError('argument_invalid', `echo guard: expected ${frameSamples} samples at ${this.rateHz} Hz, got ${frame.length}`);
    }
    explainer.next(alignment.next());
    const power = this.load(frame) / frameSamples;
    gate.hearLevel(power);
    view.active = alignment.newest - this.far.lastLoudFrame <= alignment.reachFrames + 2 * PARTITIONS;
    if (!view.active) return this.pass(frame);
    const rms = Math.sqrt(power);
    this.analyse();
    gate.hearBands(this.nearBands);
    if (rms >= AUDIBLE * gate.floorRms) {
      const noiseInBin = gate.floorRms * Math.sqrt(frameSamples);
      explainer.follow(alignment.look(this.nearRe, this.nearIm, noiseInBin, explainer.fit.misfits));
    }
    view.excessDb = explainer.excessDb(this.near, this.nearBands);
    gate.decide(view.excessDb, explainer.fit.misfits || explainer.fit.wrong, explainer.faint);
    explainer.learn(this.nearBands, !gate.open);
    gate.write(frame, explainer.estimate, explainer.fit.helps, rms, view.clean);
    view.echo = !gate.open && rms > LOUD * gate.floorRms;
    view.delayMs = alignment.found ? (alignment.delaySamples * 1000) / this.rateHz : undefined;
    view.erleDb = explainer.fit.erleDb;
    view.certainty = alignment.certainty;
    return view;
  }

  /** Back to the state of a new instance. */
  reset(): void {
    this.sound.reset();
    this.far.reset();
    this.alignment.reset();
    this.explainer.reset();
    this.gate.reset();
    this.lastSample = 0;
    this.view.delayMs = undefined;
    this.view.erleDb = 0;
    this.view.certainty = 0;
  }

  /** Nothing that was played can be in the frame. */
  private pass(frame: Int16Array): EchoView {
    const { view } = this;
    this.gate.rest();
    this.explainer.rest();
    view.clean.set(frame);
    view.echo = false;
    view.excessDb = 0;
    return view;
  }

  /** Takes the frame over, pre-emphasised; returns its energy as it came. */
  private load(frame: Int16Array): number {
    let energy = 0;
    let last = this.lastSample;
    for (let i = 0; i < this.frameSamples; i++) {
      const x = frame[i] as number;
      this.near[i] = x - PRE_EMPHASIS * last;
      last = x;
      energy += x * x;
    }
    this.lastSample = last;
    return energy;
  }

  private analyse(): void {
    const { window, near, edge, frameSamples } = this;
    const at = window.length - frameSamples;
    for (let i = 0; i < frameSamples; i++) window[at + i] = (near[i] as number) * (edge[i] as number);
    this.fft.forward(window, this.nearRe, this.nearIm);
    this.bands.measure(this.nearRe, this.nearIm, 0, 1, this.nearBands, 0);
  }
}

/** A window that is flat but for raised cosines at both ends. */
function fadedEdges(length: number): Float64Array {
  const ramp = length * EDGE;
  return Float64Array.from({ length }, (_, i) => 0.5 - 0.5 * Math.cos(Math.PI * Math.min(1, (i + 0.5) / ramp, (length - i - 0.5) / ramp)));
}
