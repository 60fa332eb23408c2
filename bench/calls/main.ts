import { dispose } from '@livekit/rtc-node';
import { Caller } from '../rig/caller.js';
import { startBenchLiveKit } from '../rig/livekit.js';
import { NodeProcess } from '../rig/node-process.js';
import { treeCpuMs, treeMemoryMb } from '../rig/process-tree.js';
import { printTable, writeResults } from '../rig/report.js';
import { fixed, summarize } from '../rig/statistics.js';
import { trimmed, voice } from '../rig/voices.js';

// Many calls at once in one node: all answered, how late, what each one costs. Arguments: calls, rounds.

const calls = Number(process.argv[2] ?? 10);
const rounds = Number(process.argv[3] ?? 5);
const LIMIT_MS = 30_000;

/** Of all shards. */
const counter = (text: string, name: string): number =>
  [...text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)`, 'gm'))].reduce((sum, [, value]) => sum + Number(value), 0);
const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

interface Row {
  readonly calls: number;
  readonly memoryMb: number;
  readonly cpuPercentPerCall: number;
}

const liveKit = await startBenchLiveKit();
const growth: Row[] = [];
const responses: number[] = [];
let lateTicks = 0;
try {
  const node = await NodeProcess.start(liveKit, { MAX_CALLS: String(calls) });
  const callers: Caller[] = [];
  const words = trimmed(voice('Front_Center'));
  const oneRound = async (): Promise<void> => {
    const from = node.log.length;
    const answered = callers.map(async (caller, i) => {
      await wait(i * 40);
      const beganMs = await caller.say(words);
      await caller.heard.sound(beganMs + words.length / 48, LIMIT_MS, 1500);
    });
    await Promise.all(answered);
    for (let turns = 0, at = from; turns < callers.length; turns++) {
      const line = await node.waitForLog(({ msg }) => msg === 'turn', LIMIT_MS, at);
      at = node.log.indexOf(line) + 1;
      responses.push((line['stagesMs'] as { response: number }).response);
    }
  };
  try {
    for (let i = 0; i < calls; i++) {
      const session = await node.createSession('tone');
      const caller = new Caller(20);
      await caller.join(session.url, session.token);
      callers.push(caller);
      if (i === 0 || i === calls - 1) {
        responses.length = 0;
        const cpuBefore = treeCpuMs(node.pid);
        const beforeMs = performance.now();
        const lateBefore = counter(await node.metrics(), 'voice_node_late_ticks_total');
        for (let round = 0; round < rounds; round++) await oneRound();
        lateTicks = counter(await node.metrics(), 'voice_node_late_ticks_total') - lateBefore;
        const cpu = (100 * (treeCpuMs(node.pid) - cpuBefore)) / (performance.now() - beforeMs);
        growth.push({ calls: i + 1, memoryMb: treeMemoryMb(node.pid), cpuPercentPerCall: cpu / (i + 1) });
      }
    }
  } finally {
    for (const caller of callers) await caller.leave();
    await node.stop();
  }
} finally {
  await liveKit.stop();
  await dispose();
}

printTable('Cost', ['calls', 'memory MB', 'CPU of a core per call, %'], growth.map((row) => [String(row.calls), fixed(row.memoryMb), fixed(row.cpuPercentPerCall, 2)]));
const [first, last] = [growth[0], growth.at(-1)];
const perCallMb = first !== undefined && last !== undefined && last.calls > 1 ? (last.memoryMb - first.memoryMb) / (last.calls - 1) : Number.NaN;
const response = summarize(responses);
console.log(`\n${responses.length} of ${calls * rounds} turns answered; t2 to t6 median ${fixed(response.median)} ms, p95 ${fixed(response.p95)}, max ${fixed(response.max)}`);
console.log(`late playout ticks: ${lateTicks}; memory per further call: ${fixed(perCallMb)} MB (goal: at most 12)`);
writeResults('calls', { growth, responseMs: responses, lateTicks, memoryPerFurtherCallMb: perCallMb });
