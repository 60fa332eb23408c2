import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { VoiceNodeError } from '../../../../voice-node/domain/errors.js';
import { rms } from '../../../../voice-node/dsp/level.js';
import { RnnoiseDenoiser, loadDenoisers, type DenoiserFactory } from '../../../../voice-node/providers/denoise/rnnoise.js';
import { loadRnnoise, type RnnoiseWasm } from '../../../../voice-node/providers/denoise/rnnoise-wasm.js';
import { seeded } from '../../../../bench/rig/random.js';

const RATE_HZ = 48_000;
const FRAME = 480;

/** A buzz of 20 harmonics that rises and falls, 2 syllables a second, 3 s of it: RNNoise takes it for a voice. */
function voice(seconds = 3): Int16Array {
  const out = new Int16Array(seconds * RATE_HZ);
  let phase = 0;
  for (let i = 0; i < out.length; i++) {
    const t = i / RATE_HZ;
    phase += (130 + 10 * Math.sin(2 * Math.PI * 1.1 * t)) / RATE_HZ;
    let sum = 0;
    for (let k = 1; k <= 20; k++) sum += Math.sin(2 * Math.PI * k * phase) / k;
    out[i] = 4000 * Math.max(0, Math.sin(2 * Math.PI * 2 * t)) * sum;
  }
  return out;
}

function noise(seconds: number, level: number, seed = 1): Int16Array {
  const random = seeded(seed);
  return Int16Array.from({ length: seconds * RATE_HZ }, () => (random() - 0.5) * 2 * level);
}

const sum = (a: Int16Array, b: Int16Array): Int16Array => a.map((x, i) => x + (b[i] ?? 0));

/** All of it through, frame by frame. */
function cleaned(denoiser: { process(frame: Int16Array): void }, samples: Int16Array): Int16Array {
  const out = samples.slice();
  for (let at = 0; at + FRAME <= out.length; at += FRAME) denoiser.process(out.subarray(at, at + FRAME));
  return out;
}

/** By how many samples `late` lags behind `early`, up to 2000: where their correlation is highest. */
function lag(early: Int16Array, late: Int16Array): number {
  let best = { at: -1, sum: 0 };
  for (let shift = 0; shift <= 2000; shift++) {
    let dot = 0;
    for (let i = RATE_HZ; i < RATE_HZ + 12_000; i++) dot += (early[i] as number) * (late[i + shift] as number);
    if (dot > best.sum) best = { at: shift, sum: dot };
  }
  return best.at;
}

const codeOf = (work: () => unknown): string | undefined => {
  try {
    work();
    return undefined;
  } catch (error) {
    return (error as VoiceNodeError).code;
  }
};

