import type { NodeView } from '../../voice-node/domain/operations.js';
import { CheapCallers } from '../rig/cheap-callers.js';
import { startBenchLiveKit, type BenchLiveKit } from '../rig/livekit.js';
import { NodeProcess } from '../rig/node-process.js';
import { ADMIN_TOKEN, balances, nodeView, wait } from '../rig/operator.js';
import { encodeWords } from '../rig/opus-words.js';
import { treeCpuMs, treeMemoryMb } from '../rig/process-tree.js';
import { printTable, writeResults } from '../rig/report.js';
import { fixed, summarize } from '../rig/statistics.js';
import { trimmed, voice } from '../rig/voices.js';
import { score } from './score.js';

// Many real calls for a long time, server and callers on the same machine: whether any caller hears a gap.
// Each speaks 1.3 s of every 4 and is answered with a tone of a second. The callers (bench/callers) neither encode nor
// decode, so what is measured is the node and the server. Arguments: calls, seconds, shards (as the node decides).

const PERIOD_MS = 4000;

const argument = (what: string, at: number, standard: number, least = 1): number => {
  const number = Number(process.argv[at] ?? standard);
  if (!Number.isInteger(number) || number < least) throw new Error(`live: ${what}: expected a whole number from ${least} on, got '${process.argv[at]}'`);
  return number;
};
const calls = argument('calls', 2, 30);
const seconds = argument('seconds', 3, 600, PERIOD_MS / 1000);
const shards = process.argv[4] === undefined ? undefined : argument('shards', 4, 1);

const SETTLE_MS = 8000;
const REPORT_S = 60;
/** A turn is told when the next words are over. */
const TOLD_MS = PERIOD_MS + 1500;
/** Packets of the robot's encoder: the tone takes 99 bytes and more, comfort noise up to 55, silence 1 to 3. */
const LOUD_BYTES = 80;
const ROOMS_PER_SHARD = 24;
/** At the end the node's media processes are held still, to see that the callers hear it: often enough to meet an answer of any call. */
const STILL_MS = 200;
const STILL_EVERY_MS = 750;
const STILL_TIMES = 8;

interface Watched {
  readonly p99: number[];
  readonly late: number[];
}

/** CPU time so far of each side, in ms. */
const cpuNow = (node: NodeProcess, callers: CheapCallers, liveKit: BenchLiveKit) => ({ node: treeCpuMs(node.pid), callers: treeCpuMs(callers.pid), server: treeCpuMs(liveKit.pid) });

async function watch(node: NodeProcess): Promise<Watched> {
  const watched: Watched = { p99: [], late: [] };
  const beganMs = performance.now();
  let reportedS = 0;
  while (performance.now() - beganMs < seconds * 1000) {
    await wait(500);
    for (const shard of (await nodeView(node)).shards) {
      watched.p99.push(shard.loopP99Ms);
      watched.late.push(shard.lateShare);
    }
    const lastedS = (performance.now() - beganMs) / 1000;
    if (lastedS - reportedS < REPORT_S) continue;
    reportedS = lastedS;
    console.log(`${fixed(lastedS, 0)} s: event loop p99 ${fixed(summarize(watched.p99).median)} ms`);
  }
  return watched;
}

/** Stops and continues the media processes; what the callers heard of it. The instrument's own test, on this machine and in this run. */
async function holdStill(node: NodeProcess, callers: CheapCallers): Promise<readonly number[]> {
  const pids = (await nodeView(node)).shards.flatMap(({ pid }) => pid ?? []);
  const fromMs = Date.now() - PERIOD_MS;
  for (let i = 0; i < STILL_TIMES; i++) {
    for (const pid of pids) process.kill(pid, 'SIGSTOP');
    await wait(STILL_MS);
    for (const pid of pids) process.kill(pid, 'SIGCONT');
    await wait(STILL_EVERY_MS - STILL_MS);
  }
  await wait(TOLD_MS);
  return score(callers.turns, callers.late, fromMs, Date.now()).gapsMs;
}

const median = (values: readonly number[], digits = 0): string => fixed(summarize(values).median, digits);
const perCent = (part: number, whole: number, digits: number): string => fixed((100 * part) / whole, digits);

