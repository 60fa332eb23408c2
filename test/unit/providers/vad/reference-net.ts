import type { SileroWeights } from '../../../../voice-node/providers/vad/engine/weights.js';

/**
 * Silero v6's 16 kHz net by its formulas, in double precision, one sum after the other: slow, and with nothing in
 * common with the engine but the weights. At 8 kHz: frames of 128 samples counted double, the 65 bins that exist.
 */
export class ReferenceNet {
  private readonly weights: SileroWeights;
  private readonly frame: number;
  /** cos and sin of 2 pi k / frame. */
  private readonly turns: readonly (readonly [number, number])[];
  private hidden = new Float64Array(UNITS);
  private cell = new Float64Array(UNITS);

  constructor(weights: SileroWeights, rateHz: number) {
    this.weights = weights;
    this.frame = (rateHz * 16) / 1000;
    this.turns = Array.from({ length: this.frame }, (_, k) => [Math.cos((2 * Math.PI * k) / this.frame), Math.sin((2 * Math.PI * k) / this.frame)]);
  }

  /** `samples`: context and window, 36 ms. Moves the state on. */
  run(samples: ArrayLike<number>): number {
    let maps = this.spectra(samples);
    for (const [layer, stride] of [1, 2, 2, 1].entries()) maps = this.convolve(maps, layer, stride);
    return this.decide(maps[0] as number[]);
  }

  /** |DFT| of four windowed frames; the last one reaches into the mirror image of the end. [frame][bin]. */
  private spectra(samples: ArrayLike<number>): number[][] {
    const { frame, turns } = this;
    const at = (i: number): number => samples[i < samples.length ? i : 2 * (samples.length - 1) - i] as number;
    return Array.from({ length: 4 }, (_, t) =>
      Array.from({ length: frame / 2 + 1 }, (__, bin) => {
        let re = 0;
        let im = 0;
        for (let n = 0; n < frame; n++) {
          const x = (256 / frame) * Math.sin((Math.PI * n) / frame) ** 2 * at((t * frame) / 2 + n);
          const [cos, sin] = turns[(bin * n) % frame] as [number, number];
          re += x * cos;
          im -= x * sin;
        }
        return Math.hypot(re, im);
      }),
    );
  }

  /** max(0, b + sum w x), three taps, one frame of zeros on either side. [frame][channel]. Missing bins are silent. */
  private convolve(input: readonly number[][], layer: number, stride: number): number[][] {
    const weights = this.weights.conv[layer] as Float32Array;
    const bias = this.weights.convBias[layer] as Float32Array;
    const inputs = weights.length / bias.length / 3;
    const out: number[][] = [];
    for (let centre = 0; centre < input.length; centre += stride) {
      const channels = Array.from(bias, (start, output) => {
        let sum = start;
        for (let tap = 0; tap < 3; tap++) {
          const frame = input[centre + tap - 1] ?? [];
          frame.forEach((x, channel) => (sum += (weights[(output * inputs + channel) * 3 + tap] as number) * x));
        }
        return Math.max(0, sum);
      });
      out.push(channels);
    }
    return out;
  }

  private decide(features: readonly number[]): number {
    const { fromFeatures, fromState, gateBias, output, outputBias } = this.weights;
    const gate = (row: number): number => {
      let sum = gateBias[row] as number;
      for (let j = 0; j < UNITS; j++) {
        sum += (fromFeatures[row * UNITS + j] as number) * (features[j] as number) + (fromState[row * UNITS + j] as number) * (this.hidden[j] as number);
      }
      return sum;
    };
    const cell = this.cell.map((c, k) => sigmoid(gate(UNITS + k)) * c + sigmoid(gate(k)) * Math.tanh(gate(2 * UNITS + k)));
    const hidden = cell.map((c, k) => sigmoid(gate(3 * UNITS + k)) * Math.tanh(c));
    this.cell = cell;
    this.hidden = hidden;
    return sigmoid(hidden.reduce((sum, h, k) => sum + (output[k] as number) * Math.max(0, h), outputBias));
  }
}

const UNITS = 128;
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
