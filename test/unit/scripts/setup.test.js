import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { inRoot, ScriptError } from '../../../scripts/lib/checkout.mjs';
import { isInstalled } from '../../../scripts/lib/install.mjs';
import { cachedLiveKit, findLiveKit, givenLiveKit, LIVEKIT_VERSION } from '../../../scripts/lib/livekit-binary.mjs';
import { freePort, isFree, livekitPorts } from '../../../scripts/lib/ports.mjs';
import { namedLiveKit, namedPort } from '../../../scripts/lib/settings.mjs';
import { runShown } from '../../../scripts/lib/progress.mjs';
import { forTerminal } from '../../../scripts/lib/up-node.mjs';

let folder;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'voice-node-setup-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('whether the packages are installed', () => {
  const lock = { '': { version: '1' }, 'node_modules/a': { version: '1.0.0', integrity: 'x' }, 'node_modules/other-system': { version: '2.0.0', optional: true } };
  const ask = (present) => {
    writeFileSync(join(folder, 'lock.json'), JSON.stringify({ packages: lock }));
    writeFileSync(join(folder, 'record.json'), typeof present === 'string' ? present : JSON.stringify({ packages: present }));
    return isInstalled(join(folder, 'lock.json'), join(folder, 'record.json'));
  };
  const a = lock['node_modules/a'];

  test('what the lock says, without what belongs to other systems, is', () => expect(ask({ 'node_modules/a': a })).toBe(true));
  test('another version is not', () => expect(ask({ 'node_modules/a': { ...a, version: '1.0.1' } })).toBe(false));
  test('other contents of the same version are not', () => expect(ask({ 'node_modules/a': { ...a, integrity: 'y' } })).toBe(false));
  test('a package missing is not', () => expect(ask({})).toBe(false));
  test('a package too many is not', () => expect(ask({ 'node_modules/a': a, 'node_modules/b': a })).toBe(false));
  test('an install cut short is not', () => expect(ask('{"packages": {')).toBe(false));
  test('no record is not', () => expect(isInstalled(join(folder, 'none'), join(folder, 'none'))).toBe(false));
});

describe('where livekit-server comes from', () => {
  const put = (...path) => {
    mkdirSync(join(folder, ...path.slice(0, -1)), { recursive: true });
    writeFileSync(join(folder, ...path), '#!/bin/sh\n');
    chmodSync(join(folder, ...path), 0o755);
    return join(folder, ...path);
  };

  test('LIVEKIT_SERVER_BIN before PATH before the cache folder', () => {
    const env = { HOME: folder, PATH: join(folder, 'bin') };
    expect(findLiveKit(env)).toBeUndefined();
    const cached = put('.cache', 'voice-node', `livekit-server-${LIVEKIT_VERSION}`, 'livekit-server');
    expect(findLiveKit(env)).toBe(cached);
    const installed = put('bin', 'livekit-server');
    expect(findLiveKit(env)).toBe(installed);
    expect(findLiveKit({ ...env, LIVEKIT_SERVER_BIN: cached })).toBe(cached);
  });

  test('XDG_CACHE_HOME moves the cache folder, a relative one does not', () => {
    const cached = put('xdg', 'voice-node', `livekit-server-${LIVEKIT_VERSION}`, 'livekit-server');
    expect(cachedLiveKit({ HOME: folder, XDG_CACHE_HOME: join(folder, 'xdg') })).toBe(cached);
    expect(cachedLiveKit({ HOME: folder, XDG_CACHE_HOME: 'xdg' })).toBeUndefined();
  });

  test('a folder or a plain text of that name is none, and a named one that is not there is an error', () => {
    mkdirSync(join(folder, 'bin', 'livekit-server'), { recursive: true });
    expect(givenLiveKit({ PATH: join(folder, 'bin') })).toBeUndefined();
    expect(() => givenLiveKit({ LIVEKIT_SERVER_BIN: '/nowhere' })).toThrow("got '/nowhere'");
  });
});

describe('ports', () => {
  test('a taken port is seen, and another is found', async () => {
    const server = createServer();
    const port = await freePort();
    await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
    expect(await isFree(port)).toBe(false);
    expect(await freePort({ preferred: port })).not.toBe(port);
    await new Promise((resolve) => server.close(resolve));
    expect(await freePort({ preferred: port })).toBe(port);
  });

  test('the three of a LiveKit server differ', async () => {
    expect(new Set(Object.values(await livekitPorts())).size).toBe(3);
  });
});

describe('settings', () => {
  const keys = { LIVEKIT_API_KEY: 'k', LIVEKIT_API_SECRET: 's' };

  test('LIVEKIT_URL decides whether there is a server', () => {
    expect(namedLiveKit(keys)).toBeUndefined();
    expect(namedLiveKit({ ...keys, LIVEKIT_URL: 'wss://example.org' })).toEqual({ url: 'wss://example.org', apiKey: 'k', apiSecret: 's' });
    expect(() => namedLiveKit({ LIVEKIT_URL: 'wss://example.org', LIVEKIT_API_KEY: 'k' })).toThrow(/LIVEKIT_API_SECRET must be set/);
    expect(() => namedLiveKit({ ...keys, LIVEKIT_URL: 'http://example.org' })).toThrow(/expected ws:/);
  });

  test('PORT is a port, or any', () => {
    expect([namedPort({}), namedPort({ PORT: '0' }), namedPort({ PORT: '8100' })]).toEqual([undefined, undefined, 8100]);
    for (const PORT of ['x', '-1', '65536', '80.5', '1e3']) expect(() => namedPort({ PORT })).toThrow(`got '${PORT}'`);
  });
});

test('of the log the terminal shows warnings, errors and sentences, and all where asked', () => {
  const line = (level) => JSON.stringify({ level, time: 't', msg: 'late', ms: 3 });
  expect(forTerminal(line('warn'), false)).toBe('warn: late {"ms":3}');
  expect(forTerminal(line('info'), false)).toBeUndefined();
  expect(forTerminal(line('info'), true)).toBe(line('info'));
  expect(forTerminal('voice-node: PORT is taken', false)).toBe('voice-node: PORT is taken');
});

describe('a command that takes long', () => {
  test('ends with all its helpers when it is called off, and is waited for', async () => {
    const off = new AbortController();
    const started = join(folder, 'started');
    // The helper holds the pipe: were it left alive, this would wait for it for a minute.
    const running = runShown('waiting', 'sh', ['-c', `sleep 60 & touch '${started}'; wait`], { signal: off.signal });
    await vi.waitUntil(() => existsSync(started));
    off.abort('SIGINT');
    await expect(running).rejects.toBe('SIGINT');
  });

  test('tells its last words where it fails, and that it is missing where it is', async () => {
    await expect(runShown('trying', 'sh', ['-c', 'echo no luck >&2; exit 3'])).rejects.toThrow(/exit code 3[\s\S]*no luck/);
    await expect(runShown('trying', 'no-such-command', [])).rejects.toThrow(ScriptError);
  });
});

test('the container has every script that the command imports', () => {
  const dockerfile = readFileSync(inRoot('Dockerfile'), 'utf8');
  const importsOf = (path) => [...readFileSync(path, 'utf8').matchAll(/(?:from|import\()\s*'(\.[^']+)'/g)].map((match) => basename(match[1]));
  const needed = ['scripts/voice-node.mjs', 'scripts/lib/build.mjs', 'scripts/lib/checkout.mjs'].flatMap((path) => importsOf(inRoot(path)));
  expect(needed.length).toBeGreaterThan(1);
  for (const name of needed) expect(dockerfile).toContain(`scripts/lib/${name}`);
});
