import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import { expect, it } from 'vitest';
import type { Journal } from '../../../voice-node/domain/journal.js';
import { systemClock } from '../../../voice-node/platform/clock.js';
import { openJournal } from '../../../voice-node/stores/journal-open.js';
import { startRedis } from '../../support/redis.js';
import { MemoryLog } from '../call/rig.js';
import { record } from './journal-rigs.js';

const open = (url: string): Journal => openJournal(url, 'node 1/ü', systemClock, new MemoryLog());

it('opens what is named, and two that are named the same see the same', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'voice-node-open-'));
  const redis = await startRedis();
  try {
    const files = ['a', 'b', 'with space %41 ü#?'].flatMap((name) => [pathToFileURL(join(folder, name)).href, ...(name.length === 1 ? [`file:${join(folder, name)}`] : [])]);
    for (const url of [...files, redis.url, `${redis.url}/2`, `${redis.url}/?prefix=other-1.x`, `${redis.url}/`]) {
      const journals = [open(url), open(url)] as const;
      await journals[0].beat();
      await journals[0].remove('c');
      expect([url, await journals[0].put(record('c'))]).toEqual([url, true]);
      expect([url, await journals[1].holderOf(record('c').room)]).toEqual([url, 'other']);
      await journals[0].remove('c');
      await Promise.all(journals.map((journal) => journal.close()));
    }
    expect(readdirSync(folder).sort()).toEqual(['a', 'b', 'with space %41 ü#?']);
    const keys = (await redis.command('KEYS', '*')) as string[];
    expect(keys.sort()).toEqual(['{other-1.x}:owners', '{voice-node}:owners']);
    expect(await redis.command('INFO', 'keyspace')).toMatch(/db2:keys=1,expires=1/);
  } finally {
    await redis.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});

it('keeps nothing where none is wanted, but knows its own calls', async () => {
  const [a, b] = [open('none'), open('none')];
  await a.beat();
  await a.put(record('c'));
  expect([await a.holderOf(record('c').room), await b.holderOf(record('c').room)]).toEqual(['us', undefined]);
});

it.each([
  '',
  'None',
  '/var/lib/journal',
  'file:',
  'file:/',
  'file:journal',
  'file:./journal',
  'file://host/journal',
  'file:/journal?x=1',
  'file:/a%2Fb',
  'redis:',
  'redis://',
  'redis://:secret@host/first',
  'redis://:secret@host/0/1',
  'redis://:secret@host?prefix=a b',
  'redis://:secret@host?prefix=',
  'redis://:secret@host?db=2',
  'redis://:secret%zz@host',
  'redis://:secret@host:port',
  'redis://:secret@host:99999',
  'http://:secret@host',
  'postgres://user:secret@host/db',
  'secret',
])('refuses %j, and says what it wants', (url) => {
  let error: unknown;
  try {
    void open(url).close();
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toMatchObject({ code: 'config_invalid', message: expect.stringMatching(/^JOURNAL: expected .+(got|percent-encoded)/) });
  expect(inspect(error, { depth: 10, showHidden: true }).replace(/^.*node_modules.*$/gm, '')).not.toContain('secret');
});