const liveKit = await startBenchLiveKit();
const callers = await CheapCallers.start({ words: encodeWords(trimmed(voice('Front_Center')), PERIOD_MS), loudBytes: LOUD_BYTES });
const sharding = shards === undefined ? {} : { SHARDS: String(shards), ROOMS_PER_SHARD: String(Math.max(ROOMS_PER_SHARD, Math.ceil(calls / shards))) };
let node: NodeProcess | undefined;
try {
  node = await NodeProcess.start(liveKit, { ADMIN_TOKEN, JOURNAL: 'none', LOG_LEVEL: 'info', ROBOT: 'tone', ADMISSION: 'count', ...sharding });
  for (let call = 0; call < calls; call++) await callers.join(call, await node.createSession('tone'), (call * PERIOD_MS) / calls);
  await wait(SETTLE_MS);
  const fromMs = Date.now();
  const before = cpuNow(node, callers, liveKit);
  const watched = await watch(node);
  const toMs = Date.now();
  const after = cpuNow(node, callers, liveKit);
  const view = await nodeView(node);
  const memoryMb = treeMemoryMb(node.pid);
  await wait(TOLD_MS);
  report(view, watched, memoryMb, { fromMs, toMs, before, after }, await holdStill(node, callers));
} finally {
  await callers.stop();
  await node?.stop();
  await liveKit.stop();
}

interface Span {
  readonly fromMs: number;
  readonly toMs: number;
  readonly before: ReturnType<typeof cpuNow>;
  readonly after: ReturnType<typeof cpuNow>;
}

function report(view: NodeView, { p99, late }: Watched, memoryMb: number, { fromMs, toMs, before, after }: Span, stillGapsMs: readonly number[]): void {
  const lastedMs = toMs - fromMs;
  // Whole periods, so that it is certain how often each caller had to speak.
  const periods = Math.floor(lastedMs / PERIOD_MS);
  const scored = score(callers.turns, callers.late, fromMs, fromMs + periods * PERIOD_MS);
  const due = calls * periods;
  const delays = summarize(scored.delaysMs);
  const cpu = (side: keyof typeof before): number => (100 * (after[side] - before[side])) / lastedMs / calls;
  const callersLateMs = callers.late.filter(({ atMs }) => atMs >= fromMs && atMs < toMs).map(({ worstMs }) => worstMs);
  const stillHeard = stillGapsMs.filter((ms) => ms > STILL_MS / 2).length;
  printTable(
    `${calls} calls, ${seconds} s: what the callers heard`,
    ['calls at the end', 'asked, of those due', 'answers heard, % of those due', 'delay, ms: median, p95', 'gaps over 40 ms (of them while the callers were late)', 'longest, ms', 'answers torn, short', 'packets lost', 'callers themselves late, ms: median second, worst'],
    [[String(view.live), `${scored.asked} of ${due}`, perCent(scored.heard, due, 1), `${fixed(delays.median, 0)}, ${fixed(delays.p95, 0)}`, `${scored.gapsMs.length} (${scored.gapsOfTheCallers})`, fixed(Math.max(0, ...scored.gapsMs), 0), `${scored.torn}, ${scored.short}`, String(scored.packetsLost), `${median(callersLateMs)}, ${fixed(Math.max(0, ...callersLateMs), 0)}`]],
  );
  printTable(
    'what it took',
    ['event loop p99, ms: median, p99, max', 'late ticks, %', 'CPU of a core per call, %: node, server, callers', 'memory of the node, MB', 'books'],
    [[`${median(p99, 1)}, ${fixed(summarize(p99).p99)}, ${fixed(summarize(p99).max)}`, perCent(late.reduce((sum, each) => sum + each, 0), late.length, 3), `${fixed(cpu('node'), 2)}, ${fixed(cpu('server'), 2)}, ${fixed(cpu('callers'), 2)}`, fixed(memoryMb, 0), balances(view) ? 'balance' : 'DO NOT BALANCE']],
  );
  for (const [call, why] of callers.gone) console.log(`caller ${call} was lost: ${why}`);
  console.log(`\nheld still for ${STILL_MS} ms, ${STILL_TIMES} times: ${stillHeard === 0 ? 'THE CALLERS HEARD NO GAP, so the figures above prove nothing' : `the callers heard ${stillHeard} gaps, median ${median(stillGapsMs)} ms`}`);
  if (stillHeard === 0) process.exitCode = 1;
  writeResults('live', {
    calls,
    seconds,
    shards: view.shards.length,
    ...scored,
    due,
    delaysMs: delays,
    lost: [...callers.gone.values()],
    callersLateMs: summarize(callersLateMs),
    stillGapsMs,
    p99: summarize(p99),
    cpuPercentPerCall: { node: cpu('node'), server: cpu('server'), callers: cpu('callers') },
    memoryMb,
    view,
  });
}
