import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { systemClock } from '../../../voice-node/platform/clock.js';
import { openJournal } from '../../../voice-node/stores/journal-open.js';
import { startRedis, type TestRedis } from '../../support/redis.js';
import { MemoryLog } from '../call/rig.js';
import { record } from './journal-rigs.js';

const folder = mkdtempSync(join(tmpdir(), 'voice-node-race-'));
let redis: TestRedis;
beforeAll(async () => void (redis = await startRedis()));
afterAll(async () => {
  await redis.stop();
  rmSync(folder, { recursive: true, force: true });
});

const CALLS = Array.from({ length: 300 }, (_, i) => `call-${i}`);
const execArgv = ['--import', new URL('../../support/run-typescript.mjs', import.meta.url).href];

it.each(['file', 'redis'])('of several processes, each orphan goes to exactly one: %s', async (kind) => {
  const url = kind === 'file' ? pathToFileURL(join(folder, 'a journal')).href : redis.url;
  const dead = openJournal(url, 'dead', systemClock, new MemoryLog());
  await Promise.all(CALLS.map((callId) => dead.put(record(callId, { acceptedMs: systemClock.wallMs() }))));
  const children: ChildProcess[] = ['a', 'b'].map((name) => fork(new URL('./journal-claimant.ts', import.meta.url), [url, name], { execArgv }));
  try {
    await Promise.all(children.map((child) => once(child, 'message')));
    await dead.close();
    const got: string[] = [];
    // A few at a time: else one process may be through before the other has woken up.
    for (let from = 0; from < CALLS.length; from += 10) {
      const answers = children.map(async (child) => (await once(child, 'message'))[0] as string[]);
      for (const child of children) child.send(CALLS.slice(from, from + 10));
      got.push(...(await Promise.all(answers)).flat());
    }
    expect(got.sort()).toEqual([...CALLS].sort());
  } finally {
    for (const child of children) child.kill('SIGKILL');
  }
}, 60_000);
