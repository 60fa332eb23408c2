import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VoiceNodeError } from '../../../voice-node/domain/errors.js';
import { listen } from '../../../voice-node/web/server.js';
import { appIn, errorOf, OFFERS, SESSION, type Changes } from './rig.js';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'voice-node-web-'));
  writeFileSync(join(folder, 'client.html'), '<!doctype html><title>page</title>');
  writeFileSync(join(folder, 'client.js'), 'export {};');
  writeFileSync(join(folder, 'client.css'), 'body {}');
  writeFileSync(join(folder, '.env'), 'SECRET=1');
  writeFileSync(join(folder, 'notes.txt'), 'private');
  writeFileSync(join(folder, 'livekit.mjs'), 'export const a = 1;');
  symlinkSync('/etc', join(folder, 'etc'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const appOf = (changes?: Changes) => appIn(folder, changes);

describe('POST /api/session/create', () => {
  it('makes a session for the robot that is asked for, or the default', async () => {
    const { post, asked } = appOf();
    for (const [body, robot] of [['{"robot":"tone"}', 'tone'], ['{}', 'echo'], ['', 'echo'], [undefined, 'echo'], ['{"other":1}', 'echo']] as const) {
      const response = await post(body);
      expect(response.status).toBe(200);
      expect(response.headers.get('cache-control')).toBe('no-store');
      expect(await response.json()).toEqual({ ...SESSION, robot });
    }
    expect(asked).toEqual(['tone', 'echo', 'echo', 'echo', 'echo']);
  });

  it('refuses everything that is not a JSON object with a known robot', async () => {
    const { post, asked } = appOf();
    for (const body of ['[]', '["robot"]', 'null', '"echo"', '1', 'true', '{', '{"robot":}', 'robot=echo']) {
      expect(await errorOf(await post(body))).toMatchObject({ status: 400, code: 'argument_invalid' });
    }
    for (const robot of [1, null, [], ['echo'], {}, true, '', 'Echo', 'echo ', '../echo', 'constructor', '__proto__', 'x'.repeat(5000)]) {
      const error = await errorOf(await post(JSON.stringify({ robot })));
      expect(error).toMatchObject({ status: 400, code: 'robot_unknown' });
      expect(error.message).toMatch(/^robot: expected one of echo, shop, tone, got /);
      expect(error.message.length).toBeLessThan(200);
    }
    expect(asked).toEqual([]);
  });

  it('lets no prototype through', async () => {
    const { post, asked } = appOf();
    const response = await post('{"__proto__":{"robot":"tone"},"constructor":{"prototype":{"robot":"tone"}}}');
    expect(response.status).toBe(200);
    expect(asked).toEqual(['echo']);
    expect(({} as { robot?: string }).robot).toBeUndefined();
  });

  it('takes JSON alone, so that no form of another page can ask', async () => {
    const { post, asked } = appOf();
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'text/json', 'application/jsonp', '']) {
      expect(await errorOf(await post('{}', { 'content-type': type }))).toMatchObject({ status: 415, code: 'argument_invalid' });
    }
    expect((await post('{}', { 'content-type': 'Application/JSON; charset=utf-8' })).status).toBe(200);
    expect(asked).toHaveLength(1);
  });

  it('takes no more than 16 KiB, whatever the length is said to be', async () => {
    const { post } = appOf();
    const large = JSON.stringify({ robot: 'x'.repeat(20_000) });
    expect(await errorOf(await post(large))).toMatchObject({ status: 413 });
    expect((await post(large, { 'content-type': 'application/json', 'content-length': '10' })).status).toBeGreaterThanOrEqual(400);
  });

  it('says what a robot lacks that cannot take calls', async () => {
    const { post, asked } = appOf();
    const message = 'robot: shop cannot take calls: stt openai: OPENAI_API_KEY is not set; llm openai: OPENAI_API_KEY is not set; tts flite: the program flite is not on PATH';
    expect(await errorOf(await post('{"robot":"shop"}'))).toEqual({ status: 503, code: 'robot_unavailable', message });
    expect(asked).toEqual([]);
    const notReady = appOf({ offers: () => OFFERS.map((offer) => ({ ...offer, ready: false })) });
    expect(await errorOf(await notReady.post('{}'))).toMatchObject({ status: 503, code: 'robot_unavailable' });
  });

  it('says why it takes no call', async () => {
    const { post, asked } = appOf({ ready: false, reason: 'all 16 calls are taken' });
    const response = await post('{}');
    expect(response.headers.get('retry-after')).toBe('5');
    expect(await errorOf(response)).toEqual({ status: 503, code: 'at_capacity', message: 'all 16 calls are taken' });
    expect(asked).toEqual([]);
  });

  it('says that the server is not there; what nobody expected stays in the log', async () => {
    const gone = appOf({ createSession: () => Promise.reject(new VoiceNodeError('worker_unreachable', 'the LiveKit server did not create a room')) });
    expect(await errorOf(await gone.post('{}'))).toEqual({ status: 502, code: 'worker_unreachable', message: 'the LiveKit server did not create a room' });
    const bug = appOf({ createSession: () => Promise.reject(new TypeError('secret detail')) });
    const error = await errorOf(await bug.post('{}'));
    expect(error).toMatchObject({ status: 500, code: 'internal' });
    expect(error.message).not.toContain('secret');
    expect(JSON.stringify(bug.log.lines)).toContain('secret detail');
  });
});

