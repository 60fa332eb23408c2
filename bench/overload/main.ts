import { Crowd } from '../rig/crowd.js';
import { startBenchLiveKit } from '../rig/livekit.js';
import { NodeProcess } from '../rig/node-process.js';
import { ADMIN_TOKEN, balances, nodeView, wait } from '../rig/operator.js';
import { printTable, writeResults } from '../rig/report.js';
import { fixed, summarize } from '../rig/statistics.js';

// Several times as many calls are offered as fit: those that are in keep their quality, the others are refused at once.
// Arguments: calls that fit (MAX_CALLS; 0: as many as the node finds), times, seconds.

const fit = Number(process.argv[2] ?? 16);
const times = Number(process.argv[3] ?? 5);
const seconds = Number(process.argv[4] ?? 60);
const PERIOD_MS = 4000;

interface Offer {
  readonly status: number;
  readonly tookMs: number;
  readonly retryAfter: string | null;
  readonly session: { readonly url: string; readonly token: string } | undefined;
}

async function offer(node: NodeProcess): Promise<Offer> {
  const beganMs = performance.now();
  const response = await fetch(`${node.url}/api/session/create`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"robot":"tone"}' });
  const body = (await response.json()) as { url: string; token: string };
  return { status: response.status, tookMs: performance.now() - beganMs, retryAfter: response.headers.get('retry-after'), session: response.ok ? body : undefined };
}

const liveKit = await startBenchLiveKit();
const node = await NodeProcess.start(liveKit, { ADMIN_TOKEN, JOURNAL: 'none', LOG_LEVEL: 'info', ROBOT: 'tone', ...(fit > 0 ? { MAX_CALLS: String(fit) } : {}) });
const crowd = new Crowd();
try {
  const offers: Offer[] = [];
  let joined = 0;
  const joins: Promise<void>[] = [];
  const total = (fit > 0 ? fit : 40) * times;
  // Open loop: they come at their own pace, whatever becomes of the others; the first tenth all at once.
  for (let i = 0; i < total; i++) {
    if (i > total / 10) await wait((seconds * 1000 * 0.5) / total);
    joins.push(
      offer(node).then(async (made) => {
        offers.push(made);
        if (made.session === undefined) return;
        const call = joined++;
        await crowd.join(call, made.session);
        await crowd.speak(call, PERIOD_MS, (call * 613) % PERIOD_MS);
      }),
    );
  }
  await Promise.all(joins);
  await wait(seconds * 500);
  const view = await nodeView(node);
  const reports = await Promise.all(Array.from({ length: joined }, (_, call) => crowd.report(call)));
  const refused = offers.filter(({ status }) => status === 503);
  const strange = offers.filter(({ status }) => status !== 503 && status !== 200).length;
  const gaps = reports.flatMap(({ gapsMs }) => gapsMs);
  const times503 = summarize(refused.map(({ tookMs }) => tookMs));
  const p99 = Math.max(...view.shards.map(({ loopP99Ms }) => loopP99Ms));
  printTable(
    `${total} calls offered, ${fit > 0 ? `${fit} fit` : 'as many as the node takes'}`,
    ['taken', 'refused', 'otherwise', 'refused after, ms: median, p99, max (goal 50)', 'with Retry-After', 'sounds heard', 'gaps over 40 ms', 'event loop p99, ms', 'books'],
    [[String(joined), String(refused.length), String(strange), `${fixed(times503.median)}, ${fixed(times503.p99)}, ${fixed(times503.max)}`, String(refused.filter(({ retryAfter }) => Number(retryAfter) > 0).length), String(reports.reduce((all, r) => all + r.sounds, 0)), String(gaps.length), fixed(p99), balances(view) ? 'balance' : 'DO NOT BALANCE']],
  );
  writeResults('overload', { total, fit, joined, refusedMs: refused.map(({ tookMs }) => tookMs), strange, gaps, view });
} finally {
  crowd.stop();
  await node.stop();
  await liveKit.stop();
}
