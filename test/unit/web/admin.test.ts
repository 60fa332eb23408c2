import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../voice-node/platform/virtual-clock.js';
import { addAdmin } from '../../../voice-node/web/admin.js';
import { GUESS_BACK_MS, GuessLimit, MAX_GUESSES } from '../../../voice-node/web/guess-limit.js';
import { FakeOperations, liveCall } from '../../support/fake-operations.js';
import { MemoryLog } from '../call/rig.js';

const TOKEN = 'correct-horse-battery-staple';
const GUARDED = [['GET', '/api/node'], ['GET', '/api/calls'], ['GET', '/api/calls/x'], ['DELETE', '/api/calls/call-0123456789ab'], ['POST', '/api/drain'], ['PUT', '/api/drain'], ['HEAD', '/api/node']] as const;

function rig(operations = new FakeOperations([liveCall()])) {
  const app = new Hono();
  const clock = new VirtualClock();
  const log = new MemoryLog();
  addAdmin(app, { operations, adminToken: TOKEN, clock, log });
  const ask = (method: string, path: string, { authorization = `Bearer ${TOKEN}`, from = '10.0.0.1' }: { authorization?: string | undefined; from?: string } = {}) =>
    app.request(path, { method, headers: authorization === '' ? {} : { authorization } }, { incoming: { socket: { remoteAddress: from } } });
  return { app, clock, log, operations, ask };
}

describe('with the token', () => {
  it('shows the node and its calls', async () => {
    const { ask, operations } = rig();
    const node = await ask('GET', '/api/node');
    expect([node.status, node.headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(await node.json()).toEqual(operations.view());
    const calls = await ask('GET', '/api/calls');
    expect(await calls.json()).toEqual({ calls: [liveCall()] });
  });

  it('hangs up one call, once', async () => {
    const { ask, operations } = rig(new FakeOperations([liveCall(), liveCall({ callId: 'call-a%2F b' })]));
    const first = await ask('DELETE', '/api/calls/call-0123456789ab');
    expect([first.status, await first.text()]).toEqual([204, '']);
    const second = await ask('DELETE', '/api/calls/call-0123456789ab');
    expect(second.status).toBe(404);
    expect(await second.json()).toEqual({ error: { code: 'argument_invalid', message: 'expected the id of a call in progress, got "call-0123456789ab"' } });
    expect((await ask('DELETE', `/api/calls/${encodeURIComponent('call-a%2F b')}`)).status).toBe(204);
    expect(operations.hungUp).toEqual(['call-0123456789ab', 'call-a%2F b']);
    expect((await ((await ask('DELETE', `/api/calls/${'x'.repeat(5000)}`)).text())).length).toBeLessThan(250);
  });

  it('drains', async () => {
    const { ask, operations } = rig();
    expect((await ask('POST', '/api/drain')).status).toBe(202);
    expect(operations.draining).toBe(true);
  });

  it('takes the scheme in any case', async () => {
    expect((await rig().ask('GET', '/api/node', { authorization: `bEARER   ${TOKEN}` })).status).toBe(200);
  });
});

describe('without it', () => {
  it.each(GUARDED)('%s %s is refused, and does nothing', async (method, path) => {
    const { ask, operations, log } = rig();
    const others = ['', 'Bearer', 'Bearer ', `Basic ${TOKEN}`, TOKEN, `Bearer ${TOKEN}x`, `Bearer ${TOKEN.slice(0, -1)}`, `Bearer ${TOKEN.toUpperCase()}`, `Bearer ${TOKEN} ${TOKEN}`];
    for (const authorization of others) {
      const response = await ask(method, path, { authorization });
      expect([authorization, response.status]).toEqual([authorization, 401]);
      expect(response.headers.get('www-authenticate')).toMatch(/^Bearer realm="voice-node"/);
      expect(response.headers.get('cache-control')).toBe('no-store');
      const body = await response.text();
      expect(body).not.toContain(TOKEN.slice(0, -1));
      expect(body).not.toContain('echo');
    }
    expect([operations.calls.length, operations.draining]).toEqual([1, false]);
    expect(JSON.stringify(log.lines).toLowerCase()).not.toContain(TOKEN.slice(0, -1));
  });

  it('only so many wrong ones may be tried, and whoever tries locks out nobody else', async () => {
    const { ask, clock } = rig();
    const wrong = { authorization: 'Bearer wrong-wrong-wrong' };
    for (let i = 0; i < MAX_GUESSES; i++) expect((await ask('GET', '/api/node', wrong)).status).toBe(401);
    const over = await ask('GET', '/api/node', wrong);
    expect([over.status, over.headers.get('retry-after')]).toEqual([429, '6']);
    // Not even the right one: else the answer would tell it from a wrong one.
    expect((await ask('GET', '/api/node')).status).toBe(429);
    expect((await ask('GET', '/api/node', { from: '10.0.0.2' })).status).toBe(200);
    await clock.advanceTo(GUESS_BACK_MS);
    expect((await ask('GET', '/api/node', wrong)).status).toBe(401);
    expect((await ask('GET', '/api/node', wrong)).status).toBe(429);
    await clock.advanceTo(2 * GUESS_BACK_MS);
    expect((await ask('GET', '/api/node')).status).toBe(200);
  });

  it('asking without any token is no guess', async () => {
    const { ask } = rig();
    for (let i = 0; i < 3 * MAX_GUESSES; i++) expect((await ask('GET', '/api/node', { authorization: '' })).status).toBe(401);
    expect((await ask('GET', '/api/node')).status).toBe(200);
  });
});

it('a token that can be guessed opens nothing: the node does not start with it', () => {
  for (const adminToken of ['', 'short', 'x'.repeat(15)]) {
    expect(() => addAdmin(new Hono(), { operations: new FakeOperations(), adminToken, clock: new VirtualClock(), log: new MemoryLog() })).toThrow(`ADMIN_TOKEN: expected at least 16 characters, got ${adminToken.length}`);
  }
});

it('remembers a bounded number of addresses, and forgets those that have waited', async () => {
  const clock = new VirtualClock();
  const limit = new GuessLimit(clock);
  for (let i = 0; i < 5000; i++) limit.wrong(`10.0.${i >> 8}.${i & 255}`);
  expect(limit.size).toBe(257);
  // The many that are not told apart share one allowance; those that are known keep their own.
  expect(limit.waitMs('192.0.2.1')).toBeGreaterThan(0);
  expect(limit.waitMs('10.0.0.0')).toBe(0);
  await clock.advanceTo(5000 * GUESS_BACK_MS);
  limit.wrong('10.0.0.0');
  expect(limit.size).toBe(1);
  expect(limit.waitMs('192.0.2.1')).toBe(0);
});
