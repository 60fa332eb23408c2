import { VoiceNodeError } from '../../../domain/errors.js';
import { readOnnxGraphs, type OnnxGraph } from './onnx-tensors.js';

/** The weights of Silero's 16 kHz net, as PyTorch shapes them. Its transform is a plain one and not among them. */
export interface SileroWeights {
  /** [128][129][3], [64][128][3], [64][64][3], [128][64][3]: output channel, input channel, tap. */
  readonly conv: readonly Float32Array[];
  readonly convBias: readonly Float32Array[];
  /** [512][128] each; gates input, forget, cell, output. */
  readonly fromFeatures: Float32Array;
  readonly fromState: Float32Array;
  readonly gateBias: Float32Array;
  readonly output: Float32Array;
  readonly outputBias: number;
}

const BASIS = 'stft.forward_basis_buffer';
const SHAPES: Readonly<Record<string, readonly number[]>> = {
  // Cosines and sines of 129 bins, windowed: tells the 16 kHz branch from the 8 kHz one, whose names are the same.
  [BASIS]: [258, 1, 256],
  'encoder.0.reparam_conv.weight': [128, 129, 3],
  'encoder.0.reparam_conv.bias': [128],
  'encoder.1.reparam_conv.weight': [64, 128, 3],
  'encoder.1.reparam_conv.bias': [64],
  'encoder.2.reparam_conv.weight': [64, 64, 3],
  'encoder.2.reparam_conv.bias': [64],
  'encoder.3.reparam_conv.weight': [128, 64, 3],
  'encoder.3.reparam_conv.bias': [128],
  'decoder.rnn.weight_ih': [512, 128],
  'decoder.rnn.weight_hh': [512, 128],
  'decoder.rnn.bias_ih': [512],
  'decoder.rnn.bias_hh': [512],
  'decoder.decoder.2.weight': [1, 128, 1],
  'decoder.decoder.2.bias': [1],
};

const same = (a: readonly number[], b: readonly number[]): boolean => a.join() === b.join();

/** The weights of the 16 kHz branch of a Silero v5 or v6 file. Throws `vad_failed` where it has none, or others. */
export function readSileroWeights(model: Uint8Array): SileroWeights {
  const graph = readOnnxGraphs(model).find((each) => same(each.get(BASIS)?.shape ?? [], SHAPES[BASIS] ?? []));
  if (graph === undefined) throw new VoiceNodeError('vad_failed', `Silero VAD: expected a branch with ${BASIS} of 258 x 1 x 256 in the model, got none`);
  const part = (name: string): Float32Array => valuesOf(graph, name);
  const conv = [0, 1, 2, 3].map((layer) => part(`encoder.${layer}.reparam_conv.weight`));
  const recurrentBias = part('decoder.rnn.bias_hh');
  return {
    conv,
    convBias: [0, 1, 2, 3].map((layer) => part(`encoder.${layer}.reparam_conv.bias`)),
    fromFeatures: part('decoder.rnn.weight_ih'),
    fromState: part('decoder.rnn.weight_hh'),
    gateBias: part('decoder.rnn.bias_ih').map((bias, i) => bias + (recurrentBias[i] as number)),
    output: part('decoder.decoder.2.weight'),
    outputBias: part('decoder.decoder.2.bias')[0] as number,
  };
}

function valuesOf(graph: OnnxGraph, name: string): Float32Array {
  const tensor = graph.get(name);
  const expected = SHAPES[name] ?? [];
  if (tensor === undefined || !same(tensor.shape, expected)) {
    throw new VoiceNodeError('vad_failed', `Silero VAD: ${name}: expected ${expected.join(' x ')} floats in the model, got ${tensor?.shape.join(' x ') ?? 'none'}`);
  }
  return tensor.values;
}
