import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { LEASE_MS } from '../../../voice-node/domain/journal.js';
import { wallMs } from '../../../voice-node/domain/time.js';
import { VirtualClock } from '../../../voice-node/platform/virtual-clock.js';
import { FileJournal } from '../../../voice-node/stores/journal-file.js';
import { KEEP_MS } from '../../../voice-node/stores/journal-record.js';
import { MemoryLog } from '../call/rig.js';
import { record } from './journal-rigs.js';

const START_MS = 1_700_000_000_000;
let parent: string;
let folder: string;
let clock: VirtualClock;
let log: MemoryLog;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'voice-node-journal-'));
  folder = join(parent, 'deep', 'journal');
  clock = new VirtualClock(START_MS);
  log = new MemoryLog();
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

const node = (name: string, of = clock): FileJournal => new FileJournal(folder, name, of, log);
const later = (ms: number): Promise<void> => clock.advanceTo(clock.nowMs() + ms);
/** All files below the folder, by their path in it. */
const files = (): string[] => readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap((one) => (one.isFile() ? [join(one.parentPath, one.name).slice(folder.length + 1)] : []));
const recordFile = (callId: string): string => {
  const found = files().find((path) => path.startsWith(`calls/${callId}@`));
  if (found === undefined) throw new Error(`expected a file of ${callId}, got ${files().join(', ')}`);
  return join(folder, found);
};

it('lets nobody else read what was said', async () => {
  const a = node('a');
  await a.beat();
  await a.put(record('c'));
  expect(readFileSync(recordFile('c'), 'utf8')).toContain('Привет');
  for (const path of files()) expect([path, statSync(join(folder, path)).mode & 0o077]).toEqual([path, 0]);
  for (const name of readdirSync(folder)) expect([name, statSync(join(folder, name)).mode & 0o077]).toEqual([name, 0]);
  // The name of a room may be a telephone number.
  await a.put(record('d', { room: '+441234567890' }));
  expect(files().join()).not.toContain('441234567890');
});

it('leaves nothing behind', async () => {
  const [a, b] = [node('a'), node('b')];
  await a.beat();
  for (let i = 0; i < 5; i++) await a.put(record('c', { identity: String(i) }));
  expect(files()).toHaveLength(2);
  await a.remove('c');
  expect(readdirSync(join(folder, 'calls'))).toEqual([]);
  await a.put(record('d'));
  await a.close();
  await b.claim('d');
  await b.remove('d');
  await b.close();
  // That the call is over has to be known, but not what was said.
  expect(files()).toHaveLength(1);
  expect(readFileSync(recordFile('d'), 'utf8')).toBe(`{"endedMs":${START_MS}}`);
});

it.each([
  ['half a record', (path: string) => truncateSync(path, 50)],
  ['an empty one', (path: string) => truncateSync(path, 0)],
  ['something else', (path: string) => writeFileSync(path, '{"callId":7}')],
  ['none', (path: string) => rmSync(path)],
])('sets %s aside, and goes on', async (_, spoil) => {
  const [a, b] = [node('a'), node('b')];
  await a.put(record('bad'));
  await a.put(record('good'));
  await a.close();
  spoil(recordFile('bad'));
  expect(await b.orphans()).toEqual([record('good')]);
  expect(readdirSync(join(folder, 'broken'))).toHaveLength(1);
  expect(log.at('warn')).toHaveLength(1);
  expect(await b.orphans()).toEqual([record('good')]);
  expect(await b.claim('bad')).toBeUndefined();
  expect(log.at('warn')).toHaveLength(1);
});

it('claims no broken record, and keeps few of them', async () => {
  const [a, b] = [node('a'), node('b')];
  for (let i = 0; i < 30; i++) {
    await a.put(record(`c${i}`));
    truncateSync(recordFile(`c${i}`), 9);
  }
  await a.close();
  for (let i = 0; i < 30; i++) expect(await b.claim(`c${i}`)).toBeUndefined();
  expect(readdirSync(join(folder, 'broken'))).toHaveLength(20);
  expect(readdirSync(join(folder, 'calls'))).toEqual([]);
});

