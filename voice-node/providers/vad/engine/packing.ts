import type { SileroWeights } from './weights.js';

const TAPS = 3;
const UNITS = 128;
const GATES = 4 * UNITS;

/**
 * The weights in the order in which net.as reads them: blocks of output channels, as many as are worked on at once,
 * and within a block input by input, tap by tap, the channels side by side. Taps that only ever meet padding are left out.
 */
export function packWeights(weights: SileroWeights): Float32Array {
  const [conv1, conv2, conv3, conv4] = weights.conv as [Float32Array, Float32Array, Float32Array, Float32Array];
  const [bias1, bias2, bias3, bias4] = weights.convBias as [Float32Array, Float32Array, Float32Array, Float32Array];
  const parts: ArrayLike<number>[] = [
    packConv(conv1, { outputs: 128, inputs: 129, taps: [0, 1, 2], block: 8 }),
    bias1,
    packConv(conv2, { outputs: 64, inputs: 128, taps: [0, 1, 2], block: 8 }),
    bias2,
    packConv(conv3, { outputs: 64, inputs: 64, taps: [1, 2], block: 16 }),
    bias3,
    packConv(conv4, { outputs: 128, inputs: 64, taps: [1], block: 16 }),
    bias4,
    packMatrix(weights.fromFeatures),
    packMatrix(weights.fromState),
    weights.gateBias,
    weights.output,
    [weights.outputBias],
  ];
  const out = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

interface ConvShape {
  readonly outputs: number;
  readonly inputs: number;
  /** Which of the three taps are wanted. */
  readonly taps: readonly number[];
  readonly block: number;
}

/** [output][input][tap] to [block][input][tap][output in block]. */
function packConv(weights: Float32Array, { outputs, inputs, taps, block }: ConvShape): number[] {
  const out: number[] = [];
  for (let first = 0; first < outputs; first += block) {
    for (let input = 0; input < inputs; input++) {
      for (const tap of taps) {
        for (let output = first; output < first + block; output++) out.push(weights[(output * inputs + input) * TAPS + tap] as number);
      }
    }
  }
  return out;
}

/** [512][128] to [16][128][32]. */
function packMatrix(weights: Float32Array): number[] {
  const BLOCK = 32;
  const out: number[] = [];
  for (let first = 0; first < GATES; first += BLOCK) {
    for (let input = 0; input < UNITS; input++) {
      for (let output = first; output < first + BLOCK; output++) out.push(weights[output * UNITS + input] as number);
    }
  }
  return out;
}
