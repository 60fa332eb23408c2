import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { MODEL_PATH } from '../../../../bench/vad/onnx-net.js';
import { readOnnxGraphs } from '../../../../voice-node/providers/vad/engine/onnx-tensors.js';
import { readSileroWeights } from '../../../../voice-node/providers/vad/engine/weights.js';
import { writeOnnx, type Constant } from '../../../support/tiny-onnx.js';

const model = readFileSync(MODEL_PATH);
const failed = (message: RegExp): unknown => expect.objectContaining({ code: 'vad_failed', message: expect.stringMatching(message) as string });
const fileWith = (constants: readonly Constant[]): Uint8Array => writeOnnx({ inputs: [], outputs: [], nodes: [], constants, metadata: {} });
const floats = (name: string, shape: readonly number[]): Constant => ({ name, shape, type: 'float', values: Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i / 7) });

describe('the constants of an ONNX file', () => {
  it('are read by name, those of other types left out', () => {
    const [graph] = readOnnxGraphs(fileWith([floats('a', [2, 3]), { name: 'n', shape: [2], type: 'int64', values: [1, 2] }, floats('b', [1])]));
    expect([...(graph?.keys() ?? [])]).toEqual(['a', 'b']);
    expect(graph?.get('a')?.shape).toEqual([2, 3]);
    expect(graph?.get('a')?.values).toEqual(Float32Array.from([0, 1, 2, 3, 4, 5], (x) => x / 7));
  });

  it('of both branches of an If stay apart', () => {
    const bases = readOnnxGraphs(model).flatMap((graph) => graph.get('stft.forward_basis_buffer')?.shape.join() ?? []);
    expect(bases.sort()).toEqual(['130,1,128', '258,1,256']);
  });

  it('of a file cut off anywhere, or of no such file at all, are refused with a code or are fewer', () => {
    const small = fileWith([floats('a', [4, 4]), floats('b', [3])]);
    const reads = (bytes: Uint8Array): void => {
      try {
        readOnnxGraphs(bytes);
      } catch (error) {
        expect(error).toMatchObject({ code: 'vad_failed' });
      }
    };
    for (let length = 0; length < small.length; length++) reads(small.subarray(0, length));
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), reads));
    expect(() => readOnnxGraphs(small.subarray(0, small.length - 20))).toThrow(failed(/expected \d+ more bytes, got \d+/));
    expect(() => readOnnxGraphs(Uint8Array.of(0x3b))).toThrow(failed(/wire type/));
    expect(() => readOnnxGraphs(new Uint8Array(11).fill(0xff))).toThrow(failed(/at most 10 bytes/));
  });
});

describe("Silero's weights", () => {
  it('are those of the 16 kHz branch', () => {
    const weights = readSileroWeights(model);
    expect(weights.conv.map((each) => each.length)).toEqual([128 * 129 * 3, 64 * 128 * 3, 64 * 64 * 3, 128 * 64 * 3]);
    expect(weights.convBias.map((each) => each.length)).toEqual([128, 64, 64, 128]);
    expect(weights.gateBias).toHaveLength(512);
  });

  it('come with a transform that is a plain one: a Hann window, cosines, sines', () => {
    const basis = readOnnxGraphs(model)
      .map((graph) => graph.get('stft.forward_basis_buffer'))
      .find((each) => each?.shape[0] === 258)?.values as Float32Array;
    let worst = 0;
    for (let bin = 0; bin < 129; bin++) {
      for (let n = 0; n < 256; n++) {
        const window = Math.sin((Math.PI * n) / 256) ** 2;
        const turn = (2 * Math.PI * bin * n) / 256;
        worst = Math.max(worst, Math.abs((basis[256 * bin + n] as number) - window * Math.cos(turn)), Math.abs((basis[256 * (129 + bin) + n] as number) + window * Math.sin(turn)));
      }
    }
    expect(worst).toBeLessThan(1e-5);
  });

  it('are missed in a file of another net', () => {
    expect(() => readSileroWeights(readFileSync(join(MODEL_PATH, '..', 'silero_vad_legacy.onnx')))).toThrow(failed(/expected a branch with stft.forward_basis_buffer of 258 x 1 x 256/));
    expect(() => readSileroWeights(fileWith([floats('stft.forward_basis_buffer', [258, 1, 256]), floats('encoder.0.reparam_conv.weight', [128, 65, 3])]))).toThrow(
      failed(/encoder.0.reparam_conv.weight: expected 128 x 129 x 3 floats in the model, got 128 x 65 x 3/),
    );
  });
});
