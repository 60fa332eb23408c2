import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { isAlive, newAdminToken, readRunFile, removeRunFile, writeRunFile } from '../../../voice-node/cli/run-file.js';
import { ownEnvironment } from './rig.js';

const own = ownEnvironment();
const path = (): string => join(own.cache, 'run', '8000.json');

it('is for its user alone, whatever was there before', () => {
  mkdirSync(join(own.cache, 'run'));
  writeFileSync(path(), '{"pid":1,"token":"old"}', { mode: 0o666 });
  chmodSync(path(), 0o666);
  writeRunFile(own.cache, 8000, { pid: process.pid, token: 'abc' });
  expect(statSync(path()).mode & 0o777).toBe(0o600);
  expect(JSON.parse(readFileSync(path(), 'utf8'))).toEqual({ pid: process.pid, token: 'abc' });
  expect(readRunFile(own.cache, 8000)).toEqual({ pid: process.pid, token: 'abc' });
  expect(readdirSync(join(own.cache, 'run'))).toEqual(['8000.json']);
});

it('does not write through a link that somebody laid', () => {
  mkdirSync(join(own.cache, 'run'));
  const foreign = join(own.cache, 'foreign');
  writeFileSync(foreign, 'theirs');
  symlinkSync(foreign, path());
  symlinkSync(foreign, `${path()}.${process.pid}`);
  writeRunFile(own.cache, 8000, { pid: process.pid, token: 'abc' });
  expect(readFileSync(foreign, 'utf8')).toBe('theirs');
  expect(readRunFile(own.cache, 8000)?.token).toBe('abc');
});

it('goes with the node that wrote it, not with its successor', () => {
  writeRunFile(own.cache, 8000, { pid: 11, token: 'abc' });
  removeRunFile(own.cache, 8000, 12);
  expect(readRunFile(own.cache, 8000)?.pid).toBe(11);
  removeRunFile(own.cache, 8000, 11);
  expect(readRunFile(own.cache, 8000)).toBeUndefined();
  removeRunFile(own.cache, 8000, 11);
});

it('is nothing where it is missing or damaged', () => {
  expect(readRunFile(own.cache, 8000)).toBeUndefined();
  mkdirSync(join(own.cache, 'run'));
  for (const text of ['', '{', 'null', '[]', '{"pid":1}', '{"pid":"1","token":"abc"}', '{"pid":-1,"token":"abc"}', '{"pid":1,"token":""}', '{"pid":1,"token":"a\\r\\nb"}']) {
    writeFileSync(path(), text);
    expect([text, readRunFile(own.cache, 8000)]).toEqual([text, undefined]);
  }
});

it('says what is wrong with the folder', () => {
  writeFileSync(join(own.cache, 'run'), 'a file');
  expect(() => writeRunFile(own.cache, 8000, { pid: 1, token: 'abc' })).toThrow(/^CACHE_DIR: expected a folder that the node can write to/);
});

it('tokens differ, have 256 bits and need no quoting; processes are there or not', () => {
  const tokens = new Set(Array.from({ length: 100 }, newAdminToken));
  expect(tokens.size).toBe(100);
  for (const token of tokens) expect(token).toMatch(/^[\w-]{43}$/);
  expect([isAlive(process.pid), isAlive(2 ** 22 + 1)]).toEqual([true, false]);
});
