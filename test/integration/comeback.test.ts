import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import type { NodeProcess } from '../../bench/rig/node-process.js';
import { balances, until } from '../../bench/rig/operator.js';
import { onStage } from '../support/on-stage.js';
import { runs, type Stage } from '../support/real-node.js';
import { GOES_ON, hasTaken, TAKEN_LIMIT_MS } from '../support/taken-over.js';
import { LIMIT_MS, recorded } from '../support/talk.js';

/* A node comes back: after its death it takes its calls up again, after a sleep it finds that others have them. */

const back = recorded('en-back');
const FROZEN_MS = 8000;

let stage: Stage;
onStage((opened) => (stage = opened));

const node = (name: string, environment: Record<string, string>): Promise<NodeProcess> => stage.node({ SHARDS: '1', NODE_NAME: name, ...environment });

it('one node alone that is killed and started again goes on with its own calls', async () => {
  const cache = { CACHE_DIR: join(stage.folder, 'alone') };
  const first = await node('alone', cache);
  const talk = await stage.talk(first);
  await talk.converse();
  await stage.kill(first);
  const killedMs = performance.now();
  const again = await node('alone', cache);
  const { robot, atMs } = await talk.hears(back, killedMs);
  expect(atMs - killedMs).toBeLessThan(TAKEN_LIMIT_MS);
  await talk.converse();
  await hasTaken(again, talk);
  expect(await stage.people(talk.room)).toEqual({ robots: [robot], callers: 1 });
  expect(talk.clashes).toEqual([]);
});

it('a frozen node whose call was taken over ends its side when it wakes up, and one robot is left', async () => {
  const journal = { JOURNAL: pathToFileURL(join(stage.folder, 'shared')).href };
  const frozen = await node('frozen', journal);
  const talk = await stage.talk(frozen);
  await talk.converse();
  const other = await node('other', journal);
  const pids = stage.pidsOf(frozen);
  for (const pid of pids) process.kill(pid, 'SIGSTOP');
  const frozenMs = performance.now();
  await other.waitForLog(({ msg }) => msg === GOES_ON, TAKEN_LIMIT_MS);
  await expect.poll(() => performance.now() - frozenMs, { timeout: FROZEN_MS }).toBeGreaterThan(FROZEN_MS);
  const from = frozen.log.length;
  for (const pid of pids) process.kill(pid, 'SIGCONT');
  await frozen.waitForLog(({ msg }) => msg === 'another node has taken this call over; it ends here', LIMIT_MS, from);
  const view = await until(frozen, 'nothing is left', LIMIT_MS, ({ live }) => live === 0);
  expect([view.offered, view.ended.superseded, balances(view)]).toEqual([1, 1, true]);
  const { robot } = await talk.hears(back, frozenMs);
  await talk.converse();
  await hasTaken(other, talk);
  expect(await stage.people(talk.room)).toEqual({ robots: [robot], callers: 1 });
  expect(talk.robots).toHaveLength(2);
  expect(talk.clashes).toEqual([]);
});

it('a main process that is killed alone: the call does not stop, until another node takes it', async () => {
  const journal = { JOURNAL: pathToFileURL(join(stage.folder, 'beheaded')).href };
  const beheaded = await node('beheaded', journal);
  const talk = await stage.talk(beheaded);
  await talk.converse();
  const other = await node('other', journal);
  const pids = stage.pidsOf(beheaded);
  process.kill(beheaded.pid, 'SIGKILL');
  const killedMs = performance.now();
  await talk.converse();
  expect(talk.robots).toHaveLength(1);
  const { robot } = await talk.hears(back, killedMs);
  await talk.converse();
  await hasTaken(other, talk);
  expect(await stage.people(talk.room)).toEqual({ robots: [robot], callers: 1 });
  expect(talk.robots).toHaveLength(2);
  expect(talk.clashes).toEqual([]);
  // What is left of the old node has nothing to do any more.
  await expect.poll(() => pids.filter(runs), { timeout: LIMIT_MS }).toEqual([]);
});
