import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { NodeProcess } from '../../bench/rig/node-process.js';
import { balances } from '../../bench/rig/operator.js';
import { readRunFile } from '../../voice-node/cli/run-file.js';
import type { LiveCallView, NodeView } from '../../voice-node/domain/operations.js';
import { command, type Outcome } from '../support/command.js';
import { Stage } from '../support/real-node.js';
import { LIMIT_MS, words } from '../support/talk.js';
import { freePort } from '../../scripts/lib/ports.mjs';

/* What an operator sees of a live node and does to it, with nothing but the file that the node has left for him. */

const NO_CALLER_MS = 3000;
/** The promise: what a caller who has hung up leaves behind is gone by then. */
const GONE_MS = 5000;

let stage: Stage;
let node: NodeProcess;
/** As in the node's own .env: HOST and PORT lead to it, CACHE_DIR to its token. */
let environment: Record<string, string>;
beforeAll(async () => {
  stage = await Stage.open();
  environment = { CACHE_DIR: join(stage.folder, 'operated'), PORT: String(await freePort()), HOST: '127.0.0.1', ADMIN_TOKEN: '' };
  node = await stage.node({ ...environment, SHARDS: '2', NO_CALLER_TIMEOUT_MS: String(NO_CALLER_MS) });
});
afterEach(() => stage.hangUpAll());
afterAll(() => stage.close());

const operator = (...args: string[]): Promise<Outcome> => command(args, environment);

async function calls(): Promise<readonly LiveCallView[]> {
  const { code, stdout, stderr } = await operator('calls', '--json');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return (JSON.parse(stdout) as { calls: readonly LiveCallView[] }).calls;
}

async function view(): Promise<NodeView> {
  const token = readRunFile(environment['CACHE_DIR'] ?? '', node.port)?.token ?? '';
  const response = await fetch(`${node.url}/api/node`, { headers: { authorization: `Bearer ${token}` } });
  expect(response.status).toBe(200);
  return (await response.json()) as NodeView;
}

/** Of ends so far: how many calls ended so. */
const ended = async (how: keyof NodeView['ended']): Promise<number> => (await view()).ended[how];

it('calls --json and top --once show the calls there are; hangup ends the one that is meant', async () => {
  const [one, two] = [await stage.talk(node, 'echo'), await stage.talk(node, 'tone')];
  await one.converse();
  // Told by the shards twice a second.
  await expect.poll(async () => (await view()).calls.map(({ robot, turns }) => [robot, turns]), { timeout: LIMIT_MS }).toEqual([['echo', 1], ['tone', 0]]);
  const [first, second] = await calls();
  expect([first, second]).toMatchObject([
    { room: one.room, robot: 'echo', phase: 'listening', turns: 1, rejoins: 0 },
    { room: two.room, robot: 'tone', phase: 'listening', turns: 0, rejoins: 0 },
  ]);
  expect(first?.shard).not.toBe(second?.shard);
  expect(first?.ageMs).toBeGreaterThan(second?.ageMs ?? Infinity);
  expect(first?.responseMs).toBeGreaterThan(100);

  const top = await operator('top', '--once');
  expect({ code: top.code, stderr: top.stderr }).toEqual({ code: 0, stderr: '' });
  const lines = top.stdout.split('\n');
  for (const { callId = '', robot = '' } of [first ?? {}, second ?? {}]) expect(lines.filter((line) => line.includes(robot) && line.includes(callId.slice(0, 8)))).toHaveLength(1);
  for (const { name, pid } of (await view()).shards) expect(lines.filter((line) => line.includes(String(pid)) && line.includes(name))).not.toEqual([]);

  const before = await ended('hung_up');
  expect(await operator('hangup', first?.callId ?? '')).toEqual({ code: 0, stdout: `hung up ${first?.callId} in ${one.room}\n`, stderr: '' });
  await expect.poll(() => stage.people(one.room), { timeout: GONE_MS }).toEqual({ robots: [], callers: 1 });
  await expect.poll(() => ended('hung_up'), { timeout: GONE_MS }).toBe(before + 1);
  expect((await calls()).map(({ room }) => room)).toEqual([two.room]);
  expect((await node.waitForLog(({ msg, room }) => msg === 'call ends' && room === one.room, LIMIT_MS))['end']).toBe('hung_up');
  await two.converse();

  const again = await operator('hangup', first?.callId ?? '');
  expect([again.code, again.stdout]).toEqual([2, '']);
  expect(again.stderr).toContain('no call has an id that begins with');
});

it('a room that nobody enters: the robot leaves it, and the books say so', async () => {
  await expect.poll(async () => (await view()).live, { timeout: LIMIT_MS }).toBe(0);
  const before = await ended('no_caller');
  // Made by somebody else: its caller may be still to come.
  const room = 'made-beforehand';
  await stage.rooms.createRoom({ name: room, metadata: '{"robot":"echo"}' });
  await expect.poll(async () => (await stage.people(room)).robots.length, { timeout: LIMIT_MS }).toBe(1);
  await expect.poll(() => ended('no_caller'), { timeout: NO_CALLER_MS + GONE_MS }).toBe(before + 1);
  await expect.poll(() => stage.people(room), { timeout: GONE_MS }).toEqual({ robots: [], callers: 0 });
  const { live, calls: left } = await view();
  expect([live, left]).toEqual([0, []]);
});

it('a caller hangs up, in the middle of an answer too: everything of the call is gone in seconds', async () => {
  const [listening, speaking] = [await stage.talk(node), await stage.talk(node)];
  const { caller } = speaking;
  const before = await ended('caller_left');
  const beganMs = await caller.say(words);
  await caller.heard.sound(beganMs + words.length / 48, LIMIT_MS, 1500);
  await stage.hangUpAll();
  const leftMs = performance.now();
  await expect.poll(async () => (await view()).live, { timeout: GONE_MS }).toBe(0);
  for (const { room } of [listening, speaking]) await expect.poll(() => stage.people(room), { timeout: GONE_MS }).toEqual({ robots: [], callers: 0 });
  expect(performance.now() - leftMs).toBeLessThan(GONE_MS);
  const books = await view();
  expect([books.ended.caller_left, balances(books)]).toEqual([before + 2, true]);
  await expect.poll(async () => (await view()).shards.map(({ calls: each }) => each), { timeout: GONE_MS }).toEqual([0, 0]);
  expect(node.complaints).toEqual([]);
});
