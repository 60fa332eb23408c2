import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Tensor } from 'onnxruntime-node';
import { binding, initOrt } from 'onnxruntime-node/dist/binding.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { CallRateHz } from '../../../voice-node/domain/audio.js';
import { DEFAULT_GATE, type GateOptions } from '../../../voice-node/providers/vad/gate.js';
import { CHECK_PROBABILITIES, checkNet, checkVector, silentState } from '../../../voice-node/providers/vad/silero-check.js';
import { CONTEXT_SAMPLES, NET_INPUT_SAMPLES, WINDOW_SAMPLES, SileroNet, loadNet, type NetState } from '../../../voice-node/providers/vad/silero-net.js';
import { SILERO_RULE, SileroDetector } from '../../../voice-node/providers/vad/silero.js';
import { concat, mix, noise, voice } from './signals.js';

const modelDir = join(createRequire(import.meta.url).resolve('@ricky0123/vad-web'), '..');
const modelPath = join(modelDir, 'silero_vad_v6.onnx');

let net: SileroNet;
let silence: Record<CallRateHz, Float32Array>;
beforeAll(async () => {
  net = await loadNet();
  silence = { 8000: silentState(net, 8000), 16000: silentState(net, 16_000) };
});
afterAll(() => net.close());

/** What the net says about the check vector, window by window. */
function windows(of: SileroNet): number[] {
  const samples = checkVector();
  const state = of.newState();
  of.input.fill(0);
  return CHECK_PROBABILITIES.map((_, window) => {
    of.input.copyWithin(0, WINDOW_SAMPLES);
    of.input.set(samples.subarray(window * WINDOW_SAMPLES, (window + 1) * WINDOW_SAMPLES), CONTEXT_SAMPLES);
    return of.run(state, true);
  });
}

/** The net with something done to its input before each run. */
const spoilt = (spoil: (input: Float32Array) => void): SileroNet =>
  Object.create(net, {
    run: {
      value: (state: NetState, commit: boolean): number => {
        spoil(net.input);
        return net.run(state, commit);
      },
    },
  }) as SileroNet;

const detectorAt = (rateHz: CallRateHz, gate: Partial<GateOptions> = {}, speculate = true): SileroDetector =>
  new SileroDetector({ net, silence }, rateHz, { rule: SILERO_RULE, gate: { ...DEFAULT_GATE, ...gate }, speculate });

function listen(detector: SileroDetector, samples: Int16Array, rateHz: number): number[] {
  const length = rateHz / 50;
  const out: number[] = [];
  for (let at = 0; at + length <= samples.length; at += length) out.push(detector.push(samples.subarray(at, at + length)));
  return out;
}

describe('the net', () => {
  it('answers as another ONNX Runtime does', () => {
    windows(net).forEach((p, i) => expect(p).toBeCloseTo(CHECK_PROBABILITIES[i] as number, 3));
    expect(() => checkNet(net)).not.toThrow();
  });

  it('would be deaf to windows without context samples, and the start-up check would notice', async () => {
    const bytes = readFileSync(modelPath);
    initOrt();
    const session = new binding.InferenceSession();
    session.loadModel(bytes.buffer, bytes.byteOffset, bytes.byteLength, {});
    const bare = {
      run: (feeds: Record<string, Tensor>, fetches: Record<string, Tensor>) => {
        const window = (feeds['input'] as Tensor).data.slice(CONTEXT_SAMPLES) as Float32Array;
        return session.run({ ...feeds, input: new Tensor('float32', window, [1, WINDOW_SAMPLES]) }, fetches, {});
      },
    };
    const deaf = new SileroNet(bare as never, Tensor);
    expect(Math.max(...windows(deaf))).toBeLessThan(0.001);
    expect(() => checkNet(deaf)).toThrow(expect.objectContaining({ code: 'vad_failed' }));
    session.dispose();
  });

  it.each([
    ['context of zeros', (input: Float32Array) => input.fill(0, 0, CONTEXT_SAMPLES)],
    ['samples of int16 scale', (input: Float32Array) => input.forEach((x, i) => (input[i] = x * 32768))],
    ['half the rate', (input: Float32Array) => input.forEach((_, i) => (input[i] = input[i >> 1] as number))],
  ])('the start-up check notices %s', (_, spoil) => {
    expect(() => checkNet(spoilt(spoil))).toThrow(/start-up check failed/);
  });

  it('does not move its state on without being told to', () => {
    const state = net.newState();
    net.input.set(checkVector().subarray(0, NET_INPUT_SAMPLES));
    const first = net.run(state, false);
    expect(net.run(state, false)).toBe(first);
    expect(net.run(state, true)).toBe(first);
    expect(net.run(state, false)).not.toBe(first);
  });

  it.each([8000, 16_000] as const)('settles in a state that a quiet line of %i Hz does not change', (rateHz) => {
    expect(silence[rateHz]).toHaveLength(256);
    expect(silentState(net, rateHz)).toEqual(silence[rateHz]);
    const p = listen(detectorAt(rateHz, { enabled: false }), noise(2 * rateHz, 5, 77), rateHz);
    expect(Math.max(...p)).toBeLessThan(0.1);
  });
});

