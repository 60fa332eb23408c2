import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { CallRateHz } from '../../../voice-node/domain/audio.js';
import { DEFAULT_GATE, type GateOptions } from '../../../voice-node/providers/vad/gate.js';
import { SileroEngine } from '../../../voice-node/providers/vad/engine/engine.js';
import { readSileroWeights } from '../../../voice-node/providers/vad/engine/weights.js';
import { CHECK_PROBABILITIES, checkNet, checkVector, listen as hearWindows, silentState } from '../../../voice-node/providers/vad/silero-check.js';
import { SileroNet, loadNets, type SileroNets } from '../../../voice-node/providers/vad/silero-net.js';
import { SILERO_RULE, SileroDetector } from '../../../voice-node/providers/vad/silero.js';
import { concat, mix, noise, voice } from './signals.js';

const RATES = [8000, 16_000] as const;
const modelDir = join(createRequire(import.meta.url).resolve('@ricky0123/vad-web'), '..');
const modelPath = join(modelDir, 'silero_vad_v6.onnx');

let engine: SileroEngine;
let nets: SileroNets;
let silence: Record<CallRateHz, Float32Array>;
beforeAll(() => {
  nets = loadNets();
  engine = new SileroEngine(readSileroWeights(readFileSync(modelPath)));
  silence = { 8000: silentState(nets[8000]), 16000: silentState(nets[16_000]) };
});

/** A net with something done before each run of it, or in its stead. */
function otherNet(rateHz: CallRateHz, run: (input: Float32Array) => number | void): SileroNet {
  const { input } = engine.form(rateHz);
  return new SileroNet(
    {
      form: (of) => engine.form(of),
      remember: (state, recurrent) => engine.remember(state, recurrent),
      run: (of, state, recurrent, next) => run(input) ?? engine.run(of, state, recurrent, next),
    },
    rateHz,
  );
}

const detectorAt = (rateHz: CallRateHz, gate: Partial<GateOptions> = {}, speculate = true): SileroDetector =>
  new SileroDetector({ nets, silence }, rateHz, { rule: SILERO_RULE, gate: { ...DEFAULT_GATE, ...gate }, speculate });

function listen(detector: SileroDetector, samples: Int16Array, rateHz: number): number[] {
  const length = rateHz / 50;
  const out: number[] = [];
  for (let at = 0; at + length <= samples.length; at += length) out.push(detector.push(samples.subarray(at, at + length)));
  return out;
}

describe.each(RATES)('the net at %i Hz', (rateHz) => {
  it('answers as it should', () => {
    const net = nets[rateHz];
    hearWindows(net, checkVector(net), net.newState()).forEach((p, i) => expect(p).toBeCloseTo(CHECK_PROBABILITIES[rateHz][i] as number, 4));
    expect(() => checkNet(net)).not.toThrow();
  });

  it('would be deaf to windows without context samples, and the start-up check would notice', () => {
    // The window in the place of the context, as if the context had never been there.
    const deaf = otherNet(rateHz, (input) => {
      const context = nets[rateHz].contextSamples;
      input.copyWithin(0, context);
      input.fill(0, input.length - context);
    });
    expect(() => checkNet(deaf)).toThrow(expect.objectContaining({ code: 'vad_failed' }));
  });

  it.each([
    ['context of zeros', (input: Float32Array) => void input.fill(0, 0, input.length / 9)],
    ['samples of int16 scale', (input: Float32Array) => input.forEach((x, i) => (input[i] = x * 32768))],
    ['half the rate', (input: Float32Array) => [...input].forEach((_, i, all) => (input[i] = all[i >> 1] as number))],
    ['twice the rate', (input: Float32Array) => [...input].forEach((_, i, all) => (input[i] = all[(2 * i) % all.length] as number))],
  ])('the start-up check notices %s', (_, spoil) => {
    expect(() => checkNet(otherNet(rateHz, spoil))).toThrow(/start-up check at .* failed/);
  });

  it('refuses a window of another length', () => {
    const short = { ...engine, form: () => ({ rateHz, input: new Float32Array(rateHz / 50) }) };
    expect(() => new SileroNet(short as never, rateHz)).toThrow(expect.objectContaining({ code: 'vad_failed', message: expect.stringMatching(/expected (288|576) samples of context and window, got/) }));
  });

  it('settles in a state that a quiet line does not change', () => {
    expect(silence[rateHz]).toHaveLength(256);
    expect(silentState(nets[rateHz])).toEqual(silence[rateHz]);
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

  it.each(['silero_vad_v5.onnx', 'silero_vad_legacy.onnx'])('%s is refused', (file) => {
    const loading = (): unknown => loadNets(join(modelDir, file));
    expect(loading).toThrow(expect.objectContaining({ code: 'vad_failed' }));
    expect(loading).toThrow(/not the v6.2 model: expected sha256 1a153a22/);
  });

  it('one wrong bit is refused', () => {
    const bytes = readFileSync(modelPath);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] as number) ^ 1;
    const path = join(dir, 'bent.onnx');
    writeFileSync(path, bytes);
    expect(() => loadNets(path)).toThrow(expect.objectContaining({ code: 'vad_failed' }));
  });

  it('a missing file is named', () => {
    expect(() => loadNets(join(dir, 'none.onnx'))).toThrow(/cannot read the model .*none\.onnx/);
  });
});