describe('the other addresses', () => {
  it('tell an operator how the node is', async () => {
    const { app } = appOf();
    expect(await (await app.request('/healthz')).json()).toEqual({ status: 'ok' });
    expect(await (await app.request('/readyz')).json()).toEqual({ status: 'ready' });
    const busy = await appOf({ ready: false, reason: 'full' }).app.request('/readyz');
    expect([busy.status, await busy.json()]).toEqual([503, { status: 'not ready', reason: 'full' }]);
    const metrics = await app.request('/metrics');
    expect(metrics.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(await metrics.text()).toContain('voice_node_calls 0');
  });

  it('tell which robots there are now, and what some of them lack', async () => {
    const offers = [...OFFERS];
    const { app } = appOf({ offers: () => offers });
    const response = await app.request('/api/robots');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(await response.json()).toEqual({
      robots: ['echo', 'shop', 'tone'],
      default: 'echo',
      details: [
        { name: 'echo', mode: 'echo', description: 'Says back what it hears.', ready: true },
        { name: 'shop', mode: 'pipeline', ready: false, missing: ['OPENAI_API_KEY', 'flite'] },
        { name: 'tone', mode: 'tone', ready: true },
      ],
    });
    offers.pop();
    expect(await (await app.request('/api/robots')).json()).toMatchObject({ robots: ['echo', 'shop'] });
  });

  it('serve the page and what belongs to it', async () => {
    const { app } = appOf();
    for (const [path, type] of [['/', 'text/html'], ['/client.html', 'text/html'], ['/client.js', 'text/javascript'], ['/client.css', 'text/css'], ['/vendor/livekit-client.esm.mjs', 'text/javascript']] as const) {
      const response = await app.request(path);
      expect([path, response.status]).toEqual([path, 200]);
      expect(response.headers.get('content-type')).toContain(type);
    }
    expect(await (await app.request('/')).text()).toContain('<title>page');
  });

  it('serve nothing else', async () => {
    const { app } = appOf();
    const paths = ['/.env', '/notes.txt', '/missing.js', '/etc/passwd', '/../package.json', '/%2e%2e/package.json', '/..%2fpackage.json', '/%2e%2e%2fpackage.json', '/client.js%00.html', '/etc%2fpasswd.html', '/vendor/other.mjs', '/vendor/../client.js.map', '/Client.HTML', '/a\\b.js', '/%'];
    for (const path of paths) {
      const response = await app.request(path);
      expect([path, response.status]).toEqual([path, 404]);
      expect(await response.text()).not.toMatch(/SECRET|private|root:/);
    }
    expect((await app.request('/api/session/create')).status).toBe(404);
    expect((await app.request('/client.js', { method: 'POST' })).status).toBe(404);
    for (const [method, path] of [['GET', '/api/node'], ['GET', '/api/calls'], ['DELETE', '/api/calls/call-1'], ['POST', '/api/drain']] as const) {
      const refused = await app.request(path, { method });
      expect([path, refused.status]).toEqual([path, 401]);
    }
  });

  it('always come with the headers of a page that trusts nobody', async () => {
    const { app } = appOf();
    for (const path of ['/', '/healthz', '/nothing', '/client.js']) {
      const { headers } = await app.request(path);
      const policy = headers.get('content-security-policy') ?? '';
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("script-src 'self'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toContain('unsafe');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('permissions-policy')).toContain('microphone=(self)');
      expect(headers.get('access-control-allow-origin')).toBeNull();
    }
  });

  it('hide the reason of a failure, and log it', async () => {
    const { app, log } = appOf({ metrics: () => Promise.reject(new Error('inner trouble')) });
    const error = await errorOf(await app.request('/metrics'));
    expect(error).toEqual({ status: 500, code: 'internal', message: 'the node could not answer; its log says why' });
    expect(JSON.stringify(log.lines)).toContain('inner trouble');
  });
});

describe('the server', () => {
  it('listens on any free port and closes with its connections', async () => {
    const server = await listen(appOf().app, '127.0.0.1', 0);
    expect(server.port).toBeGreaterThan(0);
    expect((await fetch(`http://127.0.0.1:${server.port}/healthz`)).status).toBe(200);
    await server.close();
    await expect(fetch(`http://127.0.0.1:${server.port}/healthz`)).rejects.toThrow();
  });

  it('says which setting is wrong', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    await expect(listen(appOf().app, '127.0.0.1', port)).rejects.toMatchObject({ code: 'port_taken', message: `PORT: expected a free port, got ${port}, which another program on 127.0.0.1 uses` });
    await new Promise((resolve) => other.close(resolve));
    await expect(listen(appOf().app, '203.0.113.1', 0)).rejects.toMatchObject({ code: 'config_invalid', message: expect.stringMatching(/^HOST: expected an address of this machine, got "203.0.113.1"/) as string });
  });
});
