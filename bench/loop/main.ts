import { dispose } from '@livekit/rtc-node';
import { startBenchLiveKit } from '../rig/livekit.js';
import { bareLoop, oneWay, toneTurns } from '../rig/loops.js';
import { NodeProcess } from '../rig/node-process.js';
import { printTable, writeResults } from '../rig/report.js';
import { fixed, summarize } from '../rig/statistics.js';

// What the node adds to the way of the sound: bare rtc-node one way and as an echo, then the tone robot from t2
// to the caller's ear, all in one run. Argument: how many of each.

const count = Number(process.argv[2] ?? 20);
const liveKit = await startBenchLiveKit();
const results: Record<string, number[]> = {};
try {
  results['one way, bare rtc-node'] = await oneWay(liveKit, count);
  results['echo, bare rtc-node, queue 200 ms, 20 ms frames'] = await bareLoop(liveKit, 200, 20, count);
  results['echo, bare rtc-node, no queue, 10 ms frames'] = await bareLoop(liveKit, 0, 10, count);
  const node = await NodeProcess.start(liveKit);
  try {
    const turns = await toneTurns(node, count);
    results['voice-node, tone: t2 to ear'] = turns.map(({ t2ToEarMs }) => t2ToEarMs);
    results['voice-node, tone: t2 to t6 (inside)'] = turns.map(({ responseMs }) => responseMs);
    results['voice-node, tone: end of voice to ear'] = turns.map(({ endToEarMs }) => endToEarMs);
  } finally {
    await node.stop();
  }
} finally {
  await liveKit.stop();
  await dispose();
}

const rows = Object.entries(results).map(([name, values]) => {
  const { count: n, median, p95, min, max } = summarize(values);
  return [name, String(n), fixed(min), fixed(median), fixed(p95), fixed(max)];
});
printTable('The loop, ms', ['path', 'n', 'min', 'median', 'p95', 'max'], rows);
const overhead = summarize(results['voice-node, tone: t2 to ear'] ?? []).median - summarize(results['one way, bare rtc-node'] ?? []).median;
console.log(`\nt2 to ear is ${fixed(overhead)} ms above the bare one-way path (goal: at most 60)`);
writeResults('loop', { ...results, overheadMs: overhead });
