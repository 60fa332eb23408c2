import { afterEach, describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../../voice-node/platform/virtual-clock.js';
import { createHttpTools, type HttpTool, type HttpToolsOptions } from '../../../../voice-node/providers/tools/http.js';
import { closedPort, startHttpServer, type Seen } from '../../../support/http-server.js';

const SECRET = 'canary words';

const open: { close(): void }[] = [];
afterEach(() => open.splice(0).forEach((tools) => tools.close()));

const tool = (url: string, changes: Partial<HttpTool> = {}): HttpTool => ({
  name: 'book',
  description: 'Books a table',
  parameters: { type: 'object', properties: { guests: { type: 'integer', minimum: 1, maximum: 12 }, name: { type: 'string', maxLength: 20 }, where: { enum: ['inside', 'outside'] } }, required: ['guests'], additionalProperties: false },
  url,
  timeoutMs: 2000,
  ...changes,
});

function runner(origin: string, changes: Partial<HttpTool> = {}, options: Partial<HttpToolsOptions> = {}) {
  const clock = new VirtualClock();
  const tools = createHttpTools({ tools: [tool(`${origin}/book?v=1`, changes)], allowedOrigins: [origin], clock, ...options });
  open.push(tools);
  const controller = new AbortController();
  return { clock, controller, tools, run: (args: unknown, name = 'book') => tools.run(name, args, { callId: 'call-7', signal: controller.signal }) };
}

const answer = ({ response }: Seen, body: string | Buffer, type = 'application/json', status = 200): void => void response.writeHead(status, { 'content-type': type }).end(body);

describe('a tool', () => {
  it('is called with its arguments and the call, and its answer is told', async () => {
    await using server = await startHttpServer((seen) => answer(seen, ' {"table":4,"name":"Анна"}\n'));
    const { tools, run, clock } = runner(server.origin);
    expect(tools.specs).toEqual([{ name: 'book', description: 'Books a table', parameters: tool('').parameters }]);
    expect(await run({ guests: 2, name: 'Анна' })).toBe('{"table":4,"name":"Анна"}');
    const [{ method, path, headers, body }] = server.seen as [Seen];
    expect([method, path, headers['content-type']]).toEqual(['POST', '/book?v=1', 'application/json']);
    expect(JSON.parse(body.toString())).toEqual({ arguments: { guests: 2, name: 'Анна' }, call_id: 'call-7' });
    expect(clock.pendingTimers).toBe(0);
  });

  it.each([
    ['text/plain; charset=utf-8', 'Table four.', 'Table four.'],
    ['application/problem+json', '{"ok":false}', '{"ok":false}'],
    ['text/plain', '', 'done'],
    ['application/json', '', 'done'],
    ['text/plain', 'x'.repeat(8192), 'x'.repeat(8192)],
  ])('may answer with %s', async (type, body, told) => {
    await using server = await startHttpServer((seen) => answer(seen, body, type));
    expect(await runner(server.origin).run({ guests: 1 })).toBe(told);
  });

  it.each<[string, unknown, RegExp]>([
    ['a missing one', { name: SECRET }, /#\/required: must have required property 'guests'/],
    ['one of another type', { guests: SECRET }, /#\/properties\/guests\/type: must be integer/],
    ['a number as a string', { guests: '2' }, /must be integer/],
    ['one out of range', { guests: 13 }, /must be <= 12/],
    ['one too long', { guests: 1, name: `${SECRET} and a lot more of it` }, /must NOT have more than 20 characters/],
    ['none of the choices', { guests: 1, where: SECRET }, /must be equal to one of the allowed values/],
    ['one too many', { guests: 1, [SECRET]: SECRET }, /must NOT have additional properties/],
    ['no object', SECRET, /must be object/],
    ['null', null, /must be object/],
    ['a list', [], /must be object/],
  ])('is not called with wrong arguments: %s', async (_, args, message) => {
    await using server = await startHttpServer((seen) => answer(seen, '{}'));
    const error = await runner(server.origin).run(args).catch((thrown: unknown) => thrown as Error);
    expect(error).toMatchObject({ code: 'tool_failed', message: expect.stringMatching(message) as string });
    expect((error as Error).message).not.toContain(SECRET);
    expect(server.seen).toHaveLength(0);
  });

  it('that does not exist is not called', async () => {
    await using server = await startHttpServer((seen) => answer(seen, '{}'));
    const error = await runner(server.origin).run({}, SECRET).catch((thrown: unknown) => thrown as Error);
    expect(error).toMatchObject({ code: 'tool_failed', message: 'expected the name of a tool of this robot, got another one' });
  });

  it.each<[string, (seen: Seen) => void, RegExp]>([
    ['status 404', (seen) => answer(seen, SECRET, 'text/plain', 404), /expected status 200, got 404$/],
    ['status 500', (seen) => answer(seen, SECRET, 'text/plain', 500), /got 500$/],
    ['a picture', (seen) => answer(seen, SECRET, 'image/png'), /expected JSON or text/],
    ['no JSON', (seen) => answer(seen, SECRET), /expected JSON, as its type says/],
    ['no UTF-8', (seen) => answer(seen, Buffer.from([0x61, 0xff]), 'text/plain'), /expected UTF-8/],
    ['half a character', (seen) => answer(seen, Buffer.from([0x61, 0xd0]), 'text/plain'), /expected UTF-8/],
    ['too much', (seen) => answer(seen, 'x'.repeat(8193), 'text/plain'), /at most 8192 bytes/],
    ['a hang-up', ({ socket }) => socket.destroy(), /got no connection/],
    ['half an answer', ({ socket }) => socket.end('HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 99\r\n\r\nhalf'), /the connection broke/],
    ['no HTTP', ({ socket }) => socket.end(SECRET), /got no connection/],
  ])('that answers with %s fails', async (_, handle, message) => {
    await using server = await startHttpServer(handle);
    const { run, clock } = runner(server.origin);
    const error = await run({ guests: 1 }).catch((thrown: unknown) => thrown as Error);
    expect(error).toMatchObject({ code: 'tool_failed', message: expect.stringMatching(message) as string });
    expect(`${(error as Error).stack ?? ''} ${String((error as Error).cause)}`).not.toContain(SECRET);
    expect(clock.pendingTimers).toBe(0);
  });

  it('that is not there fails', async () => {
    await expect(runner(`http://127.0.0.1:${await closedPort()}`).run({ guests: 1 })).rejects.toMatchObject({ code: 'tool_failed' });
  });

  it('cannot send us elsewhere', async () => {
    await using inner = await startHttpServer((seen) => answer(seen, '{"secret":1}'));
    await using server = await startHttpServer(({ response }) => response.writeHead(307, { location: inner.origin }).end());
    await expect(runner(server.origin).run({ guests: 1 })).rejects.toMatchObject({ code: 'tool_failed', message: 'tool book: expected status 200, got 307 (redirects are not followed)' });
    expect(inner.seen).toHaveLength(0);
  });
});

describe('a tool that takes its time', () => {
  it.each(['before its headers', 'in its answer'])('is given up at its deadline, and its connection closed: %s', async (moment) => {
    let arrived = (): void => undefined;
    const there = new Promise<void>((resolve) => (arrived = resolve));
    await using server = await startHttpServer(({ response }) => {
      if (moment === 'in its answer') response.writeHead(200, { 'content-type': 'text/plain' }).write('hm');
      arrived();
    });
    const { run, clock } = runner(server.origin);
    const outcome = run({ guests: 1 }).catch((thrown: unknown) => thrown as Error);
    await there;
    await clock.advanceTo(1999);
    expect(clock.pendingTimers).toBe(1);
    await clock.advanceTo(2000);
    expect(await outcome).toMatchObject({ code: 'tool_failed', message: 'tool book: expected an answer within 2000 ms, none came' });
    await server.seen[0]?.closed;
  });

  it('is broken off when the call ends', async () => {
    let arrived = (): void => undefined;
    const there = new Promise<void>((resolve) => (arrived = resolve));
    await using server = await startHttpServer(() => arrived());
    const { run, clock, controller } = runner(server.origin);
    const outcome = run({ guests: 1 }).catch((thrown: unknown) => thrown as Error);
    await there;
    controller.abort();
    expect(await outcome).toMatchObject({ code: 'tool_failed' });
    expect(clock.pendingTimers).toBe(0);
    await server.seen[0]?.closed;
    await expect(run({ guests: 1 })).rejects.toMatchObject({ code: 'tool_failed' });
    expect(server.seen).toHaveLength(1);
  });

  it('is given up even by a fetch that does not listen', async () => {
    const { run, clock } = runner('http://127.0.0.1:1', {}, { fetch: () => new Promise(() => undefined) });
    const outcome = run({ guests: 1 }).catch((thrown: unknown) => thrown as Error);
    await clock.advanceTo(2000);
    expect(await outcome).toMatchObject({ code: 'tool_failed' });
  });
});

describe('where tools may go', () => {
  const make = (url: string, allowedOrigins: readonly string[]) => () => createHttpTools({ tools: [tool(url)], allowedOrigins, clock: new VirtualClock() }).close();

  it.each([
    'https://api.example.com.evil.net/book',
    'https://evil.net/?https://api.example.com',
    'https://api.example.com@evil.net/book',
    'http://api.example.com/book',
    'https://api.example.com:8443/book',
    'https://sub.api.example.com/book',
    'http://169.254.169.254/latest',
  ])('not to %s', (url) => {
    expect(make(url, ['https://api.example.com'])).toThrow(expect.objectContaining({ code: 'robot_invalid' }));
    expect(make(url, [])).toThrow(expect.objectContaining({ code: 'robot_invalid' }));
  });

  it.each(['https://api.example.com/book', 'https://API.example.com:443/a/../book?x=1'])('to %s', (url) => {
    expect(make(url, ['https://api.example.com'])).not.toThrow();
  });
});

describe('schemas of arguments', () => {
  const check = async (parameters: Record<string, unknown>, args: unknown) => {
    const { run } = runner('http://127.0.0.1:1', { parameters }, { fetch: () => Promise.resolve(new Response('ok', { headers: { 'content-type': 'text/plain' } })) });
    return run(args).catch((error: Error) => error.message);
  };

  it('of either draft, with references and conditions', async () => {
    const day = { type: 'object', $defs: { day: { enum: ['mon', 'tue'] } }, properties: { day: { $ref: '#/$defs/day' } }, if: { required: ['day'] }, then: { required: ['hour'] } };
    expect(await check(day, { day: 'mon', hour: 7 })).toBe('ok');
    expect(await check(day, {})).toBe('ok');
    expect(await check(day, { day: 'mon' })).toMatch(/must have required property 'hour'/);
    expect(await check(day, { day: 'sun', hour: 7 })).toMatch(/allowed values/);
    for (const $schema of ['http://json-schema.org/draft-07/schema#', 'https://json-schema.org/draft/2020-12/schema']) {
      expect(await check({ $schema, type: 'object', properties: { a: { type: 'number', exclusiveMinimum: 0 } } }, { a: 0 })).toMatch(/must be > 0/);
    }
    const pair = { type: 'array', prefixItems: [{ type: 'string' }, { type: 'number' }] };
    expect(await check({ type: 'object', properties: { pair } }, { pair: [1, 2] })).toMatch(/must be string/);
    // What is only for the model's eyes does no harm.
    expect(await check({ type: 'object', 'x-hint': 1, properties: { at: { type: 'string', format: 'date-time', example: 'now' } } }, { at: 'whenever' })).toBe('ok');
  });

  it.each([{ type: 'objekt' }, { type: 'object', properties: 7 }, { type: 'object', required: 'guests' }, { type: 'object', properties: { a: { $ref: '#/$defs/none' } } }])('that are none are found when the robot is made: %j', (parameters) => {
    expect(() => runner('http://127.0.0.1:1', { parameters })).toThrow(expect.objectContaining({ code: 'robot_invalid' }));
  });
});
