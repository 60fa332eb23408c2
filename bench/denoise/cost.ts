import { FRAME_MS, WIRE_RATE_HZ } from '../../voice-node/domain/audio.js';
import type { Denoiser } from '../../voice-node/domain/denoiser.js';
import type { DenoiserFactory } from '../../voice-node/providers/denoise/rnnoise.js';
import { loadRnnoise } from '../../voice-node/providers/denoise/rnnoise-wasm.js';
import { summarize } from '../rig/statistics.js';

export interface Cost {
  /** CPU time of 20 ms of audio. */
  readonly meanUs: number;
  /** By the clock: whatever else runs here counts. */
  readonly p50Us: number;
  readonly p99Us: number;
  readonly bytesPerFrame: number;
  readonly kibPerCall: number;
}

const WIRE_FRAME = (WIRE_RATE_HZ * FRAME_MS) / 1000;
const FRAMES = 5000;
const CALLS = 256;
const PASSES = 3;

/** What the denoiser costs on this audio, over and over. */
export async function costOf(factory: DenoiserFactory, wire: Int16Array): Promise<Cost> {
  const kibPerCall = await memoryOf(factory);
  const denoiser = factory.create();
  const frame = new Int16Array(denoiser.frameSamples);
  const take = (index: number): void => run(denoiser, wire, index, frame);
  for (let i = 0; i < 500; i++) take(i);
  const times = new Float64Array(FRAMES);
  let meanUs = Infinity;
  for (let pass = 0; pass < PASSES; pass++) {
    const before = process.cpuUsage();
    for (let i = 0; i < FRAMES; i++) {
      const begin = performance.now();
      take(i);
      times[i] = 1000 * (performance.now() - begin);
    }
    const { user, system } = process.cpuUsage(before);
    meanUs = Math.min(meanUs, (user + system) / FRAMES);
  }
  const { median, p99 } = summarize([...times]);
  const bytesPerFrame = Math.min(...Array.from({ length: PASSES }, () => allocated(take)));
  denoiser.close();
  return { meanUs, p50Us: median, p99Us: p99, bytesPerFrame, kibPerCall };
}

/** 20 ms of the wire, as hearing hands them over. */
function run(denoiser: Denoiser, wire: Int16Array, index: number, frame: Int16Array): void {
  const from = (index * WIRE_FRAME) % (wire.length - WIRE_FRAME);
  for (let at = from; at < from + WIRE_FRAME; at += frame.length) {
    for (let i = 0; i < frame.length; i++) frame[i] = wire[at + i] as number;
    denoiser.process(frame);
  }
}

function allocated(take: (index: number) => void): number {
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < FRAMES; i++) take(i);
  return Math.max(0, (process.memoryUsage().heapUsed - before) / FRAMES);
}

/** How far the module's heap grows with one more call, over many: nothing lies in JavaScript's but the object itself. */
async function memoryOf(factory: DenoiserFactory): Promise<number> {
  const wasm = await loadRnnoise();
  const top = (): number => {
    const address = wasm.malloc(16);
    wasm.free(address);
    return address;
  };
  const before = top();
  const calls = Array.from({ length: CALLS }, () => factory.create());
  const used = top() - before;
  calls.forEach((denoiser) => denoiser.close());
  return used / 1024 / CALLS;
}
