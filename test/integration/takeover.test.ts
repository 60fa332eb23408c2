import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { NodeProcess } from '../../bench/rig/node-process.js';
import { nodeView } from '../../bench/rig/operator.js';
import { startClinic, type Clinic } from '../support/clinic.js';
import { Stage } from '../support/real-node.js';
import { startRedis, type TestRedis } from '../support/redis.js';
import { hasTaken, takenOver, TAKEN_LIMIT_MS } from '../support/taken-over.js';
import { recorded } from '../support/talk.js';

/* A whole node is gone, or seems to be. Its calls go on, each with one robot. */

const back = recorded('en-back');

let stage: Stage;
let clinic: Clinic;
let redis: TestRedis;
beforeAll(async () => {
  [stage, clinic, redis] = await Promise.all([Stage.open(), startClinic(), startRedis()]);
});
afterEach(async () => {
  await stage.hangUpAll();
  await stage.endNodes();
});
afterAll(async () => {
  await stage.close();
  await clinic.close();
  await redis.stop();
});

const node = (name: string, environment: Record<string, string>): Promise<NodeProcess> => stage.node({ SHARDS: '1', NODE_NAME: name, ...environment });

it('redis: a node is killed with all its processes; another one has its call in seconds, and it takes nothing back', async () => {
  const journal = { JOURNAL: redis.url };
  const first = await node('a', journal);
  const talk = await stage.talk(first);
  await talk.converse();
  const second = await node('b', journal);
  await stage.kill(first);
  const killedMs = performance.now();
  const { robot, atMs } = await talk.hears(back, killedMs);
  expect(atMs - killedMs).toBeLessThan(TAKEN_LIMIT_MS);
  await talk.converse();
  await hasTaken(second, talk);

  const again = await node('a', journal);
  // Meanwhile it looks for calls several times.
  await talk.converse();
  expect(takenOver(again)).toEqual([]);
  expect((await nodeView(again)).offered).toBe(0);
  expect(await stage.people(talk.room)).toEqual({ robots: [robot], callers: 1 });
  expect(talk.robots).toHaveLength(2);
  expect(talk.clashes).toEqual([]);
});

it('file: the other node knows what was said', async () => {
  const folder = join(stage.folder, 'shared');
  const environment = { JOURNAL: pathToFileURL(folder).href, ...clinic.environment };
  const first = await node('a', environment);
  const talk = await stage.talk(first, 'pipeline_russian');
  await talk.hears(clinic.greeting, 0);
  await talk.hears(clinic.answer('first'), await clinic.say(talk, 'first'));
  const second = await node('b', environment);
  // What was said is written once a second.
  await expect.poll(() => contents(folder).includes(clinic.turns.first.answer), { timeout: 5000 }).toBe(true);
  await stage.kill(first);
  const killedMs = performance.now();
  const { robot, atMs } = await talk.hears(clinic.back, killedMs);
  expect(atMs - killedMs).toBeLessThan(TAKEN_LIMIT_MS);
  await talk.hears(clinic.answer('second'), await clinic.say(talk, 'second'));
  await hasTaken(second, talk);
  const turns = clinic.turns;
  expect(clinic.lastAsked()).toEqual([
    ['assistant', clinic.greetingText],
    ['user', turns.first.said],
    ['assistant', turns.first.answer],
    ['user', turns.second.said],
  ]);
  expect(await stage.people(talk.room)).toEqual({ robots: [robot], callers: 1 });
  expect(talk.clashes).toEqual([]);
});

/** Of all files in a folder and those in it. */
const contents = (folder: string): string =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => {
      try {
        return readFileSync(join(entry.parentPath, entry.name), 'utf8');
      } catch {
        // Replaced in the meantime.
        return '';
      }
    })
    .join('\n');
