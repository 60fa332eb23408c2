import { afterEach, describe, expect, it } from 'vitest';
import { runCalls } from '../../../voice-node/cli/calls.js';
import { runDrain } from '../../../voice-node/cli/drain.js';
import { runHangup, theCall } from '../../../voice-node/cli/hangup.js';
import { findNode } from '../../../voice-node/cli/operator-node.js';
import { writeRunFile } from '../../../voice-node/cli/run-file.js';
import { runTop } from '../../../voice-node/cli/top.js';
import type { WebServer } from '../../../voice-node/web/server.js';
import { FakeOperations, liveCall } from '../../support/fake-operations.js';
import { closedPort, startHttpServer } from '../../support/http-server.js';
import { Output, ownEnvironment, serve, TOKEN } from './rig.js';

const own = ownEnvironment();
const servers: WebServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function node(operations: FakeOperations, token = TOKEN): Promise<number> {
  const server = await serve(operations, token);
  servers.push(server);
  return server.port;
}

const two = (): FakeOperations => new FakeOperations([liveCall({ callId: 'call-aaaa1', ageMs: 1000 }), liveCall({ callId: 'call-aaab2', room: 'hotel', ageMs: 5000 })]);

describe('the node is found', () => {
  it('by HOST and PORT, with the token that it wrote down for its user', async () => {
    const port = await node(two());
    own.set({ PORT: String(port) });
    writeRunFile(own.cache, port, { pid: process.pid, token: TOKEN });
    const out = new Output();
    await runCalls([], out);
    expect(out.text).toMatch(/call-aaab2[^]*call-aaaa1/);
  });

  it('by --url, with ADMIN_TOKEN before what was written down', async () => {
    const port = await node(two());
    own.set({ ADMIN_TOKEN: TOKEN });
    writeRunFile(own.cache, port, { pid: process.pid, token: 'of an earlier node' });
    const out = new Output();
    await runCalls(['--json', '--url', `http://127.0.0.1:${port}/`], out);
    expect(JSON.parse(out.text)).toMatchObject({ calls: [{ callId: 'call-aaab2', room: 'hotel' }, { callId: 'call-aaaa1' }] });
  });

  it('again with the new token after it was started again', async () => {
    const port = await node(two(), 'the-second-token-of-it');
    writeRunFile(own.cache, port, { pid: process.pid, token: 'the-first-token-of-it' });
    const { client } = findNode('top', `http://127.0.0.1:${port}`);
    await expect(client.view()).rejects.toMatchObject({ code: 'auth_failed', message: expect.stringContaining('has another ADMIN_TOKEN than this command') as string });
    writeRunFile(own.cache, port, { pid: process.pid, token: 'the-second-token-of-it' });
    expect((await client.view()).live).toBe(2);
  });

  it('and its own token never goes to another machine', async () => {
    await using server = await startHttpServer(({ response }) => response.writeHead(401).end());
    const { port } = new URL(server.origin);
    writeRunFile(own.cache, Number(port), { pid: process.pid, token: TOKEN });
    // A name that is not this machine's: here it is, so that the request can be seen.
    await expect(findNode('calls', server.origin.replace('127.0.0.1', '0.0.0.0')).client.calls()).rejects.toMatchObject({ code: 'auth_failed' });
    expect(server.seen[0]?.headers.authorization).toBeUndefined();
    await expect(findNode('calls', server.origin).client.calls()).rejects.toMatchObject({ code: 'auth_failed' });
    expect(server.seen[1]?.headers.authorization).toBe(`Bearer ${TOKEN}`);
  });
});

describe('errors say what to do', () => {
  it('the node is not running', async () => {
    const port = await closedPort();
    own.set({ PORT: String(port) });
    for (const run of [runTop, runCalls, runDrain]) await expect(run([], new Output())).rejects.toThrow(`no node runs at http://127.0.0.1:${port}: nothing listens there`);
  });

  it('the token is missing or wrong', async () => {
    own.set({ PORT: String(await node(two())) });
    await expect(runCalls([], new Output())).rejects.toThrow(/wants a token: set ADMIN_TOKEN to the node's own, or run this as the user the node runs as/);
    own.set({ ADMIN_TOKEN: 'another-token-of-another' });
    await expect(runCalls([], new Output())).rejects.toThrow(/has another ADMIN_TOKEN than this command/);
    for (let i = 0; i < 9; i++) await runCalls([], new Output()).catch(() => undefined);
    await expect(runCalls([], new Output())).rejects.toThrow(/too many wrong tokens from this address; it listens again in 6 s/);
  });

  it('something else answers there', async () => {
    for (const [status, body] of [[200, '<html>'], [200, 'null'], [200, '{"other":1}'], [500, '{"error":{"code":"internal","message":"its log says why"}}'], [302, '']] as const) {
      await using server = await startHttpServer(({ response }) => response.writeHead(status, status === 302 ? { location: 'http://127.0.0.1:1/' } : {}).end(body));
      await expect(runCalls(['--url', server.origin], new Output())).rejects.toMatchObject({ code: 'transport_lost' });
      await expect(runTop(['--once', '--url', server.origin], new Output())).rejects.toMatchObject({ code: 'transport_lost' });
    }
  });

  it('the address or the arguments are wrong', async () => {
    for (const url of ['127.0.0.1:8000', 'ftp://h', 'http://user:secret@h', 'http://h/path', 'nonsense']) {
      const error = await runCalls(['--url', url], new Output()).catch((thrown: unknown) => thrown as Error);
      expect(error?.message).toMatch(/^calls: --url: expected a node such as http:\/\/127\.0\.0\.1:8000, got /);
      expect(error?.message).not.toContain('secret');
    }
    own.set({ PORT: '0' });
    await expect(runCalls([], new Output())).rejects.toThrow(/^calls: PORT is 0/);
    await expect(runTop(['--twice'], new Output())).rejects.toThrow(/usage: voice-node top/);
    await expect(runHangup([], new Output())).rejects.toThrow(/expected the id of one call, got 0; usage: voice-node hangup ID/);
  });
});

describe('hangup', () => {
  it('takes a beginning of the id that no other call shares', async () => {
    const operations = two();
    own.set({ PORT: String(await node(operations)), ADMIN_TOKEN: TOKEN });
    const out = new Output();
    await runHangup(['call-aaab'], out);
    expect(out.text).toBe('hung up call-aaab2 in hotel\n');
    expect(operations.hungUp).toEqual(['call-aaab2']);
    await expect(runHangup(['call-aaab'], out)).rejects.toThrow('no call has an id that begins with "call-aaab"; voice-node calls shows those in progress (1)');
  });

  it('never guesses', () => {
    const calls = ['call-a', 'call-ab', 'call-b'].map((callId) => liveCall({ callId }));
    expect(theCall('call-a', calls).callId).toBe('call-a');
    expect(theCall('call-b', calls).callId).toBe('call-b');
    expect(() => theCall('call-', calls)).toThrow('3 calls begin with "call-": call-a, call-ab, call-b; expected more of the id');
    expect(() => theCall('all-a', calls)).toThrow('no call has an id');
  });
});

describe('drain', () => {
  it('asks for it, and without --wait says no more', async () => {
    const operations = two();
    own.set({ PORT: String(await node(operations)), ADMIN_TOKEN: TOKEN });
    const out = new Output();
    await runDrain([], out);
    expect(out.text).toBe('draining: no new calls are taken\n');
    expect(operations.draining).toBe(true);
  });
});
