import { createRequire } from 'node:module';
import { PerformanceObserver } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { dispose } from '@livekit/rtc-node';
import type * as waveResampler from 'wave-resampler';
import { loadDetectors } from '../../voice-node/providers/vad/create.js';
import { printTable, writeResults } from '../rig/report.js';
import { fixed, summarize } from '../rig/statistics.js';
import { stages, waveStages, type StageBench } from './stages.js';

// What each stage costs per 20 ms frame, and what it allocates, beside what others do in the same run.
// Argument: frames measured of each.

const count = Number(process.argv[2] ?? 20_000);
const BATCH = 2000;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

interface Figures {
  readonly meanUs: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly maxUs: number;
  readonly bytesPerFrame: number;
  readonly collections: number;
}

/** CPU time is taken over batches; single frames are timed by the clock, so what else runs here counts against them. */
function measure(stage: StageBench, frames: number): Figures {
  for (let i = 0; i < BATCH; i++) stage.run(i);
  const times = new Float64Array(frames);
  const before = process.cpuUsage();
  for (let i = 0; i < frames; i++) {
    const begin = performance.now();
    stage.run(BATCH + i);
    times[i] = (performance.now() - begin) * 1000;
  }
  const { user, system } = process.cpuUsage(before);
  const { median, p99, max } = summarize([...times]);
  return { meanUs: (user + system) / frames, p50Us: median, p99Us: p99, maxUs: max, ...allocation(stage, BATCH + frames, frames) };
}

let collections = 0;
new PerformanceObserver((list) => (collections += list.getEntries().length)).observe({ entryTypes: ['gc'] });

/** The least of three passes: in the others the engine may still have been compiling and keeping books. */
function allocation(stage: StageBench, from: number, frames: number): { bytesPerFrame: number; collections: number } {
  const passes = [0, 1, 2].map((pass) => allocationOnce(stage, from + pass * frames, frames));
  return passes.reduce((best, pass) => (pass.bytesPerFrame < best.bytesPerFrame ? pass : best));
}

function allocationOnce(stage: StageBench, from: number, frames: number): { bytesPerFrame: number; collections: number } {
  collect();
  collect();
  const heapBefore = process.memoryUsage();
  const gcBefore = collections;
  for (let i = 0; i < frames; i++) stage.run(from + i);
  const heapAfter = process.memoryUsage();
  const grown = heapAfter.heapUsed - heapBefore.heapUsed + heapAfter.arrayBuffers - heapBefore.arrayBuffers;
  return { bytesPerFrame: Math.max(0, grown) / frames, collections: collections - gcBefore };
}

const detectors = await loadDetectors();
const wave = createRequire(import.meta.url)('wave-resampler') as typeof waveResampler;
const results: Record<string, Figures> = {};
for (const stage of [...stages(detectors), ...waveStages(wave.resample)]) {
  results[stage.name] = measure(stage, stage.name.startsWith('wave') ? Math.min(count, 3000) : count);
  stage.close?.();
  // Lets what native code has finished be freed before the next stage is measured.
  await new Promise((resolve) => setTimeout(resolve, 50));
}
detectors.close();

const rows = Object.entries(results).map(([name, f]) => [name, fixed(f.meanUs), fixed(f.p50Us), fixed(f.p99Us), fixed(f.maxUs, 0), fixed(f.bytesPerFrame, 2)]);
printTable('Per 20 ms frame, µs (p50, p99, max by the clock)', ['stage', 'CPU mean', 'p50', 'p99', 'max', 'bytes allocated'], rows);
const whole = results['way in and way out, no model'];
console.log(`\nway in and out: p99 ${fixed(whole?.p99Us ?? Number.NaN)} µs (goal: at most 60), ${fixed(whole?.bytesPerFrame ?? Number.NaN, 2)} bytes a frame (goal: 0)`);
writeResults('frames', results);
await dispose();
