import { summarize } from '../rig/statistics.js';
import type { Contender, Ear } from './contenders.js';

export interface Cost {
  readonly calls: number;
  /** CPU of the whole process per call and frame, of several passes the median. */
  readonly cpuUs: number;
  /** The same by the clock, frame by frame, after other work has taken the caches. */
  readonly coldUs: number;
}

const PASSES = 5;
/** Twice the largest second-level cache about. */
const SWEEP_FLOATS = 1 << 20;
const sweep = new Float32Array(SWEEP_FLOATS);

/** What a process does between two frames, as far as the caches can tell: walks through 4 MB, and leaves a mark. */
function sweepCaches(): void {
  for (let i = 0; i < SWEEP_FLOATS; i += 16) sweep[i] = (sweep[i] as number) + 1;
}

/** `calls` calls take their frames in turns, each from its own place in what the caller says. */
export async function costOf(contender: Contender, calls: number, line: readonly Int16Array[], frames: number): Promise<Cost> {
  const shared = await contender.load();
  const ears = Array.from({ length: calls }, () => shared.open());
  let tick = 0;
  const frameOf = (call: number): Int16Array => line[(tick + 37 * call) % line.length] as Int16Array;
  const pass = async (ticks: number): Promise<void> => {
    for (const last = tick + ticks; tick < last; tick++) await turn(ears, frameOf);
  };
  const ticks = Math.max(1, Math.ceil(frames / calls));
  await pass(Math.max(ticks, 400 / calls));
  const cpu: number[] = [];
  for (let i = 0; i < PASSES; i++) {
    const before = process.cpuUsage();
    await pass(ticks);
    const { user, system } = process.cpuUsage(before);
    cpu.push((user + system) / (ticks * calls));
  }
  const cold: number[] = [];
  for (const last = tick + Math.ceil(ticks / 4); tick < last; tick++) {
    for (const [call, ear] of ears.entries()) {
      sweepCaches();
      const began = performance.now();
      const answer = ear.push(frameOf(call));
      if (answer instanceof Promise) await answer;
      cold.push((performance.now() - began) * 1000);
    }
  }
  shared.close();
  return { calls, cpuUs: summarize(cpu).median, coldUs: trimmedMean(cold) };
}

/** Only what has to be awaited is: an await of its own would be charged to those that do without. */
async function turn(ears: readonly Ear[], frameOf: (call: number) => Int16Array): Promise<void> {
  for (let call = 0; call < ears.length; call++) {
    const answer = ears[call]?.push(frameOf(call));
    if (answer instanceof Promise) await answer;
  }
}

/** Without the dearest twentieth, in which something else had the processor. */
function trimmedMean(values: readonly number[]): number {
  const kept = [...values].sort((a, b) => a - b).slice(0, Math.ceil(0.95 * values.length));
  return kept.reduce((sum, x) => sum + x, 0) / kept.length;
}
