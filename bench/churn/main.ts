import { Crowd } from '../rig/crowd.js';
import { startBenchLiveKit } from '../rig/livekit.js';
import { NodeProcess } from '../rig/node-process.js';
import { ADMIN_TOKEN, balances, sum, until, wait } from '../rig/operator.js';
import { processTree, treeMemoryMb } from '../rig/process-tree.js';
import { seeded } from '../rig/random.js';
import { printTable, writeResults } from '../rig/report.js';
import { fixed } from '../rig/statistics.js';
import { churnInMemory } from './memory.js';
import { slopeOf } from './slope.js';

// Calls come and hang up at random moments, from before the robot is there to the middle of an answer: nothing may be
// left of them. First in memory, without rtc-node, then in real rooms. Arguments: calls, at once, seed.

const calls = Number(process.argv[2] ?? 2000);
const atOnce = Number(process.argv[3] ?? 10);
const seed = Number(process.argv[4] ?? 1);
const GONE_LIMIT_MS = 5000;
const WARM_UP = 200;
const THREADS_MS = 25_000;

/** Of every process of the node, by kind. */
async function resources(node: NodeProcess): Promise<Record<string, number>> {
  const found: Record<string, number> = {};
  for (const [, labels, value] of (await node.metrics()).matchAll(/^nodejs_active_resources\{(.*)\} (\d+)/gm)) {
    const type = /type="([^"]+)"/.exec(labels ?? '')?.[1] ?? '?';
    found[type] = (found[type] ?? 0) + Number(value);
  }
  return found;
}

const inMemory = await churnInMemory(calls, atOnce, seed);
console.log(`in memory, ${calls} calls: ${fixed(inMemory.slopeKbPerCall, 2)} kB a call`);
const liveKit = await startBenchLiveKit();
const node = await NodeProcess.start(liveKit, { ADMIN_TOKEN, JOURNAL: 'none', LOG_LEVEL: 'info', ROBOT: 'tone', ADMISSION: 'count' });
let crowd = new Crowd();
/** What went wrong on the callers' side, whose rtc-node has its own troubles. */
const troubles: string[] = [];
const random = seeded(seed);
const memory: { readonly calls: number; readonly mb: number }[] = [];
let done = 0;
let refused = 0;
let before: Record<string, number> = {};
try {
  let next = 0;
  const oneAfterTheOther = async (): Promise<void> => {
    while (next < calls) {
      const call = next++;
      const mine = crowd;
      try {
        const session = await node.createSession(random() < 0.5 ? 'tone' : 'echo');
        const lastsMs = 3500 * random() ** 1.5;
        const joining = mine.join(call, session);
        joining.catch(() => undefined);
        // Some hang up while they are still joining.
        if (random() < 0.2) await Promise.race([joining, wait(lastsMs / 10)]);
        else {
          await joining;
          await mine.speak(call, 60_000, 0);
          await wait(lastsMs);
        }
        await joining.catch(() => undefined);
        await mine.leave(call);
      } catch (error) {
        if (String(error).includes('503')) {
          if (refused++ === 0) console.log(String(error));
        } else {
          troubles.push(String(error));
          // The process with all callers is gone: for the node, all of them at once.
          if (crowd.isGone) crowd = new Crowd();
        }
        await wait(200);
      }
      done++;
      if (done % 25 === 0) memory.push({ calls: done, mb: treeMemoryMb(node.pid) });
      if (done % 200 === 0) console.log(`${done} calls, ${fixed(memory.at(-1)?.mb ?? 0, 0)} MB`);
    }
  };
  before = await resources(node);
  await Promise.all(Array.from({ length: atOnce }, oneAfterTheOther));
  const leftMs = performance.now();
  const view = await until(node, 'no call is left', 40_000, ({ live }) => live === 0);
  const goneMs = performance.now() - leftMs;
  await wait(GONE_LIMIT_MS);
  const after = await resources(node);
  // Native threads that nobody needs any more wait for ten seconds before they end, and hold memory meanwhile.
  await wait(THREADS_MS);
  const restMb = treeMemoryMb(node.pid);
  const settled = memory.filter((at) => at.calls > WARM_UP);
  const slopeKb = 1024 * slopeOf(settled.map((at) => [at.calls, at.mb]));
  printTable(
    'Churn',
    ['calls', 'at once', 'refused', 'last one gone after, ms', 'ended', 'books', 'memory at first, MB', 'at last, MB', 'half a minute later, MB', 'slope, kB a call', 'processes'],
    [[String(done), String(atOnce), String(refused), fixed(goneMs, 0), JSON.stringify(view.ended), balances(view) ? 'balance' : 'DO NOT BALANCE', fixed(settled[0]?.mb ?? 0, 0), fixed(settled.at(-1)?.mb ?? 0, 0), fixed(restMb, 0), fixed(slopeKb, 2), String(processTree(node.pid).length)]],
  );
  const kinds = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  printTable('Handles of all processes', ['', 'before the first call', '5 s after the last'], kinds.map((kind) => [kind, String(before[kind] ?? 0), String(after[kind] ?? 0)]));
  if (troubles.length > 0) console.log(`\n${troubles.length} troubles of callers: ${[...new Set(troubles)].slice(0, 5).join('; ')}`);
  writeResults('churn', { troubles, calls: done, atOnce, seed, refused, goneMs, view, offered: sum(view.ended), slopeKbPerCall: slopeKb, memory, restMb, inMemory, before, after });
} finally {
  crowd.stop();
  await node.stop();
  await liveKit.stop();
}
