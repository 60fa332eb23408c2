import { Crowd } from '../rig/crowd.js';
import { startBenchLiveKit } from '../rig/livekit.js';
import { NodeProcess } from '../rig/node-process.js';
import { ADMIN_TOKEN, balances, nodeView, wait } from '../rig/operator.js';
import { treeCpuMs, treeMemoryMb } from '../rig/process-tree.js';
import { printTable, writeResults } from '../rig/report.js';
import { fixed, summarize } from '../rig/statistics.js';

// Many real calls for a long time, server and callers on the same machine: whether any caller hears a gap.
// Each speaks 1.4 s of every 4 and is answered with a tone of a second. Arguments: calls, seconds.

const calls = Number(process.argv[2] ?? 30);
const seconds = Number(process.argv[3] ?? 600);
const PERIOD_MS = 4000;
const REPORT_S = 60;

const liveKit = await startBenchLiveKit();
const node = await NodeProcess.start(liveKit, { ADMIN_TOKEN, JOURNAL: 'none', LOG_LEVEL: 'info', ROBOT: 'tone', ADMISSION: 'count' });
// Two processes: rtc-node's cost grows with the square of the rooms in one.
const crowds = [new Crowd(), new Crowd()];
const crowdOf = (call: number): Crowd => crowds[call % crowds.length] as Crowd;
const reports = () => Promise.all(Array.from({ length: calls }, (_, call) => crowdOf(call).report(call)));
try {
  for (let call = 0; call < calls; call++) {
    await crowdOf(call).join(call, await node.createSession('tone'));
    await crowdOf(call).speak(call, PERIOD_MS, 1000 + ((call * PERIOD_MS) / calls));
  }
  await wait(8000);
  const before = await reports();
  const cpuBefore = treeCpuMs(node.pid);
  const beganMs = performance.now();
  const p99: number[] = [];
  const late: number[] = [];
  while (performance.now() - beganMs < seconds * 1000) {
    await wait(500);
    for (const shard of (await nodeView(node)).shards) {
      p99.push(shard.loopP99Ms);
      late.push(shard.lateShare);
    }
    if (p99.length % (4 * REPORT_S) === 0) console.log(`${fixed((performance.now() - beganMs) / 1000, 0)} s: event loop p99 ${fixed(summarize(p99).median)} ms`);
  }
  const lastedMs = performance.now() - beganMs;
  const cpuPercentPerCall = (100 * (treeCpuMs(node.pid) - cpuBefore)) / lastedMs / calls;
  const after = await reports();
  const grown = (of: (report: (typeof after)[number]) => number): number => after.reduce((sum, report, i) => sum + of(report) - of(before[i] ?? report), 0);
  const gaps = after.flatMap((report, i) => report.gapsMs.slice(before[i]?.gapsMs.length));
  const view = await nodeView(node);
  printTable(
    `${calls} calls, ${seconds} s`,
    ['calls at the end', 'answers heard, % of those due', 'gaps over 40 ms', 'worst, ms', 'event loop p99, ms: median, p99, max', 'late ticks, %', 'CPU of a core per call, %', 'memory, MB', 'books'],
    [[String(view.live), fixed((100 * grown((r) => r.sounds)) / ((calls * lastedMs) / PERIOD_MS)), String(gaps.length), fixed(Math.max(0, ...gaps), 0), `${fixed(summarize(p99).median)}, ${fixed(summarize(p99).p99)}, ${fixed(summarize(p99).max)}`, fixed((100 * late.reduce((sum, each) => sum + each, 0)) / late.length, 3), fixed(cpuPercentPerCall, 2), fixed(treeMemoryMb(node.pid), 0), balances(view) ? 'balance' : 'DO NOT BALANCE']],
  );
  writeResults('live', { calls, seconds, gaps, p99: summarize(p99), cpuPercentPerCall, view });
} finally {
  for (const crowd of crowds) crowd.stop();
  await node.stop();
  await liveKit.stop();
}
