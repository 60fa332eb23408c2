import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { freePort } from '../../../scripts/lib/ports.mjs';
import { systemClock } from '../../../voice-node/platform/clock.js';
import { KEEP_MS } from '../../../voice-node/stores/journal-record.js';
import { RedisJournal } from '../../../voice-node/stores/journal-redis.js';
import { startRedis, type TestRedis } from '../../support/redis.js';
import { MemoryLog } from '../call/rig.js';
import { record } from './journal-rigs.js';

const PASSWORD = 'pass word/with:@#%?';
let log: MemoryLog;
let server: TestRedis | undefined;
const nodes: RedisJournal[] = [];
beforeEach(() => (log = new MemoryLog()));
afterEach(async () => {
  await Promise.all(nodes.splice(0).map((node) => node.close()));
  await server?.stop();
  server = undefined;
});

function node(url: string, more: { ca?: string } = {}): RedisJournal {
  const made = new RedisJournal({ url, prefix: 'p', nodeId: 'n', clock: systemClock, log, ...more });
  nodes.push(made);
  return made;
}

/** Resolves once `work` no longer rejects. */
const once = <T>(work: () => Promise<T>): Promise<T> => vi.waitFor(work, { timeout: 15_000, interval: 20 });

/** The error, and how long it was in coming. */
async function failure(work: Promise<unknown>): Promise<{ readonly error: unknown; readonly afterMs: number }> {
  const sinceMs = systemClock.nowMs();
  const error: unknown = await work.then(
    () => expect.fail('expected a rejection'),
    (reason: unknown) => reason,
  );
  return { error, afterMs: systemClock.nowMs() - sinceMs };
}

/** Where it must not be: in the error, however deep, and in the log. */
function expectNoPassword(...errors: unknown[]): void {
  const shown = inspect([errors, log.lines], { depth: 20, showHidden: true });
  expect(shown).not.toContain(PASSWORD);
  expect(shown).not.toContain(encodeURIComponent(PASSWORD));
}

it('lets nothing stay for ever, and keeps to its prefix', async () => {
  server = await startRedis();
  const { command } = server;
  const [a, b] = [node(server.url), node(server.url)];
  await a.beat();
  for (const call of ['c', 'd', 'e']) await a.put(record(call));
  await a.remove('e');
  await a.close();
  await b.beat();
  await b.claim('c');
  await b.claim('d');
  await b.remove('d');
  const keys = (await command('KEYS', '*')) as string[];
  expect(keys.map((key) => key.replace(/\.[0-9a-f]+$/, '')).sort()).toEqual(['{p}:call:c', '{p}:call:d', '{p}:calls:n', '{p}:lease:n', '{p}:owners', '{p}:room:room of c']);
  for (const key of keys) {
    const leftMs = (await command('PTTL', key)) as number;
    expect(leftMs).toBeGreaterThan(0);
    expect(leftMs).toBeLessThanOrEqual(key.includes(':lease:') ? 6000 : KEEP_MS);
  }
  // The call that is over has left no words.
  expect(await command('HGETALL', '{p}:call:d')).toEqual(['owner', '']);
});

it('gives up a record that cannot be read', async () => {
  server = await startRedis();
  const [a, b] = [node(server.url), node(server.url)];
  await a.put(record('c'));
  await a.close();
  await server.command('HSET', '{p}:call:c', 'record', '{"callId"');
  expect(await b.orphans()).toEqual([]);
  expect(await b.claim('c')).toBeUndefined();
  expect(await b.orphans()).toEqual([]);
  expect(log.at('warn')).toHaveLength(1);
});

// A second try: while this server is away its port is free, and another file's server may be given it.
it('is away while Redis is, at once and without a word too many, and comes back by itself and tells it what it has forgotten', { retry: 2 }, async () => {
  server = await startRedis();
  const [a, b] = [node(server.url), node(server.url)];
  await Promise.all([a.beat(), b.beat()]);
  for (const call of ['c', 'd', 'over']) await a.put(record(call));
  await server.kill();
  for (const work of [a.beat(), a.put(record('c')), a.remove('over'), a.holderOf('r'), a.orphans(), a.claim('c')]) {
    const { error, afterMs } = await failure(work);
    expect(error).toMatchObject({ code: 'journal_failed', message: expect.stringMatching(/^the journal in Redis: ./) });
    expect(afterMs).toBeLessThan(1500);
  }
  const newest = record('d', { identity: 'robot-d-2' });
  await failure(a.put(newest));
  // Each of the two notices it by itself, and one may do so a moment later.
  const away = 'the journal in Redis cannot be reached; calls go on without it';
  await once(async () => expect(log.at('warn')).toEqual([away, away]));
  await server.restart();
  await once(() => a.beat());
  await once(() => b.beat());
  await once(async () => expect(log.at('info')).toEqual(['the journal in Redis is back', 'the journal in Redis is back']));
  const { room } = record('c');
  await once(async () => expect(await b.holderOf(room)).toBe('other'));
  await once(async () => expect(await b.holderOf(newest.room)).toBe('other'));
  expect(await b.holderOf(record('over').room)).toBeUndefined();
  await a.close();
  expect((await b.orphans()).map(({ identity }) => identity).sort()).toEqual(['robot-c-1', 'robot-d-2']);
});

