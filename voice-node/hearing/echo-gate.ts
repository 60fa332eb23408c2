import type { EchoBands } from '../dsp/echo-bands.js';
import { ComfortNoise } from '../dsp/comfort-noise.js';
import { PRE_EMPHASIS } from '../dsp/echo-far.js';

export interface EchoOptions {
  /** Excess from which two frames in a row, or one, hold more than echo; in dB over the bands' mean, 0 to 12. */
  readonly excessDb: number;
  readonly certainDb: number;
  /** Each such frame lets this many more pass, up to the most: a word's quiet middle must not be cut out of it. */
  readonly holdFrames: number;
  readonly mostHoldFrames: number;
  /** How far the correlation has to stand out of chance for a delay to be believed, the first and another one. */
  readonly findAt: number;
  readonly moveAt: number;
}

export const DEFAULT_ECHO: EchoOptions = { excessDb: 1.2, certainDb: 3, holdFrames: 3, mostHoldFrames: 10, findAt: 7, moveAt: 9 };

/** The line's noise rises by 3 dB a second at most, and falls quickly. */
const RISE_A_FRAME = 10 ** (3 / 10 / 50);
const FALL = 0.2;
/** A faint echo needs less of an excess to be told from a voice. */
const FAINT = 0.8;
/** The gate's and the filter's fades: time constants of 1.5 and 2.5 ms at 8 kHz. */
const GATE_STEP = 0.08;
const FILTER_STEP = 0.05;
/** White noise that is uniform in -1 to 1 has an RMS of 1 / sqrt(3). */
const UNIFORM = Math.sqrt(3);

/** Decides which frames pass, and puts out what passes, or noise like the line's. */
export class EchoGate {
  /** Energy of the line's noise by bands, of one frame. */
  readonly noise: Float64Array;
  private readonly options: EchoOptions;
  private readonly bands: EchoBands;
  private readonly frameSamples: number;
  private readonly fftSize: number;
  private readonly comfort = new ComfortNoise();
  private floorPower = Infinity;
  private knowsNoise = false;
  private before = 0;
  private hold = 0;
  private opening = 1;
  private filtering = 0;
  /** The estimate's last sample with the pre-emphasis undone. */
  private echo = 0;
  /** Whether the last frame passes. */
  open = true;

  constructor(frameSamples: number, fftSize: number, bands: EchoBands, options: EchoOptions) {
    this.frameSamples = frameSamples;
    this.fftSize = fftSize;
    this.bands = bands;
    this.options = options;
    this.noise = new Float64Array(bands.count);
  }

  /** RMS of the line's noise, in int16 units; at least 1. */
  get floorRms(): number {
    return Math.sqrt(this.floorPower);
  }

  /** Takes a frame's mean square: the line's noise is followed while nothing is played, too. */
  hearLevel(power: number): void {
    // Digital silence is no floor to rise from.
    const level = Math.max(1, power);
    const risen = this.floorPower * RISE_A_FRAME;
    if (this.floorPower === Infinity) this.floorPower = level;
    else this.floorPower = level < risen ? risen + FALL * (level - risen) : risen;
  }

  /** Takes the energies of a frame while something is played. */
  hearBands(near: Float64Array): void {
    const { noise, bands } = this;
    if (!this.knowsNoise) {
      this.knowsNoise = true;
      // White, until it is known better: a bin of n samples has n times their mean square, and the pre-emphasis
      // 1 - a z^-1 has the power response 1 + a^2 - 2 a cos w.
      const inBin = this.floorRms ** 2 * this.frameSamples;
      for (let b = 0; b < bands.count; b++) {
        const from = bands.edges[b] as number;
        const to = bands.edges[b + 1] as number;
        const emphasis = 1 + PRE_EMPHASIS ** 2 - 2 * PRE_EMPHASIS * Math.cos((Math.PI * (from + to)) / this.fftSize);
        noise[b] = inBin * (to - from) * emphasis;
      }
    }
    for (let b = 0; b < bands.count; b++) {
      const risen = (noise[b] as number) * RISE_A_FRAME;
      const level = near[b] as number;
      noise[b] = Math.max(1, level < risen ? risen + FALL * (level - risen) : risen);
    }
  }

  /**
   * Opens or closes the gate for a frame with that much more than echo in it; `misfit`: the filter has just proved
   * wrong, so that what it said of the last frames was, too; `faint`: the echo is known to be.
   */
  decide(excessDb: number, misfit: boolean, faint: boolean): void {
    const { options } = this;
    const share = faint ? FAINT : 1;
    const enough = share * options.excessDb;
    const more = excessDb > share * options.certainDb || (excessDb > enough && this.before > enough);
    this.before = excessDb;
    if (more) this.hold = Math.min(options.mostHoldFrames, this.hold + options.holdFrames);
    else this.hold = misfit ? 0 : Math.max(0, this.hold - 1);
    this.open = more || this.hold > 0;
  }

  /** Nothing is played: everything passes. */
  rest(): void {
    this.open = true;
    this.before = 0;
    this.hold = 0;
    this.opening = 1;
    this.filtering = 0;
    this.echo = 0;
  }

  /** Writes the frame, less the filter's estimate (pre-emphasised) where that helps, or noise. `rms`: the frame's. */
  write(frame: Int16Array, estimate: Float64Array, helps: boolean, rms: number, out: Int16Array): void {
    const loudness = Math.min(this.floorRms, rms) * UNIFORM;
    const toOpen = this.open ? 1 : 0;
    const toFilter = helps ? 1 : 0;
    let { opening, filtering, echo } = this;
    for (let i = 0; i < out.length; i++) {
      opening += GATE_STEP * (toOpen - opening);
      filtering += FILTER_STEP * (toFilter - filtering);
      echo = (estimate[i] as number) + PRE_EMPHASIS * echo;
      const left = (frame[i] as number) - filtering * echo;
      const sample = opening * left + (1 - opening) * loudness * this.comfort.next() + 32768.5;
      // Rounds half up: what is positive is cut off downwards.
      out[i] = ((sample > 65535 ? 65535 : sample < 0 ? 0 : sample) | 0) - 32768;
    }
    this.opening = arrived(opening, toOpen);
    this.filtering = arrived(filtering, toFilter);
    this.echo = echo;
  }

  reset(): void {
    this.rest();
    this.comfort.reset();
    this.noise.fill(0);
    this.knowsNoise = false;
    this.floorPower = Infinity;
  }
}

/** A fade that is as good as over is: what remains would fall to numbers so small that processors are slow with them. */
const arrived = (value: number, goal: number): number => (Math.abs(value - goal) < 1e-9 ? goal : value);
