import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { NodeProcess } from '../../bench/rig/node-process.js';
import { balances, nodeView } from '../../bench/rig/operator.js';
import { joinAndLeave } from '../support/hasty-caller.js';
import { Stage } from '../support/real-node.js';
import { LIMIT_MS } from '../support/talk.js';

/* Callers who hang up before their robot is there. */

/** The promise: what a caller who has hung up leaves behind is gone by then. */
const GONE_MS = 5000;
const MAX_CALLS = 4;

let stage: Stage;
let node: NodeProcess;
beforeAll(async () => {
  stage = await Stage.open();
  node = await stage.node({ SHARDS: '2', MAX_CALLS: String(MAX_CALLS) });
});
afterEach(() => stage.hangUpAll());
afterAll(() => stage.close());

const nobodyIn = async (room: string): Promise<void> => expect(await stage.people(room)).toEqual({ robots: [], callers: 0 });

it('joined and hung up at once: the calls are gone within 5 s, and the places are free for others', async () => {
  const sessions = await Promise.all(Array.from({ length: MAX_CALLS }, () => node.createSession('echo')));
  const leftMs = Math.max(...(await Promise.all(sessions.map((session, i) => joinAndLeave(session, i * 33)))));
  for (const { room } of sessions) {
    const { end } = await node.waitForLog((line) => line.msg === 'call ends' && line['room'] === room, GONE_MS - (performance.now() - leftMs));
    expect(end).toBe('caller_left');
  }
  expect(performance.now() - leftMs).toBeLessThan(GONE_MS);
  // Nobody has heard, or even seen, any of them.
  expect(node.log.filter(({ msg }) => msg === 'caller joined')).toEqual([]);
  await expect.poll(async () => (await nodeView(node)).live, { timeout: GONE_MS }).toBe(0);
  for (const { room } of sessions) await nobodyIn(room);
  const talks = await Promise.all(sessions.map(() => stage.talk(node)));
  await Promise.all(talks.map((talk) => talk.converse()));
  const view = await nodeView(node);
  expect([view.live, view.ended.caller_left, balances(view)]).toEqual([MAX_CALLS, MAX_CALLS, true]);
});

it('who comes back at once has his robot; who takes his time with the microphone is not put out', async () => {
  await expect.poll(async () => (await nodeView(node)).live, { timeout: LIMIT_MS }).toBe(0);
  const [again, slow] = [await node.createSession('echo'), await node.createSession('echo')];
  await joinAndLeave(again);
  const [back, , isThere] = await Promise.all([
    stage.join(again),
    // Longer than anybody who has gone again is waited for, and nothing but the signalling all the while.
    joinAndLeave(slow, 7000),
    new Promise((resolve) => setTimeout(resolve, 6000)).then(() => stage.people(slow.room)),
  ]);
  expect(isThere).toMatchObject({ robots: [expect.any(String)], callers: 1 });
  await back.converse();
  expect((await node.waitForLog((line) => line.msg === 'call ends' && line['room'] === slow.room, GONE_MS))['end']).toBe('caller_left');
  await back.converse();
});

it('a session that nobody comes to leaves nothing at all', async () => {
  const { room } = await node.createSession('echo');
  expect(await stage.rooms.listRooms([room])).toEqual([]);
  expect((await nodeView(node)).calls.map((call) => call.room)).not.toContain(room);
  expect(node.complaints).toEqual([]);
});
