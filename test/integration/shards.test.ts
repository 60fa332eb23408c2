import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { NodeProcess } from '../../bench/rig/node-process.js';
import { balances, nodeView, until } from '../../bench/rig/operator.js';
import { ROOT } from '../../voice-node/config.js';
import type { ShardView } from '../../voice-node/domain/operations.js';
import { MAX_QUICK_DEATHS } from '../../voice-node/node/desk-call.js';
import { startClinic, type Clinic } from '../support/clinic.js';
import { Stage } from '../support/real-node.js';
import { LIMIT_MS, longestPauseMs, LOUD, recorded, words, type Talk } from '../support/talk.js';

/* A process that carries calls dies. Its callers hear of it, nobody else does. */

const back = recorded('en-back');
/** In which a gap can be seen: an answer that lasts longer than a call needs to move. */
const TONE_MS = 8000;
const LONG_TONE = { mode: 'tone', tone: { frequency_hz: 700, duration_ms: TONE_MS, level_dbfs: -12 } };
/** A packet or two that came too late are not a gap. */
const GAP_MS = 100;

let stage: Stage;
let clinic: Clinic;
let node: NodeProcess;
beforeAll(async () => {
  [stage, clinic] = await Promise.all([Stage.open(), startClinic()]);
  const robots = join(stage.folder, 'robots');
  cpSync(join(ROOT, 'robots'), robots, { recursive: true });
  mkdirSync(join(robots, 'long_tone'));
  writeFileSync(join(robots, 'long_tone', 'config.json'), JSON.stringify(LONG_TONE));
  node = await stage.node({ SHARDS: '2', ROBOTS_DIR: robots, ...clinic.environment });
});
afterEach(async () => {
  await stage.hangUpAll();
  await until(node, 'all calls have ended', LIMIT_MS, ({ live }) => live === 0);
});
afterAll(async () => {
  await stage.close();
  await clinic.close();
  expect(node.complaints).toEqual([]);
});

async function shardOf({ room }: Talk): Promise<ShardView & { readonly pid: number }> {
  const { calls, shards } = await until(node, 'its shard tells of the call', LIMIT_MS, (view) => view.calls.some((call) => call.room === room && call.shard !== ''));
  const shard = shards.find(({ name }) => name === calls.find((call) => call.room === room)?.shard);
  if (shard?.pid === undefined) throw new Error(`expected a process that carries the call in ${room}, there was none`);
  return { ...shard, pid: shard.pid };
}

/** kill -9; when it was, on performance.now(). */
async function killShardOf(talk: Talk): Promise<number> {
  const { pid } = await shardOf(talk);
  process.kill(pid, 'SIGKILL');
  return performance.now();
}

it('kill -9: its caller hears so and talks on, the other call has no gap, and a new process takes calls', async () => {
  const before = await nodeView(node);
  const [hit, spared] = [await stage.talk(node), await stage.talk(node, 'long_tone')];
  const [dying, other] = [await shardOf(hit), await shardOf(spared)];
  expect(dying.name).not.toBe(other.name);
  await hit.converse();

  const saidMs = (await spared.caller.say(words)) + words.length / 48;
  const answer = spared.listen(saidMs);
  await spared.caller.heard.sound(saidMs, LIMIT_MS, LOUD);
  const killedMs = await killShardOf(hit);
  const { robot, atMs } = await hit.hears(back, killedMs);
  expect(robot).toMatch(/^robot-call-.+-1$/);
  expect(atMs - killedMs).toBeLessThan(5000);
  await hit.converse();
  expect(hit.robots).toHaveLength(2);
  expect(hit.clashes).toEqual([]);
  expect(await stage.people(hit.room)).toEqual({ robots: [robot], callers: 1 });

  const [whole, ...others] = await answer;
  expect(others).toEqual([]);
  // Heard to its end, and the silence by which that is known.
  expect((whole?.endMs ?? 0) - (whole?.atMs ?? 0)).toBeGreaterThan(TONE_MS + 600);
  expect(longestPauseMs(whole?.samples ?? new Int16Array())).toBeLessThan(GAP_MS);
  expect(spared.robots).toHaveLength(1);

  const view = await until(node, 'another process in its place', LIMIT_MS, ({ shards }) => shards.every(({ state }) => state === 'ready'));
  const replaced = view.shards.find(({ name }) => name === dying.name);
  expect(replaced?.pid).not.toBe(dying.pid);
  expect(view.shards.map(({ restarts }) => restarts)).toEqual(before.shards.map(({ name, restarts }) => restarts + Number(name === dying.name)));
  expect([view.live, view.offered - before.offered, balances(view)]).toEqual([2, 2, true]);
  const third = await stage.talk(node);
  expect((await shardOf(third)).pid).toBe(replaced?.pid);
  await third.converse();
});

it('a conversation keeps its history, and the robot says in its own voice that it was cut off', async () => {
  const talk = await stage.talk(node, 'pipeline_russian');
  await talk.hears(clinic.greeting, 0);
  await talk.hears(clinic.answer('first'), await clinic.say(talk, 'first'));
  await talk.hears(clinic.back, await killShardOf(talk));
  await talk.hears(clinic.answer('second'), await clinic.say(talk, 'second'));
  const { first, second } = clinic.turns;
  expect(clinic.lastAsked()).toEqual([
    ['assistant', clinic.greetingText],
    ['user', first.said],
    ['assistant', first.answer],
    ['user', second.said],
  ]);
  expect(talk.robots).toHaveLength(2);
  expect(talk.clashes).toEqual([]);
});

it('a call that kills its process again and again, as soon as it has begun, ends; the one beside it goes on', async () => {
  const spared = await stage.talk(node);
  const poison = await stage.talk(node);
  const before = await nodeView(node);
  for (let death = 1; death <= MAX_QUICK_DEATHS; death++) {
    const from = node.log.length;
    await killShardOf(poison);
    const awaited = death < MAX_QUICK_DEATHS ? 'a call goes on in another process' : 'a call has lost its process again and again, each time just begun; it ends';
    await node.waitForLog((line) => line.msg === awaited && line['room'] === poison.room, LIMIT_MS, from);
  }
  const view = await until(node, 'one call is left, and all processes are up', LIMIT_MS, ({ live, shards }) => live === 1 && shards.every(({ state }) => state === 'ready'));
  expect(view.ended.crashed).toBe(before.ended.crashed + 1);
  expect(balances(view)).toBe(true);
  await expect.poll(() => stage.people(poison.room), { timeout: LIMIT_MS }).toEqual({ robots: [], callers: 1 });
  await spared.hears(back, 0);
  await spared.converse();
  expect(spared.clashes).toEqual([]);
});
