import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { NodeProcess } from '../../bench/rig/node-process.js';
import { balances, nodeView } from '../../bench/rig/operator.js';
import { command } from '../support/command.js';
import { onStage } from '../support/on-stage.js';
import { runs, type Stage } from '../support/real-node.js';
import { LIMIT_MS, recorded, words, type Talk } from '../support/talk.js';

/* A node is told to stop. Whoever is in a call, or has been promised one, notices that at the deadline at the earliest. */

const goodbye = recorded('en-goodbye');
const DRAIN_MS = 15_000;

let stage: Stage;
onStage((opened) => (stage = opened));

const newSession = (node: NodeProcess): Promise<Response> => fetch(`${node.url}/api/session/create`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"robot":"echo"}' });

/** Not ready from now on, and no new calls. */
async function refusesNew(node: NodeProcess): Promise<void> {
  await node.waitForLog(({ msg }) => msg.startsWith('draining'), LIMIT_MS);
  expect((await fetch(`${node.url}/readyz`)).status).toBe(503);
  expect((await fetch(`${node.url}/healthz`)).status).toBe(200);
  const { status, headers } = await newSession(node);
  expect(status).toBe(503);
  expect(headers.get('retry-after')).toMatch(/^\d+$/);
}

/** Processes and people: nothing of the node is left. */
async function isGone(pids: readonly number[], talks: readonly Talk[]): Promise<void> {
  await expect.poll(() => pids.filter(runs), { timeout: 3000 }).toEqual([]);
  for (const { room } of talks) expect((await stage.people(room)).robots).toEqual([]);
}

it('SIGTERM: calls that are promised, listening and speaking go on, and hear a good-bye at the deadline', async () => {
  const node = await stage.node({ SHARDS: '2', DRAIN_TIMEOUT_MS: String(DRAIN_MS) });
  const pids = stage.pidsOf(node);
  const [listening, speaking] = [await stage.talk(node), await stage.talk(node)];
  await listening.converse();
  const beganMs = await speaking.caller.say(words);
  const answer = speaking.listen(beganMs + words.length / 48);
  const promised = await node.createSession('echo');
  await speaking.caller.heard.sound(beganMs + words.length / 48, LIMIT_MS, 1500);
  process.kill(node.pid, 'SIGTERM');
  const toldMs = performance.now();
  await refusesNew(node);

  const waited = await stage.join(promised);
  const talks = [listening, speaking, waited];
  expect((await answer).map(({ robot }) => robot)).toHaveLength(1);
  await Promise.all(talks.map((talk) => talk.converse()));
  expect(performance.now() - toldMs).toBeLessThan(DRAIN_MS);
  const view = await nodeView(node);
  expect([view.draining, view.ready, view.live, balances(view)]).toEqual([true, false, 3, true]);

  for (const { atMs } of await Promise.all(talks.map((talk) => talk.hears(goodbye, toldMs)))) expect(atMs - toldMs).toBeGreaterThan(DRAIN_MS - 500);
  expect(await node.ended(LIMIT_MS)).toBe(0);
  expect(node.log.flatMap(({ msg, end }) => (msg === 'call ends' ? [end] : []))).toEqual(['shutdown', 'shutdown', 'shutdown']);
  expect(node.complaints).toEqual([]);
  await isGone(pids, talks);
});

it('a second SIGTERM ends everything at once', async () => {
  const node = await stage.node({ SHARDS: '2', DRAIN_TIMEOUT_MS: '600000' });
  const talk = await stage.talk(node);
  await talk.converse();
  const pids = stage.pidsOf(node);
  expect(pids.length).toBeGreaterThanOrEqual(3);
  process.kill(node.pid, 'SIGTERM');
  await refusesNew(node);
  const secondMs = performance.now();
  process.kill(node.pid, 'SIGTERM');
  expect(await node.ended(2000)).toBe(1);
  await expect.poll(() => pids.filter(runs), { timeout: 1000 }).toEqual([]);
  expect(performance.now() - secondMs).toBeLessThan(2000);
});

it('voice-node drain --wait returns when the last caller has hung up and the node is gone', async () => {
  const cache = { CACHE_DIR: join(stage.folder, 'drained') };
  const node = await stage.node({ ...cache, SHARDS: '1', ADMIN_TOKEN: '', DRAIN_TIMEOUT_MS: '600000' });
  const talk = await stage.talk(node);
  const pids = stage.pidsOf(node);
  let isBack = false;
  const drained = command(['drain', '--wait', '--url', node.url], cache).finally(() => (isBack = true));
  await refusesNew(node);
  await talk.converse();
  expect([isBack, node.hasExited]).toEqual([false, false]);
  await talk.leave();
  expect(await drained).toEqual({ code: 0, stdout: 'draining: no new calls are taken\n1 call left\nthe node has ended\n', stderr: '' });
  expect(await node.ended(1000)).toBe(0);
  await isGone(pids, [talk]);
});