describe('the detector', () => {
  it.each(RATES)('runs contiguous windows of 32 ms with 4 ms before them, whatever the frames, at %i Hz', (rateHz) => {
    const samples = voice(2000, rateHz);
    const p = listen(detectorAt(rateHz, { enabled: false }, false), samples, rateHz);
    const state = nets[rateHz].newState();
    state.set(silence[rateHz]);
    const expected = hearWindows(nets[rateHz], Float32Array.from(samples, (x) => x / 32768), state);
    // The frame in which window w becomes complete.
    expected.forEach((value, w) => expect(p[Math.ceil((32 * (w + 1)) / 20) - 1]).toBe(value));
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

  it.each(RATES)('catches up, without a gap, with what it skipped before the gate opened, at %i Hz', (rateHz) => {
    const window = (rateHz * 32) / 1000;
    const length = (rateHz * 36) / 1000;
    const inputs: Float32Array[] = [];
    const recorder = otherNet(rateHz, (input) => {
      inputs.push(input.slice());
      return 0;
    });
    const shared = { nets: { ...nets, [rateHz]: recorder }, silence };
    const detector = new SileroDetector(shared, rateHz, { rule: SILERO_RULE, gate: DEFAULT_GATE, speculate: false });
    // 20 windows of a quiet line, then loud ones; no two samples alike within a window.
    const samples = Int16Array.from({ length: 25 * window }, (_, i) => (i < 20 * window ? (i % 7) - 3 : ((i * 40503) & 0x3fff) - 8192));
    listen(detector, samples, rateHz);
    expect(inputs).toHaveLength(8);
    inputs.forEach((input, i) => {
      const end = (18 + i) * window;
      expect(input).toEqual(Float32Array.from(samples.subarray(end - length, end), (x) => x / 32768));
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

  it.each([
    [8000, 320],
    [16_000, 160],
  ] as const)('at %i Hz refuses frames of another rate: %i samples', (rateHz, length) => {
    expect(() => detectorAt(rateHz).push(new Int16Array(length))).toThrow(
      expect.objectContaining({ code: 'vad_failed', message: `Silero VAD: expected ${rateHz / 50} samples at ${rateHz} Hz, got ${length}` }),
    );
  });

  it('says so when the net answers nonsense', () => {
    const shared = { nets: { ...nets, 8000: otherNet(8000, () => NaN) }, silence };
    const detector = new SileroDetector(shared, 8000, { rule: SILERO_RULE, gate: { ...DEFAULT_GATE, enabled: false }, speculate: true });
    expect(() => detector.push(new Int16Array(160))).toThrow(expect.objectContaining({ code: 'vad_failed', message: expect.stringContaining('got NaN') }));
  });
});
