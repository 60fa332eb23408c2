import { PerformanceObserver } from 'node:perf_hooks';

import type { SampleFormat } from '../../voice-node/dsp/resampler.js';
import type { Contender } from './contenders.js';
import { samplesOf } from './tones.js';

export interface Allocation {
  readonly name: string;
  readonly fromHz: number;
  readonly toHz: number;
  readonly format: SampleFormat;
  readonly frames: number;
  /** Growth of the heap and of array buffers over all frames; meaningless once a collection ran. */
  readonly heapBytes: number;
  readonly bufferBytes: number;
  readonly collections: number;
}

const collect = (globalThis as { gc?: () => void }).gc;

/** What `frames` pushes leave on the heap, and how often they made the collector run. Needs --expose-gc. */
export async function measureAllocation(contender: Contender, fromHz: number, toHz: number, format: SampleFormat, frames: number): Promise<Allocation> {
  if (collect === undefined) throw new Error('run with --expose-gc');
  const stream = await contender.open(fromHz, toHz, format);
  const frame = samplesOf((i) => 0.3 * Math.sin(i * 0.05), 0, fromHz / 50, format);
  // Until the optimising compiler has finished.
  for (let i = 0; i < Math.min(frames, 30000); i++) stream.push(frame);
  let collections = 0;
  const observer = new PerformanceObserver((list) => {
    collections += list.getEntries().length;
  });
  collect();
  await turn();
  observer.observe({ entryTypes: ['gc'] });
  const before = process.memoryUsage();
  for (let i = 0; i < frames; i++) stream.push(frame);
  const after = process.memoryUsage();
  await turn();
  observer.disconnect();
  stream.close?.();
  return { name: contender.name, fromHz, toHz, format, frames, heapBytes: after.heapUsed - before.heapUsed, bufferBytes: after.arrayBuffers - before.arrayBuffers, collections };
}

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));
