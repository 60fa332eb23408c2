import { dispose } from '@livekit/rtc-node';
import { printTable, writeResults } from '../rig/report.js';
import { fixed } from '../rig/statistics.js';
import { callerFrames } from './calls.js';
import { CONTENDERS } from './contenders.js';
import { costOf, type Cost } from './measure.js';
import { diskBytes, measureMemory, memoryOf, type Memory } from './memory.js';

// What the whole of voice detection costs per call and 20 ms frame, from int16 to a probability, gate included, beside
// the same on ONNX Runtime and the loops of others; then memory and bytes on disk. Argument: frames in a pass.

const CALLS = [1, 16, 64];
const GOAL_US = 30;

async function compare(frames: number): Promise<void> {
  const line = callerFrames();
  const costs: Record<string, Cost[]> = {};
  const memory: Record<string, Memory> = {};
  for (const contender of CONTENDERS) {
    const list: Cost[] = [];
    for (const calls of CALLS) list.push(await costOf(contender, calls, line, frames));
    costs[contender.name] = list;
    memory[contender.name] = await memoryOf(contender.name);
  }
  printTable(
    'Per call and 20 ms frame, µs (CPU of the process; in brackets by the clock, with caches that others have used)',
    ['', ...CALLS.map((calls) => `${calls} calls`), 'MiB a process', 'KiB a call'],
    CONTENDERS.map(({ name }) => [
      name,
      ...(costs[name] ?? []).map(({ cpuUs, coldUs }) => `${fixed(cpuUs)} (${fixed(coldUs)})`),
      fixed(memory[name]?.processMiB ?? Number.NaN),
      fixed(memory[name]?.perCallKiB ?? Number.NaN),
    ]),
  );
  const disk = diskBytes();
  printTable('On disk', ['', 'kB'], Object.entries(disk).map(([name, bytes]) => [name, fixed(bytes / 1000)]));
  const ours = costs['voice-node']?.find(({ calls }) => calls === 16)?.cpuUs ?? Number.NaN;
  console.log(`\nvoice-node at 16 calls: ${fixed(ours)} µs (goal: at most ${GOAL_US})`);
  writeResults('vad', { costs, memory, disk });
}

const [first, name] = process.argv.slice(2);
if (first === '--memory') console.log(JSON.stringify(await measureMemory(name ?? '')));
else await compare(Number(first ?? 4000));
await dispose();
