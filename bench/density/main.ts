import { Crowd } from '../rig/crowd.js';
import { startBenchLiveKit } from '../rig/livekit.js';
import { processTree, treeCpuMs, treeMemoryMb } from '../rig/process-tree.js';
import { printTable, writeResults } from '../rig/report.js';
import { fixed } from '../rig/statistics.js';
import { bareEchoes, liveKitAgents, voiceNode, type Contender } from './contenders.js';

// What a call costs: the node's echo with Silero on every frame, bare rtc-node, and LiveKit Agents doing the same echo.
// Each caller speaks 1.4 s of every 4. Arguments: calls, seconds, contenders (bare,node,agents).

const calls = Number(process.argv[2] ?? 16);
const seconds = Number(process.argv[3] ?? 60);
const wanted = (process.argv[4] ?? 'bare,node,shards,agents').split(',');
const PERIOD_MS = 4000;
const SETTLE_MS = 8000;

interface Figures {
  readonly name: string;
  readonly processes: number;
  /** Callers with a robot in their room. */
  readonly served: number;
  /** Of those. */
  readonly cpuPercentPerCall: number;
  readonly idleMb: number;
  readonly memoryMb: number;
  readonly perFurtherCallMb: number;
  /** Sounds that callers heard, of those they should have. */
  readonly answered: number;
}

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function measure(contender: Contender): Promise<Figures> {
  const crowd = new Crowd();
  try {
    const idleMb = treeMemoryMb(contender.pid);
    let firstMb = 0;
    for (let call = 0; call < calls; call++) {
      await crowd.join(call, await contender.invite(call));
      await crowd.speak(call, PERIOD_MS, 1000 + ((call * PERIOD_MS) / calls) % PERIOD_MS);
      if (call > 0) continue;
      await wait(SETTLE_MS);
      firstMb = treeMemoryMb(contender.pid);
    }
    await wait(SETTLE_MS);
    const soundsBefore = await sounds(crowd);
    const cpuBefore = treeCpuMs(contender.pid);
    const beganMs = performance.now();
    await wait(seconds * 1000);
    const cpuMs = treeCpuMs(contender.pid) - cpuBefore;
    const lastedMs = performance.now() - beganMs;
    const memoryMb = treeMemoryMb(contender.pid);
    const served = await countServed(crowd);
    const answered = ((await sounds(crowd)) - soundsBefore) / ((served * lastedMs) / PERIOD_MS);
    return { name: contender.name, processes: processTree(contender.pid).length, served, cpuPercentPerCall: (100 * cpuMs) / lastedMs / served, idleMb, memoryMb, perFurtherCallMb: (memoryMb - firstMb) / (served - 1), answered };
  } finally {
    crowd.stop();
    await contender.stop();
  }
}

async function countServed(crowd: Crowd): Promise<number> {
  let served = 0;
  for (let call = 0; call < calls; call++) if ((await crowd.report(call)).robots.length > 0) served++;
  return served;
}

async function sounds(crowd: Crowd): Promise<number> {
  let sum = 0;
  for (let call = 0; call < calls; call++) sum += (await crowd.report(call)).sounds;
  return sum;
}

const liveKit = await startBenchLiveKit();
const figures: Figures[] = [];
try {
  for (const who of wanted) {
    // A server of a former contender's rooms costs nothing any more once they are gone; the order does not matter.
    if (who === 'bare') figures.push(await measure(await bareEchoes(liveKit)));
    else if (who === 'node') figures.push(await measure(await voiceNode(liveKit, 'voice-node, one shard', { SHARDS: '1' })));
    else if (who === 'shards') figures.push(await measure(await voiceNode(liveKit, 'voice-node, a shard per core', {})));
    else if (who === 'agents') figures.push(await measure(await liveKitAgents(liveKit, calls)));
    else throw new Error(`expected bare, node, shards or agents, got ${who}`);
    console.log(JSON.stringify(figures.at(-1)));
  }
} finally {
  await liveKit.stop();
}
printTable(
  `${calls} calls, ${seconds} s; memory is the proportional set size of all processes`,
  ['', 'calls served', 'processes', 'CPU of a core per call, %', 'memory without a call, MB', 'memory, MB', 'per further call, MB', 'utterances answered, %'],
  figures.map((f) => [f.name, String(f.served), String(f.processes), fixed(f.cpuPercentPerCall, 2), fixed(f.idleMb, 0), fixed(f.memoryMb, 0), fixed(f.perFurtherCallMb), fixed(100 * f.answered, 0)]),
);
writeResults('density', { calls, seconds, figures });
