import { Crowd } from '../rig/crowd.js';
import { startBenchLiveKit, type BenchLiveKit } from '../rig/livekit.js';
import { NodeProcess } from '../rig/node-process.js';
import { ADMIN_TOKEN, wait } from '../rig/operator.js';
import { printTable, writeResults } from '../rig/report.js';
import { fixed, summarize } from '../rig/statistics.js';

// SIGTERM at every moment of a call's set-up: no call is cut before the deadline, the node is not ready at once, and it
// ends soon after. Arguments: rounds.

const rounds = Number(process.argv[2] ?? 24);
const DRAIN_MS = 6000;
/** From the answer of the session's request on: before the job, while joining, greeting, listening, hearing, thinking, speaking. */
const STEP_MS = 150;

interface Round {
  readonly afterMs: number;
  /** Ready was false after this. */
  readonly unreadyMs: number;
  /** The caller was with his robot until this long after the signal; undefined: there never was one. */
  readonly heldMs: number | undefined;
  /** Sounds that he heard after the signal: answers and the good-bye. */
  readonly sounds: number;
  readonly refusedNew: boolean;
  /** The process ended this long after the signal, with this code. */
  readonly endedMs: number;
  readonly code: number | null;
}

async function round(liveKit: BenchLiveKit, afterMs: number): Promise<Round> {
  const node = await NodeProcess.start(liveKit, { ADMIN_TOKEN, JOURNAL: 'none', SHARDS: '1', LOG_LEVEL: 'info', ROBOT: 'tone', DRAIN_TIMEOUT_MS: String(DRAIN_MS) });
  const crowd = new Crowd();
  try {
    const session = await node.createSession('tone');
    const joined = crowd.join(0, session).then(() => crowd.speak(0, 2500, 0));
    await wait(afterMs);
    const signalMs = Date.now();
    process.kill(node.pid, 'SIGTERM');
    let unreadyMs = 0;
    while ((await fetch(`${node.url}/readyz`)).status === 200) unreadyMs = Date.now() - signalMs;
    const another = await fetch(`${node.url}/api/session/create`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' });
    await joined;
    let heldMs: number | undefined;
    let sounds = 0;
    while (!node.hasExited) {
      const report = await crowd.report(0);
      if (report.robots.length > 0) heldMs = Date.now() - signalMs;
      sounds = report.begunMs.filter((atMs) => atMs > signalMs).length;
      await wait(50);
    }
    return { afterMs, unreadyMs, heldMs, sounds, refusedNew: another.status === 503, endedMs: Date.now() - signalMs, code: await node.stop() };
  } finally {
    crowd.stop();
    await node.stop();
  }
}

const liveKit = await startBenchLiveKit();
const found: Round[] = [];
try {
  for (let i = 0; i < rounds; i++) {
    found.push(await round(liveKit, i * STEP_MS));
    console.log(JSON.stringify(found.at(-1)));
  }
} finally {
  await liveKit.stop();
}
const held = found.flatMap(({ heldMs }) => heldMs ?? []);
printTable(
  `SIGTERM ${found.length} times, each ${STEP_MS} ms later in the set-up; the deadline is ${DRAIN_MS} ms`,
  ['calls', 'without a robot', 'cut before the deadline', 'robot there until, ms: min, median', 'sounds after the signal, least', 'new one refused', 'not ready after, ms', 'ended after, ms: median, max', 'exit code 0'],
  [[
    String(found.length),
    String(found.length - held.length),
    String(held.filter((ms) => ms < DRAIN_MS).length),
    `${fixed(summarize(held).min, 0)}, ${fixed(summarize(held).median, 0)}`,
    String(Math.min(...found.map(({ sounds }) => sounds))),
    String(found.filter(({ refusedNew }) => refusedNew).length),
    fixed(Math.max(...found.map(({ unreadyMs }) => unreadyMs)), 0),
    `${fixed(summarize(found.map(({ endedMs }) => endedMs)).median, 0)}, ${fixed(Math.max(...found.map(({ endedMs }) => endedMs)), 0)}`,
    String(found.filter(({ code }) => code === 0).length),
  ]],
);
writeResults('drain', { rounds: found });
