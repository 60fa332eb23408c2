import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { MODEL_PATH, OnnxNet } from '../../../../bench/vad/onnx-net.js';
import { ROOT } from '../../../../voice-node/config.js';
import { readSileroWeights } from '../../../../voice-node/providers/vad/engine/weights.js';
import { CHECK_PROBABILITIES, checkVector, listen } from '../../../../voice-node/providers/vad/silero-check.js';
import { loadNets, type SileroNets } from '../../../../voice-node/providers/vad/silero-net.js';
import { noise } from '../../vad/signals.js';
import { ReferenceNet } from './reference-net.js';
import { asFloats, longSound, resampled } from './sounds.js';

let nets: SileroNets;
let onnx: OnnxNet;
beforeAll(() => {
  nets = loadNets();
  onnx = new OnnxNet();
});
afterAll(() => onnx.close());

/** What `run` says of contiguous windows of 32 ms, each with the 4 ms before it. */
function windows(samples: Float32Array, rateHz: number, run: (input: Float32Array) => number): number[] {
  const window = (rateHz * 32) / 1000;
  const context = (rateHz * 4) / 1000;
  const out: number[] = [];
  for (let at = 0; at + window <= samples.length; at += window) {
    const input = new Float32Array(context + window);
    input.set(samples.subarray(Math.max(0, at - context), at), at === 0 ? context : 0);
    input.set(samples.subarray(at, at + window), context);
    out.push(run(input));
  }
  return out;
}

function byOnnx(samples: Float32Array): number[] {
  const state = onnx.newState();
  return windows(samples, 16_000, (input) => {
    onnx.input.set(input);
    return onnx.run(state, true);
  });
}

function byReference(samples: Float32Array, rateHz: number): number[] {
  const reference = new ReferenceNet(readSileroWeights(readFileSync(MODEL_PATH)), rateHz);
  return windows(samples, rateHz, (input) => reference.run(input));
}

const byEngine = (samples: Float32Array, rateHz: 8000 | 16_000): number[] => listen(nets[rateHz], samples, nets[rateHz].newState());

const worst = (a: readonly number[], b: readonly number[]): number => a.reduce((most, x, i) => Math.max(most, Math.abs(x - (b[i] as number))), 0);
const voiced = (values: readonly number[]): number => values.filter((p) => p >= 0.5).length / values.length;

describe('the engine', () => {
  it('says at 16 kHz what ONNX Runtime says, window after window, with the state carried on', () => {
    const samples = asFloats(longSound(16_000));
    const ours = byEngine(samples, 16_000);
    expect(ours.length).toBeGreaterThan(2500);
    expect(worst(ours, byOnnx(samples))).toBeLessThan(1e-4);
    expect(voiced(ours)).toBeGreaterThan(0.2);
    expect(voiced(ours)).toBeLessThan(0.8);
  });

  it.each([8000, 16_000] as const)('says at %i Hz what the formulas say', (rateHz) => {
    const samples = asFloats(longSound(rateHz)).subarray(0, 6 * rateHz);
    const ours = byEngine(samples, rateHz);
    expect(worst(ours, byReference(samples, rateHz))).toBeLessThan(1e-4);
    expect(voiced(ours)).toBeGreaterThan(0.2);
  });

  it('decides at 8 kHz as ONNX Runtime does on the same sound brought to 16 kHz', () => {
    const narrow = longSound(8000);
    const ours = byEngine(asFloats(narrow), 8000);
    const theirs = byOnnx(asFloats(resampled(narrow, 8000, 16_000)));
    const count = Math.min(ours.length, theirs.length);
    expect(correlation(ours.slice(0, count), theirs.slice(0, count))).toBeGreaterThan(0.99);
    const apart = ours.slice(0, count).filter((p, i) => p >= 0.5 !== (theirs[i] as number) >= 0.5).length;
    expect(apart / count).toBeLessThan(0.02);
  });

  it.each([8000, 16_000] as const)('is shown a vector at %i Hz whose probabilities are those of the formulas', (rateHz) => {
    const expected = byReference(checkVector(nets[rateHz]), rateHz);
    expect(worst(expected, CHECK_PROBABILITIES[rateHz])).toBeLessThan(1e-4);
  });

  it.each([8000, 16_000] as const)('does not move its state at %i Hz without being told to, and leaves its input alone', (rateHz) => {
    const net = nets[rateHz];
    const state = net.newState();
    const samples = checkVector(net).subarray(0, net.input.length);
    net.input.set(samples);
    const first = net.run(state, false);
    expect(net.run(state, false)).toBe(first);
    expect(net.run(state, true)).toBe(first);
    expect(net.run(state, false)).not.toBe(first);
    expect(net.input).toEqual(samples);
  });

  it('forgets what a state was once it is set to something else', () => {
    const net = nets[8000];
    const silence = net.newState();
    const state = net.newState();
    net.input.set(checkVector(net).subarray(0, net.input.length));
    const first = net.run(silence, false);
    net.run(state, true);
    net.run(state, false);
    state.set(silence.values);
    expect(net.run(state, false)).toBe(first);
  });

  it('allocates nothing', () => {
    const net = nets[8000];
    const state = net.newState();
    net.input.set(asFloats(noise(net.input.length, 1000)));
    const RUNS = 4000;
    const run = (): void => {
      for (let i = 0; i < RUNS; i++) net.run(state, i % 3 === 0);
    };
    run();
    // The least of several passes: in the others the compiler and the test runner may have been at work.
    const grown = Array.from({ length: 5 }, () => {
      const before = process.memoryUsage().heapUsed;
      run();
      return process.memoryUsage().heapUsed - before;
    });
    expect(Math.min(...grown.map(Math.abs)) / RUNS).toBeLessThan(4);
  });
});

/** Pearson's. */
function correlation(a: readonly number[], b: readonly number[]): number {
  const mean = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length;
  const ma = mean(a);
  const mb = mean(b);
  let ab = 0;
  let aa = 0;
  let bb = 0;
  a.forEach((x, i) => {
    const y = (b[i] as number) - mb;
    ab += (x - ma) * y;
    aa += (x - ma) ** 2;
    bb += y ** 2;
  });
  return ab / Math.sqrt(aa * bb);
}

describe('the WebAssembly', () => {
  let dir: string;
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'silero-'));
  });
  afterAll(() => rmSync(dir, { recursive: true }));

  it('is what the compiler makes of its source, byte for byte', async () => {
    const made = join(dir, 'net-wasm.ts');
    await promisify(execFile)(process.execPath, [join(ROOT, 'scripts/silero-wasm.mjs'), made]);
    expect(readFileSync(made, 'utf8')).toBe(readFileSync(join(ROOT, 'voice-node/providers/vad/engine/net-wasm.ts'), 'utf8'));
  });
});