it('minds no foreign files, nor what a crash has left half written', async () => {
  const [a, b] = [node('a'), node('b')];
  await a.beat();
  await a.put(record('c'));
  const [mine = ''] = readdirSync(join(folder, 'leases'));
  writeFileSync(join(folder, 'tmp', `${mine}-half`), '{"cal');
  writeFileSync(join(folder, 'calls', '.DS_Store'), 'x');
  mkdirSync(join(folder, 'calls', 'empty@0'));
  writeFileSync(join(folder, 'leases', 'empty.0'), '');
  await later(LEASE_MS);
  expect(await b.orphans()).toEqual([record('c')]);
  await b.claim('c');
  await b.remove('c');
  await b.beat();
  await later(700_000);
  await b.beat();
  await b.orphans();
  // The process that died is forgotten, with all it left.
  expect(readdirSync(join(folder, 'tmp'))).toEqual([]);
  expect(readdirSync(join(folder, 'leases'))).toHaveLength(1);
});

it('keeps nothing for longer than a call can last, and a day', async () => {
  const [a, b, c] = [node('a'), node('b'), node('c')];
  await a.put(record('old'));
  await a.put(record('moved'));
  await a.put(record('recent', { acceptedMs: wallMs(START_MS + KEEP_MS) }));
  await a.close();
  await b.claim('moved');
  await b.remove('moved');
  await later(KEEP_MS - 1);
  expect(await c.orphans()).toHaveLength(2);
  expect(readdirSync(join(folder, 'calls'))).toHaveLength(3);
  await later(700_000);
  await c.orphans();
  expect(await c.orphans()).toEqual([record('recent', { acceptedMs: wallMs(START_MS + KEEP_MS) })]);
  expect(readdirSync(join(folder, 'calls'))).toHaveLength(1);
});

it('finds the orphans of a node it has known alive, and of one it has never seen', async () => {
  const [a, b, watcher] = [node('a'), node('b'), node('w')];
  for (const one of [a, b, watcher]) await one.beat();
  await a.put(record('c'));
  expect(await watcher.orphans()).toEqual([]);
  // The record goes to b, a comes back, and b dies: the watcher has known it as a's all the time.
  await later(LEASE_MS);
  await b.beat();
  await b.claim('c');
  await Promise.all([a.beat(), watcher.beat()]);
  expect(await watcher.orphans()).toEqual([]);
  await later(LEASE_MS / 2);
  await Promise.all([a.beat(), watcher.beat()]);
  expect(await watcher.orphans()).toEqual([]);
  await later(LEASE_MS / 2);
  expect(await watcher.orphans()).toEqual([record('c')]);
});

it('goes on where somebody has cleared the folder away', async () => {
  const [a, b] = [node('a'), node('b')];
  await a.beat();
  await a.put(record('c'));
  rmSync(folder, { recursive: true });
  expect(await a.put(record('c'))).toBe(true);
  await a.beat();
  expect(await b.holderOf(record('c').room)).toBe('other');
  rmSync(folder, { recursive: true });
  expect(await b.orphans()).toEqual([]);
  expect(await b.holderOf('room')).toBeUndefined();
  await a.remove('c');
  expect(existsSync(folder)).toBe(false);
});

it('is not deceived for long by a clock that was set back', async () => {
  const ahead = new VirtualClock(START_MS + 3_600_000);
  const a = node('a', ahead);
  await a.beat();
  await a.put(record('c'));
  expect(await node('b').orphans()).toHaveLength(1);
});

it('rejects where the disk does, and works as soon as that does', async () => {
  mkdirSync(join(parent, 'deep'));
  writeFileSync(folder, 'no folder');
  const a = node('a');
  for (const work of [a.beat(), a.put(record('c'))]) await expect(work).rejects.toMatchObject({ code: 'journal_failed', message: expect.stringMatching(/^the journal on disk: /) });
  rmSync(folder);
  await a.beat();
  expect(await a.put(record('c'))).toBe(true);
  chmodSync(folder, 0o700);
});

it('rejects after a second where the disk stands still, and does not let work pile up', async () => {
  const a = node('a');
  await a.beat();
  const fifo = join(folder, 'leases');
  expect(existsSync(fifo)).toBe(true);
  // On virtual time the disk is as slow as one likes: nothing is read until the timers have run.
  const work = Array.from({ length: 40 }, () => a.put(record('c')).then(() => 'done', (error: { message: string }) => error.message));
  const settled = await Promise.all(work);
  expect(settled.filter((text) => text === 'done')).toHaveLength(16);
  expect(settled.filter((text) => /16 operations are waiting/.test(text))).toHaveLength(24);
});