describe('RNNoise', () => {
  let factory: DenoiserFactory;
  let wasm: RnnoiseWasm;
  beforeAll(async () => {
    factory = await loadDenoisers();
    wasm = await loadRnnoise();
  });
  const open: RnnoiseDenoiser[] = [];
  const create = (): RnnoiseDenoiser => {
    const denoiser = new RnnoiseDenoiser(wasm);
    open.push(denoiser);
    return denoiser;
  };
  afterAll(() => open.forEach((denoiser) => denoiser.close()));

  it('is loaded once for the process', async () => {
    expect(await loadRnnoise()).toBe(wasm);
  });

  it('is as late as it says', () => {
    const samples = voice();
    const denoiser = create();
    expect(Math.abs(lag(samples, cleaned(denoiser, samples)) - denoiser.delaySamples)).toBeLessThanOrEqual(2);
  });

  it('takes the noise of a fan down by more than 20 dB', () => {
    // White noise through a low-pass of the first order, -3 dB at 500 Hz: what a ventilator sounds like.
    let low = 0;
    const fan = noise(4, 6000).map((x) => (low += 0.063 * (x - low)));
    const out = cleaned(create(), fan);
    expect(rms(out.subarray(3 * RATE_HZ))).toBeLessThan(rms(fan.subarray(3 * RATE_HZ)) / 10);
  });

  it('leaves a voice in the noise within 3 dB of itself', () => {
    const samples = voice();
    const out = cleaned(create(), sum(samples, noise(3, 400)));
    const ratio = rms(out.subarray(RATE_HZ)) / rms(samples.subarray(RATE_HZ));
    expect(ratio).toBeGreaterThan(0.7);
    expect(ratio).toBeLessThan(1.4);
  });

  it('leaves digital silence as it is', () => {
    expect(cleaned(create(), new Int16Array(RATE_HZ)).every((x) => x === 0)).toBe(true);
  });

  it('saturates where the sum overshoots, and never wraps around', () => {
    const square = Int16Array.from({ length: 2 * RATE_HZ }, (_, i) => (Math.floor(i / 200) % 2 === 0 ? 32_767 : -32_768));
    const out = cleaned(create(), square);
    // A sample that wrapped around would lie on the other side of zero than its neighbours, in the middle of a plateau.
    let jumps = 0;
    for (let i = RATE_HZ; i < out.length - 1; i++) if (Math.abs((out[i + 1] as number) - (out[i] as number)) > 50_000) jumps++;
    expect(jumps).toBeLessThan(RATE_HZ / 200);
  });

  it('hears each call by itself', () => {
    const samples = sum(voice(1), noise(1, 500));
    const alone = cleaned(create(), samples);
    const [one, other] = [create(), create()];
    const out = samples.slice();
    const rest = noise(1, 3000, 2);
    for (let at = 0; at < out.length; at += FRAME) {
      one.process(out.subarray(at, at + FRAME));
      other.process(rest.subarray(at, at + FRAME));
    }
    expect(out).toEqual(alone);
  });

  it('is as new after a reset', () => {
    const denoiser = create();
    const samples = sum(voice(1), noise(1, 500));
    const first = cleaned(denoiser, samples);
    denoiser.reset();
    expect(cleaned(denoiser, samples)).toEqual(first);
  });

  it('gives its memory back: five thousand calls one after the other need no more than one', () => {
    const before = wasm.memory.buffer.byteLength;
    for (let i = 0; i < 5000; i++) {
      const denoiser = factory.create();
      denoiser.process(new Int16Array(FRAME));
      denoiser.reset();
      denoiser.close();
    }
    expect(wasm.memory.buffer.byteLength).toBe(before);
  });

  it('says so where it is fed with something else, or used after it was closed', () => {
    const denoiser = factory.create();
    expect(codeOf(() => denoiser.process(new Int16Array(441)))).toBe('denoise_failed');
    denoiser.close();
    denoiser.close();
    expect(codeOf(() => denoiser.process(new Int16Array(FRAME)))).toBe('denoise_failed');
    expect(codeOf(() => denoiser.reset())).toBe('denoise_failed');
  });
});

describe('RNNoise short of memory', () => {
  it('goes on in the calls there are when memory grows, and refuses the call there is no room for', async () => {
    const wasm = await loadRnnoise();
    const samples = sum(voice(1), noise(1, 500));
    const first = new RnnoiseDenoiser(wasm);
    const expected = cleaned(first, samples);
    first.reset();
    const half = cleaned(first, samples.subarray(0, RATE_HZ / 2));
    const before = wasm.memory.buffer.byteLength;
    const others: RnnoiseDenoiser[] = [];
    let code: string | undefined;
    while (code === undefined && others.length < 5000) code = codeOf(() => others.push(new RnnoiseDenoiser(wasm)));
    const grown = wasm.memory.buffer.byteLength > before;
    expect(grown || code === 'denoise_failed').toBe(true);
    expect(others.length).toBeGreaterThan(200);
    const rest = cleaned(first, samples.subarray(RATE_HZ / 2));
    expect([...half, ...rest]).toEqual([...expected]);
    [first, ...others].forEach((denoiser) => denoiser.close());
    // What was refused has given back the part it had got.
    expect(codeOf(() => new RnnoiseDenoiser(wasm).close())).toBeUndefined();
  });

  it('gives back what it had where only a part was to be had', () => {
    const freed: number[] = [];
    const wasm = { malloc: () => 64, free: (address: number) => freed.push(address), rnnoise_create: () => 0, rnnoise_destroy: () => freed.push(-1) };
    expect(codeOf(() => new RnnoiseDenoiser(wasm as unknown as RnnoiseWasm))).toBe('denoise_failed');
    expect(freed).toEqual([64]);
  });

  it('says denoise_failed where the module breaks down', () => {
    const wasm = {
      memory: { buffer: new ArrayBuffer(4096) },
      malloc: () => 64,
      free: () => undefined,
      rnnoise_create: () => 2048,
      rnnoise_destroy: () => undefined,
      rnnoise_process_frame: () => {
        throw new Error('unreachable');
      },
    };
    const denoiser = new RnnoiseDenoiser(wasm as unknown as RnnoiseWasm);
    expect(codeOf(() => denoiser.process(new Int16Array(FRAME)))).toBe('denoise_failed');
  });
});
