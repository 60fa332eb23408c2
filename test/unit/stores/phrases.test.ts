import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { VirtualClock } from '../../../voice-node/platform/virtual-clock.js';
import { PhraseFolder } from '../../../voice-node/stores/phrases.js';
import { MemoryLog } from '../call/rig.js';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'phrases-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const audio = (value: number, length = 1000) => ({ samples: new Int16Array(length).fill(value), rateHz: 16_000 });

it('gives back what was put, also to another process', async () => {
  const clock = new VirtualClock();
  const log = new MemoryLog();
  const inside = join(folder, 'deep', 'er');
  await new PhraseFolder(inside, 1e6, clock, log).put('a voice\nGood day', audio(7));
  const other = new PhraseFolder(inside, 1e6, clock, log);
  expect(await other.get('a voice\nGood day')).toEqual(audio(7));
  expect(await other.get('another voice\nGood day')).toBeUndefined();
  expect(readdirSync(inside).join()).not.toMatch(/good|day/i);
  expect(log.lines).toEqual([]);
});

it('stays within its bound, and lets go of what was not used for the longest', async () => {
  const clock = new VirtualClock(1_700_000_000_000);
  const phrases = new PhraseFolder(folder, 10_500, clock, new MemoryLog());
  for (const name of ['a', 'b', 'c', 'd', 'e']) {
    await clock.advanceTo(clock.nowMs() + 10_000);
    await phrases.put(name, audio(1));
  }
  await clock.advanceTo(clock.nowMs() + 10_000);
  await phrases.get('a');
  await clock.advanceTo(clock.nowMs() + 10_000);
  await phrases.put('f', audio(1));
  const bytes = readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
  expect(bytes).toBeLessThanOrEqual(10_500 * 0.8);
  expect(await phrases.get('a')).toBeDefined();
  expect(await phrases.get('f')).toBeDefined();
  expect(await phrases.get('b')).toBeUndefined();
  // One that alone is too much is not kept.
  await phrases.put('g', audio(1, 20_000));
  expect(await phrases.get('g')).toBeUndefined();
});

it('does without a disk that fails, and says so', async () => {
  const file = join(folder, 'file');
  writeFileSync(file, 'no folder');
  const log = new MemoryLog();
  const phrases = new PhraseFolder(file, 1e6, new VirtualClock(), log);
  await phrases.put('a', audio(1));
  expect(await phrases.get('a')).toBeUndefined();
  expect(log.at('warn').length).toBeGreaterThan(0);
});

it('takes no broken file for a phrase', async () => {
  const log = new MemoryLog();
  const phrases = new PhraseFolder(folder, 1e6, new VirtualClock(), log);
  await phrases.put('a', audio(1));
  const [name] = readdirSync(folder);
  writeFileSync(join(folder, name ?? ''), 'garbage');
  expect(await phrases.get('a')).toBeUndefined();
  expect(log.at('warn')).toHaveLength(1);
});
