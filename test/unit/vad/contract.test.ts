import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { CallRateHz } from '../../../voice-node/domain/audio.js';
import type { DetectorKind, SpeechDetector } from '../../../voice-node/domain/speech.js';
import { DETECTOR_KINDS, loadDetectors, type DetectorFactory } from '../../../voice-node/providers/vad/create.js';
import { concat, mix, noise, voice } from './signals.js';

const RATES: readonly CallRateHz[] = [8000, 16_000];
const CASES = DETECTOR_KINDS.flatMap((kind) => RATES.map((rateHz) => [kind, rateHz] as const));

let factory: DetectorFactory;
beforeAll(async () => {
  factory = await loadDetectors();
});
afterAll(() => factory.close());

function probabilities(detector: SpeechDetector, samples: Int16Array, rateHz: number): number[] {
  const length = rateHz / 50;
  const out: number[] = [];
  for (let at = 0; at + length <= samples.length; at += length) out.push(detector.push(samples.subarray(at, at + length)));
  return out;
}

/** A second of quiet line, one of voice, one of quiet line. */
function turn(rateHz: number): Int16Array {
  const speech = concat(new Int16Array(rateHz), voice(1000, rateHz), new Int16Array(rateHz));
  return mix(speech, noise(speech.length, 8, 3));
}

const shareOf = (values: readonly number[], above: number): number => values.filter((p) => p >= above).length / values.length;

describe.each(CASES)('%s at %i Hz', (kind: DetectorKind, rateHz: CallRateHz) => {
  const listen = (samples: Int16Array): number[] => {
    const detector = factory.create(kind, rateHz);
    const out = probabilities(detector, samples, rateHz);
    detector.close();
    return out;
  };

  it('tells a voice from a quiet line', () => {
    const p = listen(turn(rateHz));
    expect(p).toHaveLength(150);
    expect(p.every((x) => x >= 0 && x <= 1)).toBe(true);
    expect(shareOf(p.slice(5, 48), 0.35)).toBe(0);
    expect(shareOf(p.slice(55, 100), 0.5)).toBeGreaterThan(0.7);
    expect(shareOf(p.slice(115), 0.35)).toBe(0);
  });

  it('hears nothing in digital silence', () => {
    expect(Math.max(...listen(new Int16Array(2 * rateHz)))).toBeLessThan(0.1);
  });

  it('gives the same answers to the same audio', () => {
    expect(listen(turn(rateHz))).toEqual(listen(turn(rateHz)));
  });

  it('is as new after a reset', () => {
    const detector = factory.create(kind, rateHz);
    // Ends in the middle of a window, with the gate open and the state full of voice.
    probabilities(detector, turn(rateHz).subarray(0, Math.round(1.66 * rateHz)), rateHz);
    detector.reset();
    expect(probabilities(detector, turn(rateHz), rateHz)).toEqual(listen(turn(rateHz)));
    detector.close();
  });

  it('keeps calls apart', () => {
    const talking = factory.create(kind, rateHz);
    const silent = factory.create(kind, rateHz);
    const samples = turn(rateHz);
    const length = rateHz / 50;
    const quiet = noise(samples.length, 8, 9);
    const heard: number[] = [];
    const other: number[] = [];
    for (let at = 0; at + length <= samples.length; at += length) {
      heard.push(talking.push(samples.subarray(at, at + length)));
      other.push(silent.push(quiet.subarray(at, at + length)));
    }
    talking.close();
    silent.close();
    expect(heard).toEqual(listen(samples));
    expect(other).toEqual(listen(quiet));
  });

  it('leaves the frame alone and does not depend on what is done with it later', () => {
    const detector = factory.create(kind, rateHz);
    const samples = turn(rateHz);
    const length = rateHz / 50;
    const frame = new Int16Array(length);
    const heard: number[] = [];
    for (let at = 0; at + length <= samples.length; at += length) {
      const piece = samples.subarray(at, at + length);
      frame.set(piece);
      heard.push(detector.push(frame));
      expect(frame).toEqual(piece);
      frame.fill(12345);
    }
    detector.close();
    expect(heard).toEqual(listen(samples));
  });

  it('survives full scale', () => {
    const square = Int16Array.from({ length: rateHz }, (_, i) => (i % 40 < 20 ? 32767 : -32768));
    expect(listen(square).every((x) => x >= 0 && x <= 1)).toBe(true);
  });
});

describe('loadDetectors', () => {
  it('loads only what is asked for, and says so', async () => {
    const few = await loadDetectors({ kinds: ['energy'] });
    expect(few.create('energy', 8000).kind).toBe('energy');
    expect(() => few.create('silero', 8000)).toThrow(expect.objectContaining({ code: 'vad_failed', message: 'detector silero was not loaded; loaded: energy' }));
    expect(() => few.create('webrtc', 8000)).toThrow(/webrtc was not loaded/);
    few.close();
  });

  it.each([
    [{ rules: { silero: { start: 1.2 } } }, /start/],
    [{ rules: { silero: { stop: 0.6 } } }, /stop/],
    [{ rules: { energy: { startFrames: 6 } } }, /frames <= window/],
    [{ rules: { webrtc: { interruptWindow: 33 } } }, /window <= 32/],
    [{ rules: { silero: { interruptCertain: 0.2 } } }, /certain/],
    [{ gate: { replayWindows: 9 } }, /gate/],
    [{ gate: { ratio: 0.5 } }, /gate/],
  ])('refuses thresholds that cannot work: %j', async (options, message) => {
    await expect(loadDetectors({ kinds: ['energy'], ...options })).rejects.toThrow(message);
    await expect(loadDetectors({ kinds: ['energy'], ...options })).rejects.toMatchObject({ code: 'config_invalid' });
  });

  it('takes the same model from another place, and no other model', async () => {
    const packaged = createRequire(import.meta.url).resolve('@ricky0123/vad-web/dist/silero_vad_v6.onnx');
    const folder = mkdtempSync(join(tmpdir(), 'model-'));
    const copy = join(folder, 'copy.onnx');
    copyFileSync(packaged, copy);
    const moved = await loadDetectors({ kinds: ['silero'], sileroModelPath: copy });
    rmSync(folder, { recursive: true });
    expect(probabilities(moved.create('silero', 8000), turn(8000), 8000)).toEqual(probabilities(factory.create('silero', 8000), turn(8000), 8000));
    moved.close();
    await expect(loadDetectors({ kinds: ['silero'], sileroModelPath: copy })).rejects.toMatchObject({ code: 'vad_failed' });
  });

  it('takes other thresholds', async () => {
    const loud = await loadDetectors({ kinds: ['energy'], energyThresholdRms: 5000, rules: { energy: { startFrames: 2 } } });
    const detector = loud.create('energy', 8000);
    expect(detector.rule).toMatchObject({ startFrames: 2, startWindow: 5 });
    expect(detector.push(new Int16Array(160).fill(4990))).toBeLessThan(0.5);
    expect(detector.push(new Int16Array(160).fill(5010))).toBeGreaterThan(0.5);
    loud.close();
  });
});
