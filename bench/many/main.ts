import { MachineWatch, type MachineReport } from '../rig/machine-watch.js';
import { treeCpuMs, treeMemoryMb } from '../rig/process-tree.js';
import { wait } from '../rig/operator.js';
import { printTable, writeResults } from '../rig/report.js';
import { fixed, summarize } from '../rig/statistics.js';
import { MemoryNode } from './memory-node.js';

// How many calls a machine carries when the network is left out, and whether each costs the same. Every call is heard by
// Silero on every frame; each caller speaks 1.4 s of every 8 and is answered with an echo.
// Arguments: calls (several: a row each), seconds, shards, `count` to let them all in at once.

const sizes = (process.argv[2] ?? '10,100,500').split(',').map(Number);
const seconds = Number(process.argv[3] ?? 30);
const shards = Number(process.argv[4] ?? 2);
const byCount = process.argv[5] === 'count';
const PERIOD_MS = 8000;
const RAMP_LIMIT_MS = 600_000;

interface Row {
  readonly calls: number;
  readonly rampS: number;
  readonly cpuPercentPerCall: number;
  readonly memoryMb: number;
  readonly loopP99Ms: number;
  readonly worstLoopMs: number;
  readonly lateShare: number;
  readonly gaps: number;
  readonly worstGapMs: number;
  readonly answered: number;
  readonly driverLate: number;
  readonly machine: MachineReport;
}

async function measure(calls: number): Promise<Row> {
  const node = new MemoryNode(shards, Math.ceil(calls / shards), PERIOD_MS, 'echo', byCount);
  try {
    await node.ready();
    const rampMs = await ramp(node, calls);
    await wait(PERIOD_MS);
    const before = await node.callers();
    const cpuBefore = treeCpuMs(process.pid);
    const beganMs = performance.now();
    const machine = new MachineWatch();
    const p99: number[] = [];
    const late: number[] = [];
    while (performance.now() - beganMs < seconds * 1000) {
      await wait(500);
      for (const shard of node.view.shards) {
        p99.push(shard.loopP99Ms);
        late.push(shard.lateShare);
      }
    }
    const lastedMs = performance.now() - beganMs;
    const cpuMs = treeCpuMs(process.pid) - cpuBefore;
    const after = await node.callers();
    const grown = (of: (report: (typeof after)[number]) => number): number => after.reduce((sum, report, i) => sum + of(report) - of(before[i] ?? report), 0);
    const newGaps = after.flatMap((report, i) => report.gapsMs.slice(before[i]?.gapsMs.length));
    return {
      calls: node.view.live,
      rampS: rampMs / 1000,
      cpuPercentPerCall: (100 * cpuMs) / lastedMs / calls,
      memoryMb: treeMemoryMb(process.pid),
      loopP99Ms: summarize(p99).median,
      worstLoopMs: summarize(p99).p99,
      lateShare: late.reduce((sum, share) => sum + share, 0) / late.length,
      gaps: newGaps.length,
      worstGapMs: Math.max(0, ...newGaps),
      answered: grown((report) => report.sounds) / ((calls * lastedMs) / PERIOD_MS),
      driverLate: grown((report) => report.lateFrames),
      machine: await machine.stop(),
    };
  } finally {
    node.stop();
  }
}

/** As fast as the desk lets them in. */
async function ramp(node: MemoryNode, calls: number): Promise<number> {
  const beganMs = performance.now();
  while (node.view.live < calls) {
    if (performance.now() - beganMs > RAMP_LIMIT_MS) throw new Error(`only ${node.view.live} of ${calls} calls were let in: ${JSON.stringify(node.view.shards)}`);
    if ('refused' in (await node.call())) await wait(100);
  }
  return performance.now() - beganMs;
}

const rows: Row[] = [];
for (const calls of sizes) {
  rows.push(await measure(calls));
  console.log(JSON.stringify(rows.at(-1)));
}
printTable(
  `Calls in memory, ${shards} shards, ${seconds} s each`,
  ['calls', 'let in within, s', 'CPU of a core per call, %', 'memory, MB', 'event loop p99, ms: median, worst', 'late ticks, %', 'gaps over 40 ms', 'worst gap, ms', 'utterances answered, %', 'late callers', 'machine: stalls over 30 ms (worst), stolen %'],
  rows.map((r) => [String(r.calls), fixed(r.rampS), fixed(r.cpuPercentPerCall, 3), fixed(r.memoryMb, 0), `${fixed(r.loopP99Ms)}, ${fixed(r.worstLoopMs)}`, fixed(100 * r.lateShare, 2), String(r.gaps), fixed(r.worstGapMs, 0), fixed(100 * r.answered, 0), String(r.driverLate), `${r.machine.stallsMs.length} (${Math.max(0, ...r.machine.stallsMs)}), ${fixed(100 * r.machine.stolen, 2)}`]),
);
const [first, second] = [rows.find(({ calls }) => calls === 10), rows.find(({ calls }) => calls === 100)];
if (first !== undefined && second !== undefined) console.log(`\nCPU per call at 100 over 10: ${fixed(second.cpuPercentPerCall / first.cpuPercentPerCall, 2)} (goal: at most 1.3)`);
writeResults('many', { seconds, shards, rows });
process.exit(0);
