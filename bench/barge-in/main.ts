import { dispose } from '@livekit/rtc-node';
import { interrupt, type Interruption } from '../rig/interruptions.js';
import { startBenchLiveKit } from '../rig/livekit.js';
import { NodeProcess } from '../rig/node-process.js';
import { seeded } from '../rig/random.js';
import { printTable, writeResults } from '../rig/report.js';
import { fixed, summarize } from '../rig/statistics.js';

// Barge-in at the caller's ear: from the first audible packet of the interrupting voice leaving the caller to
// the last sound of the old echo reaching him, on a real server, per detector. Argument: how many of each.

const count = Number(process.argv[2] ?? 20);
const SEED = 7;

const liveKit = await startBenchLiveKit();
const results: Record<string, { stopMs: number[]; nodeStopMs: number[]; laterPeak: number }> = {};
try {
  for (const detector of ['silero', 'energy', 'webrtc']) {
    const node = await NodeProcess.start(liveKit, { VAD: detector });
    try {
      const interruptions: Interruption[] = await interrupt(node, count, seeded(SEED));
      results[detector] = {
        stopMs: interruptions.map(({ stopMs }) => stopMs),
        nodeStopMs: node.log.filter(({ msg }) => msg === 'barge-in').map((line) => Number(line['stopMs'])),
        laterPeak: Math.max(...interruptions.map(({ laterPeak }) => laterPeak)),
      };
    } finally {
      await node.stop();
    }
  }
} finally {
  await liveKit.stop();
  await dispose();
}

const rows = Object.entries(results).map(([detector, { stopMs, nodeStopMs, laterPeak }]) => {
  const ear = summarize(stopMs);
  const inside = summarize(nodeStopMs);
  return [detector, String(ear.count), fixed(ear.median), fixed(ear.p95), fixed(ear.max), fixed(inside.median), fixed(inside.p95), String(laterPeak)];
});
printTable('Barge-in, ms', ['detector', 'interruptions', 'ear median', 'ear p95', 'ear max', 'node median', 'node p95', 'loudest sample later'], rows);
writeResults('barge-in', results);
