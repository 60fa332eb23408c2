import { createServer, type AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { ProviderError } from '../../../../voice-node/domain/provider.js';
import { readBody, readJson, readText } from '../../../../voice-node/providers/http/body.js';
import { createConnections, type Connections } from '../../../../voice-node/providers/http/connections.js';
import { errorIdentifier, networkError, retryAfterMs, statusError } from '../../../../voice-node/providers/http/errors.js';
import { send } from '../../../../voice-node/providers/http/request.js';
import { closedPort, startHttpServer } from '../../../support/http-server.js';

const open: Connections[] = [];
afterEach(() => open.splice(0).forEach((connections) => connections.close()));

function connections(): Connections {
  const made = createConnections();
  open.push(made);
  return made;
}

const request = (url: string, changes: Partial<Parameters<typeof send>[0]> = {}) =>
  send({ vendor: 'local', what: 'an answer', fetch: connections().fetch, url, body: '{}', signal: new AbortController().signal, ...changes });

async function failure(work: Promise<unknown>): Promise<ProviderError> {
  const error = await work.then(
    (value) => new Error(`resolved with ${String(value)}`),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ProviderError);
  return error as ProviderError;
}

const body = (signal = new AbortController().signal, begun = false, maxBytes = 1000) => ({ vendor: 'local' as const, what: 'an answer', signal, maxBytes, begun: () => begun });

describe('errors by status', () => {
  it.each([
    [401, 'provider_auth'],
    [403, 'provider_auth'],
    [429, 'provider_rate_limited'],
    [400, 'provider_rejected'],
    [402, 'provider_rejected'],
    [404, 'provider_rejected'],
    [422, 'provider_rejected'],
    [408, 'provider_unavailable'],
    [500, 'provider_unavailable'],
    [503, 'provider_unavailable'],
    [529, 'provider_unavailable'],
    [302, 'provider_protocol'],
  ])('%i is %s', (status, code) => {
    const error = statusError('openai', 'speech', { status, headers: new Headers() }, '{"error":{"code":"some_name","message":"the words of the caller"}}');
    expect(error.code).toBe(code);
    expect(error.message).toBe(`openai: expected speech, got status ${status} (some_name)`);
  });

  it('reads how long to stay away', () => {
    const of = (headers: Record<string, string>) => retryAfterMs(new Headers(headers));
    expect(of({ 'retry-after': '7' })).toBe(7000);
    expect(of({ 'retry-after': '0.5' })).toBe(500);
    expect(of({ 'retry-after-ms': '1234', 'retry-after': '7' })).toBe(1234);
    expect(of({ 'retry-after': 'Sat, 21 Nov 2026 04:00:30 GMT', date: 'Sat, 21 Nov 2026 04:00:00 GMT' })).toBe(30_000);
    expect(of({ 'retry-after': 'Sat, 21 Nov 2026 03:00:00 GMT', date: 'Sat, 21 Nov 2026 04:00:00 GMT' })).toBe(0);
    expect(of({ 'retry-after': '99999999' })).toBe(86_400_000);
    // Without the server's own time a date says nothing.
    expect(of({ 'retry-after': 'Sat, 21 Nov 2026 04:00:30 GMT' })).toBeUndefined();
    for (const value of ['soon', '-5', '1e9', '']) expect(of({ 'retry-after': value })).toBeUndefined();
  });

  it('finds the name of an error where vendors put it, and repeats nothing else', () => {
    expect(errorIdentifier('{"error":{"message":"x","type":"invalid_request_error","code":"model_not_found"}}')).toBe('model_not_found');
    expect(errorIdentifier('{"error":{"message":"x","type":"server_error","code":null}}')).toBe('server_error');
    expect(errorIdentifier('{"detail":{"status":"quota_exceeded","message":"x"}}')).toBe('quota_exceeded');
    expect(errorIdentifier('{"error":{"grpcCode":16,"httpCode":401,"message":"x"}}')).toBe('16');
    expect(errorIdentifier('{"error":"unauthorized"}')).toBe('unauthorized');
    for (const code of ['sk-proj-4f3c', 'my pin is 1234', 'a'.repeat(60), '4f3c9a', 'AKIA0123456789', { nested: 'name' }, 12_345_678, '']) {
      expect(errorIdentifier(JSON.stringify({ error: { code, message: 'secret words' } }))).toBeUndefined();
    }
    for (const text of ['', 'not json', '[]', 'null', '"two words"', '{"__proto__":{"code":"name"}}']) expect(errorIdentifier(text)).toBeUndefined();
  });
});

describe('errors of the network', () => {
  it('nobody there', async () => {
    const error = await failure(request(`http://127.0.0.1:${await closedPort()}/`));
    expect([error.code, error.message]).toEqual(['provider_unreachable', 'local: expected an answer, got no connection (ECONNREFUSED)']);
  });

  it('somebody who speaks no HTTP', async () => {
    const server = createServer((socket) => socket.on('error', () => undefined).end('SSH-2.0-OpenSSH_9.2\r\n'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    expect((await failure(request(`http://127.0.0.1:${port}/`))).code).toBe('provider_protocol');
    expect((await failure(request(`https://127.0.0.1:${port}/`))).code).toBe('provider_unreachable');
    server.close();
  });

  it('hangs up before it answers', async () => {
    await using server = await startHttpServer(({ socket }) => socket.destroy());
    expect((await failure(request(server.origin))).code).toBe('provider_unreachable');
  });

  it('a key that no header can hold is not repeated', async () => {
    const error = await failure(request('http://127.0.0.1:1/', { headers: { authorization: 'Bearer sk-canary\n' + 'x: y' } }));
    expect(error.code).toBe('provider_rejected');
    expect(`${error.message} ${String(error.cause)} ${error.stack ?? ''}`).not.toContain('sk-canary');
  });

  it('tells broken from unreachable by what was handed on', () => {
    const reset = Object.assign(new TypeError('terminated'), { cause: Object.assign(new Error('other side closed'), { code: 'UND_ERR_SOCKET' }) });
    expect(networkError('local', 'speech', reset, 'before').code).toBe('provider_unreachable');
    expect(networkError('local', 'speech', reset, 'unused').code).toBe('provider_unreachable');
    expect(networkError('local', 'speech', reset, 'begun').code).toBe('provider_broken');
  });

  it('does not follow redirects', async () => {
    await using target = await startHttpServer(({ response }) => response.end('stolen'));
    await using server = await startHttpServer(({ response }) => response.writeHead(307, { location: target.origin }).end());
    expect((await failure(request(server.origin))).code).toBe('provider_protocol');
    expect(target.seen).toHaveLength(0);
  });
});

describe('an aborted request', () => {
  it.each(['before the headers', 'in the body of an error', 'in the body'])('closes its connection at once: %s', async (moment) => {
    const controller = new AbortController();
    let arrived = (): void => undefined;
    const there = new Promise<void>((resolve) => (arrived = resolve));
    await using server = await startHttpServer(({ response }) => {
      if (moment !== 'before the headers') response.writeHead(moment === 'in the body' ? 200 : 500).write('some');
      arrived();
    });
    const work = request(server.origin, { signal: controller.signal }).then((response) => readText(response, body(controller.signal)));
    const outcome = work.then(() => 'resolved', (error: Error) => error.name);
    await there;
    controller.abort();
    expect(await outcome).toBe('AbortError');
    await server.seen[0]?.closed;
  });

  it('is not even sent when it is too late', async () => {
    await using server = await startHttpServer(({ response }) => response.end());
    await expect(request(server.origin, { signal: AbortSignal.abort() })).rejects.toThrow(/aborted/);
    expect(server.connections()).toBe(0);
  });
});

describe('bodies', () => {
  it('are bounded, and the connection of one that is too long is closed', async () => {
    await using server = await startHttpServer(({ response }) => {
      response.write('x'.repeat(800));
      response.write('x'.repeat(800));
    });
    const error = await failure(request(server.origin).then((response) => readText(response, body())));
    expect(error.code).toBe('provider_overflow');
    await server.seen[0]?.closed;
  });

  it.each([
    ['reset', false, 'provider_unreachable'],
    ['reset', true, 'provider_broken'],
    ['end in the middle of a chunk', true, 'provider_broken'],
    ['end before the promised length', true, 'provider_broken'],
  ])('%s (begun: %s) is %s', async (how, begun, code) => {
    await using server = await startHttpServer(({ socket }) => {
      const length = how === 'end before the promised length' ? 'content-length: 100' : 'transfer-encoding: chunked';
      socket.write(`HTTP/1.1 200 OK\r\n${length}\r\n\r\n${how.startsWith('end in') ? 'ff\r\nhalf' : '4\r\nhalf\r\n'}`, () => (how === 'reset' ? socket.resetAndDestroy() : socket.end()));
    });
    expect((await failure(request(server.origin).then((response) => readText(response, body(undefined, begun))))).code).toBe(code);
  });

  it('that are no UTF-8 or no JSON are said to be so, without their words', async () => {
    await using server = await startHttpServer(({ path, response }) => response.end(path === '/utf8' ? Buffer.from([0x22, 0xd0]) : 'secret words'));
    const utf8 = await failure(request(`${server.origin}/utf8`).then((response) => readJson(response, body())));
    const json = await failure(request(`${server.origin}/json`).then((response) => readJson(response, body())));
    expect([utf8.code, json.code]).toEqual(['provider_protocol', 'provider_protocol']);
    expect(json.message).toBe('local: expected an answer as JSON, got 12 characters that are none');
  });

  it('whose reader goes away close their connection', async () => {
    await using server = await startHttpServer(({ response }) => response.write('first'));
    for await (const _ of readBody(await request(server.origin), body())) break;
    await server.seen[0]?.closed;
  });
});

describe('connections', () => {
  it('are kept between requests, and made ahead of the first', async () => {
    await using server = await startHttpServer(({ method, response }) => response.writeHead(method === 'OPTIONS' ? 405 : 200).end('ok'));
    const kept = connections();
    await kept.warm(server.origin);
    for (let i = 0; i < 3; i++) {
      // undici counts a connection as free one turn of the loop after its answer has ended.
      await new Promise((resolve) => setImmediate(resolve));
      expect(await readText(await request(server.origin, { fetch: kept.fetch }), body())).toBe('ok');
    }
    await new Promise((resolve) => setImmediate(resolve));
    await kept.warm(server.origin);
    expect(server.seen.map(({ method }) => method)).toEqual(['OPTIONS', 'POST', 'POST', 'POST']);
    expect(server.seen[0]?.headers.authorization).toBeUndefined();
    expect(server.connections()).toBe(1);
    kept.close();
    await server.seen[3]?.closed;
  });

  it('warming a server that is not there hurts nobody', async () => {
    await connections().warm(`http://127.0.0.1:${await closedPort()}/v1`);
    expect((await failure(request(`http://127.0.0.1:${await closedPort()}/`))).code).toBe('provider_unreachable');
  });
});