describe('the pinned weights', () => {
  let dir: string;
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'vad-'));
  });
  afterAll(() => rmSync(dir, { recursive: true }));

  it.each(['silero_vad_v5.onnx', 'silero_vad_legacy.onnx'])('%s is refused', async (file) => {
    const loading = loadNet(join(modelDir, file));
    await expect(loading).rejects.toMatchObject({ code: 'vad_failed' });
    await expect(loading).rejects.toThrow(/not the v6.2 model: expected sha256 1a153a22/);
  });

  it('one wrong bit is refused', async () => {
    const bytes = readFileSync(modelPath);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] as number) ^ 1;
    const path = join(dir, 'bent.onnx');
    writeFileSync(path, bytes);
    await expect(loadNet(path)).rejects.toMatchObject({ code: 'vad_failed' });
  });

  it('a missing file is named', async () => {
    await expect(loadNet(join(dir, 'none.onnx'))).rejects.toThrow(/cannot read the model .*none\.onnx/);
  });
});

describe('the detector', () => {
  it('runs contiguous windows of 512 with 64 before them, whatever the frames', () => {
    const samples = voice(2000, 16_000);
    const p = listen(detectorAt(16_000, { enabled: false }, false), samples, 16_000);
    const state = net.newState();
    state.set(silence[16_000]);
    const expected: number[] = [];
    net.input.fill(0);
    for (let at = 0; at + WINDOW_SAMPLES <= samples.length; at += WINDOW_SAMPLES) {
      net.input.copyWithin(0, WINDOW_SAMPLES);
      for (let i = 0; i < WINDOW_SAMPLES; i++) net.input[CONTEXT_SAMPLES + i] = (samples[at + i] as number) / 32768;
      expected.push(net.run(state, true));
    }
    // The frame in which window w becomes complete: sample 512 (w + 1) lies in frame ceil(512 (w + 1) / 320) - 1.
    expected.forEach((value, w) => expect(p[Math.ceil((512 * (w + 1)) / 320) - 1]).toBe(value));
    expect(Math.max(...expected)).toBeGreaterThan(0.9);
  });

  it('looks ahead on the frames between windows without changing what the windows say', () => {
    const samples = mix(concat(new Int16Array(8000), voice(1500, 8000), new Int16Array(8000)), noise(28_000, 8));
    const plain = listen(detectorAt(8000, {}, false), samples, 8000);
    const eager = listen(detectorAt(8000), samples, 8000);
    const complete = (frame: number): boolean => Math.floor(((frame + 1) * 160) / 256) > Math.floor((frame * 160) / 256);
    eager.forEach((p, frame) => {
      if (complete(frame)) expect(p).toBe(plain[frame]);
    });
    expect(eager.some((p, frame) => !complete(frame) && p !== plain[frame])).toBe(true);
    const firstOf = (values: readonly number[]): number => values.findIndex((p) => p >= 0.5);
    expect(firstOf(eager)).toBeLessThanOrEqual(firstOf(plain));
  });

  it('catches up, without a gap, with what it skipped before the gate opened', () => {
    const inputs: Float32Array[] = [];
    const recorder = {
      run: (feeds: Record<string, Tensor>) => {
        inputs.push((feeds['input'] as Tensor).data.slice() as Float32Array);
      },
    };
    const shared = { net: new SileroNet(recorder as never, Tensor), silence };
    const detector = new SileroDetector(shared, 16_000, { rule: SILERO_RULE, gate: DEFAULT_GATE, speculate: false });
    // 20 windows of a quiet line, then loud ones; no two samples alike within a window.
    const samples = Int16Array.from({ length: 25 * WINDOW_SAMPLES }, (_, i) => (i < 20 * WINDOW_SAMPLES ? (i % 7) - 3 : ((i * 40503) & 0x3fff) - 8192));
    listen(detector, samples, 16_000);
    expect(inputs.map((input) => input.length)).toEqual(Array.from({ length: 8 }, () => NET_INPUT_SAMPLES));
    inputs.forEach((input, i) => {
      const end = (18 + i) * WINDOW_SAMPLES;
      expect(input).toEqual(Float32Array.from(samples.subarray(end - NET_INPUT_SAMPLES, end), (x) => x / 32768));
    });
  });

  it('hears a telephone voice at 8 kHz as it does at 16 kHz', () => {
    const wide = listen(detectorAt(16_000), voice(2000, 16_000), 16_000);
    const narrow = listen(detectorAt(8000), voice(2000, 8000), 8000);
    const share = (values: readonly number[]): number => values.slice(10).filter((p) => p >= 0.5).length / (values.length - 10);
    expect(share(wide)).toBeGreaterThan(0.8);
    expect(share(narrow)).toBeGreaterThan(0.8);
  });

  it('finds the next turn after a burst of noise has locked the state', () => {
    // A net that was told for three seconds that this is not speech, then a pause, then speech.
    const burst = noise(3 * 8000, 3000, 5);
    const pause = noise(8000, 6, 6);
    const samples = concat(pause, burst, pause, voice(600, 8000, 3000), pause);
    const p = listen(detectorAt(8000), samples, 8000);
    const fresh = listen(detectorAt(8000), concat(pause, voice(600, 8000, 3000), pause), 8000);
    const firstAfter = (values: readonly number[], frame: number): number => values.findIndex((x, i) => i >= frame && x >= 0.5) - frame;
    expect(Math.max(...p.slice(0, 250))).toBeLessThan(0.8);
    expect(firstAfter(p, 250)).toBeGreaterThanOrEqual(0);
    expect(firstAfter(p, 250)).toBeLessThanOrEqual(firstAfter(fresh, 50) + 2);
  });

  it('hears a voice out of digital silence, as lines with discontinuous transmission send it', () => {
    const p = listen(detectorAt(8000), concat(new Int16Array(16_000), voice(1000, 8000), new Int16Array(8000)), 8000);
    const first = p.findIndex((x) => x >= 0.5);
    expect(first).toBeGreaterThanOrEqual(100);
    expect(first).toBeLessThanOrEqual(107);
    expect(Math.max(...p.slice(165))).toBeLessThan(0.35);
  });

  it('says so when the net answers nonsense', () => {
    const mad = { run: (_: unknown, fetches: Record<string, Tensor>) => (fetches['output'] as Tensor).data.fill(NaN as never) };
    const shared = { net: new SileroNet(mad as never, Tensor), silence };
    const detector = new SileroDetector(shared, 8000, { rule: SILERO_RULE, gate: { ...DEFAULT_GATE, enabled: false }, speculate: true });
    expect(() => detector.push(new Int16Array(160))).toThrow(expect.objectContaining({ code: 'vad_failed', message: expect.stringContaining('got NaN') }));
  });
});
