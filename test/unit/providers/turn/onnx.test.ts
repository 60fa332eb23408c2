import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { VoiceNodeError } from '../../../../voice-node/domain/errors.js';
import type { TurnModel } from '../../../../voice-node/domain/turn-model.js';
import { LogMel, MEL_BANDS } from '../../../../voice-node/dsp/log-mel.js';
import { systemClock } from '../../../../voice-node/platform/clock.js';
import { openTurnModel, type OnnxTurnModelOptions } from '../../../../voice-node/providers/turn/onnx.js';
import { turnModel } from '../../../support/turn-models.js';
import { noise, sine, toInt16 } from '../../dsp/signals.js';

const folder = mkdtempSync(join(tmpdir(), 'voice-node-turn-'));
const execArgv = ['--import', new URL('../../../support/run-typescript.mjs', import.meta.url).href];
const open: TurnModel[] = [];
const signal = new AbortController().signal;

function fileOf(name: string, bytes: Uint8Array): string {
  const file = join(folder, name);
  writeFileSync(file, bytes);
  return file;
}

async function modelOf(file: string, changes: Partial<OnnxTurnModelOptions> = {}): Promise<TurnModel> {
  // What is measured here is not time.
  const model = await openTurnModel({ file, clock: systemClock, deadlineMs: 20_000, program: { execArgv }, ...changes });
  open.push(model);
  return model;
}

afterAll(() => {
  for (const model of open) model.close();
  rmSync(folder, { recursive: true, force: true });
});

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** What the model must say: the same features, and the mean of their last half second. */
function expected(sound: Float32Array): number {
  const mel = new LogMel(8);
  const features = new Float32Array(MEL_BANDS * mel.frames);
  mel.process(sound, features);
  let sum = 0;
  for (let band = 0; band < MEL_BANDS; band++) for (let frame = 750; frame < 800; frame++) sum += features[band * 800 + frame] as number;
  return sigmoid(sum / (MEL_BANDS * 50));
}

const floats = (samples: Int16Array): Float32Array => Float32Array.from(samples, (x) => x / 32768);

describe('a turn model of an ONNX file', () => {
  let model: TurnModel;
  beforeAll(async () => {
    model = await modelOf(fileOf('smart-turn-like.onnx', turnModel()));
  });

  it('answers with what the runtime makes of the mel spectrogram', async () => {
    expect(model.name).toBe('smart-turn-like.onnx');
    for (const seconds of [0.5, 3, 8]) {
      const sound = toInt16(noise(seconds * 16_000, seconds).map((x) => 0.3 * x));
      expect(await model.predict(sound, 16_000, signal)).toBeCloseTo(expected(floats(sound)), 4);
    }
    // Of more than 8 s the end counts.
    const long = toInt16(sine(168_000, 16_000, 440, 0.3).map((x, i) => (i < 40_000 ? 0.9 * Math.sign(x) : x)));
    expect(await model.predict(long, 16_000, signal)).toBeCloseTo(expected(floats(long.subarray(-128_000))), 4);
  });

  it('hears telephone audio at the rate that the net knows', async () => {
    const tone = (rateHz: number): Int16Array => toInt16(sine(2 * rateHz, rateHz, 700, 0.3));
    const [wide, narrow] = [await model.predict(tone(16_000), 16_000, signal), await model.predict(tone(8000), 8000, signal)];
    expect(wide).toBeDefined();
    expect(Math.abs((wide ?? 0) - (narrow ?? 1))).toBeLessThan(0.01);
    // The tone ends with the sound: nothing was delayed into or cut off its end.
    const loud = await model.predict(tone(8000).map((x, i) => (i < 15_000 ? 0 : x)), 8000, signal);
    const quiet = await model.predict(tone(8000).map((x, i) => (i < 12_000 ? x : 0)), 8000, signal);
    expect(loud).toBeGreaterThan(quiet ?? 1);
  });

  it('answers all calls, and leaves their samples alone', async () => {
    const sounds = [1, 2, 3, 4, 5].map((seed) => toInt16(noise(8000 * seed, seed).map((x) => 0.1 * seed * x)));
    const copies = sounds.map((sound) => sound.slice());
    const answers = await Promise.all(sounds.map((sound) => model.predict(sound, 16_000, signal)));
    answers.forEach((answer, i) => expect(answer).toBeCloseTo(expected(floats(sounds[i] as Int16Array)), 4));
    expect(sounds).toEqual(copies);
  });
});

describe('a turn model that cannot be', () => {
  const refusal = async (file: string, changes: Partial<OnnxTurnModelOptions> = {}): Promise<VoiceNodeError> => {
    const error = await modelOf(file, changes).then(() => undefined, (reason: unknown) => reason);
    expect((error as VoiceNodeError).code).toBe('turn_model_failed');
    return error as VoiceNodeError;
  };

  it('is refused with what was expected', async () => {
    const fine = fileOf('fine.onnx', turnModel());
    expect((await refusal(join(folder, 'nowhere.onnx'))).message).toMatch(/expected an \.onnx file at .*nowhere/);
    expect((await refusal(fileOf('text.onnx', Buffer.from('no model')))).message).toMatch(/turn model text\.onnx: /);
    expect((await refusal(fileOf('bands.onnx', turnModel({ bands: 64 })))).message).toMatch(/expected one input of \[1, 80, 800\].*64/);
    expect((await refusal(fileOf('bare.onnx', turnModel({ bare: true })))).message).toMatch(/expected one probability, 0 to 1/);
    expect((await refusal(fine, { engine: 'onnxruntime-not-there' })).message).toMatch(/npm install onnxruntime-not-there/);
  });
});