it('tells Redis again that a call is over, where that has not reached it', async () => {
  server = await startRedis();
  const [a, b] = [node(server.url), node(server.url)];
  await Promise.all([a.beat(), b.beat()]);
  await a.put(record('c'));
  server.freeze();
  await failure(a.remove('c'));
  await failure(a.put(record('d')));
  server.thaw();
  await once(() => a.beat());
  await once(async () => expect(await b.holderOf(record('c').room)).toBeUndefined());
});

it('waits a second for a Redis that says nothing, and then for a new connection', async () => {
  server = await startRedis();
  const a = node(server.url);
  await a.beat();
  server.freeze();
  const [first, second] = [await failure(a.put(record('c'))), await failure(a.put(record('c')))];
  for (const { error, afterMs } of [first, second]) {
    expect(error).toMatchObject({ code: 'journal_failed', message: 'the journal in Redis took longer than 1000 ms' });
    expect(afterMs).toBeGreaterThan(900);
  }
  expect(log.at('warn')[0]).toBe('the journal in Redis does not answer; connecting anew');
  server.thaw();
  expect(await once(() => a.put(record('c')))).toBe(true);
});

it('starts without Redis, and finds it when it is there', async () => {
  const port = await freePort();
  const a = node(`redis://:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}`);
  const { error, afterMs } = await failure(a.beat());
  expect(error).toMatchObject({ code: 'journal_failed' });
  expect(afterMs).toBeLessThan(1500);
  expectNoPassword(error);
  expect(log.at('warn')).toHaveLength(1);
});

describe('a Redis with a password', () => {
  it('is spoken to with it', async () => {
    server = await startRedis({ password: PASSWORD });
    const a = node(server.url);
    await a.beat();
    expect(await a.put(record('c'))).toBe(true);
  });

  it.each(['wrong', undefined])('says no without it, and it is not told to anybody (%s)', async (said) => {
    server = await startRedis({ password: 'another' });
    const a = node(`redis://${said === undefined ? '' : `user:${encodeURIComponent(PASSWORD)}@`}127.0.0.1:${server.port}/3`);
    const { error } = await failure(a.beat());
    expect(error).toMatchObject({ code: 'journal_failed' });
    expect(String(log.lines[0]?.fields['error'])).toMatch(/WRONGPASS|NOAUTH/);
    expectNoPassword(error);
  });
});

describe('a Redis with TLS', () => {
  let folder: string;
  let args: readonly string[];
  let port: number;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'voice-node-tls-'));
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    // Where there is no openssl this fails, and says so.
    execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-keyout', key, '-out', cert], { stdio: 'pipe' });
    port = await freePort();
    args = ['--tls-port', String(port), '--tls-cert-file', cert, '--tls-key-file', key, '--tls-ca-cert-file', cert, '--tls-auth-clients', 'no'];
    server = await startRedis({ password: PASSWORD, args });
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('is spoken to where its certificate is good, and its name', async () => {
    const a = node(`rediss://default:${encodeURIComponent(PASSWORD)}@localhost:${port}`, { ca: readFileSync(join(folder, 'cert.pem'), 'utf8') });
    await a.beat();
    expect(await a.put(record('c'))).toBe(true);
    expect(log.lines).toEqual([]);
  });

  it('is not where it is not', async () => {
    const strange = node(`rediss://default:${encodeURIComponent(PASSWORD)}@localhost:${port}`);
    const { error } = await failure(strange.beat());
    expect(String(log.lines[0]?.fields['error'])).toMatch(/self-signed/);
    const misnamed = node(`rediss://default:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}`, { ca: readFileSync(join(folder, 'cert.pem'), 'utf8') });
    await failure(misnamed.beat());
    expect(String(log.lines.at(-1)?.fields['error'])).toMatch(/altnames|does not match/);
    expectNoPassword(error);
  });
});
