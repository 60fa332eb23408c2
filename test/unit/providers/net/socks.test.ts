import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../../voice-node/platform/clock.js';
import { SocksProxy } from '../../../../voice-node/providers/net/socks.js';
import { ElevenLabsTts } from '../../../../voice-node/providers/tts/elevenlabs.js';
import { startElevenLabs, type ElevenLabsFake } from '../../../support/fakes/elevenlabs.js';
import { all, Asking, failureOf, Growing, KEY, samplesOf, settled } from './asking.js';
import { startSocks, type SocksServer } from './socks-server.js';

const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const PASSWORD = 'pass: /@ñ';
const proxyUrl = (proxy: SocksServer, password = PASSWORD): string => `socks5h://${encodeURIComponent('us er')}:${encodeURIComponent(password)}@127.0.0.1:${proxy.port}`;

async function servers(user: string | undefined = 'us er'): Promise<{ server: ElevenLabsFake; proxy: SocksServer }> {
  const server = await startElevenLabs({ apiKey: KEY });
  const proxy = await startSocks(user, PASSWORD);
  closing.push(() => server.close(), () => proxy.close());
  return { server, proxy };
}

function tts(server: ElevenLabsFake, socksProxy: string): ElevenLabsTts {
  // A name that the proxy, not we, has to look up.
  const provider = new ElevenLabsTts({ apiKey: KEY, voice: 'v', baseUrl: `http://localhost:${server.port}`, stream: true, socksProxy, clock: systemClock });
  closing.push(() => provider.close());
  return provider;
}

const asText = { http: () => 'Yes.', websocket: () => new Growing<string>().push('Yes.').end() };
const ways = ['http', 'websocket'] as const;

describe.each(ways)('through a SOCKS5 proxy: %s', (way) => {
  it('with user and password, names looked up by the proxy', async () => {
    const { server, proxy } = await servers();
    const pieces = await all(tts(server, proxyUrl(proxy)).speak(new Asking().say(asText[way]())));
    expect(samplesOf(pieces).length).toBe(2400);
    expect(proxy.destinations).toEqual([`localhost:${server.port}`]);
  });

  it('without them', async () => {
    const server = await startElevenLabs({ apiKey: KEY });
    const proxy = await startSocks();
    closing.push(() => server.close(), () => proxy.close());
    expect(samplesOf(await all(tts(server, `socks5://127.0.0.1:${proxy.port}`).speak(new Asking().say(asText[way]())))).length).toBe(2400);
  });

  it('a wrong password is a proxy that cannot be used, and is not repeated', async () => {
    const { server, proxy } = await servers();
    const { error } = await failureOf(tts(server, proxyUrl(proxy, 'canary-secret')).speak(new Asking().say(asText[way]())));
    expect(error.code).toBe('provider_unreachable');
    expect(error.message).toContain('SOCKS_AUTH');
    expect(JSON.stringify([error.message, error.stack, String(error.cause)])).not.toMatch(/canary-secret|us er/);
    expect(server.open).toBe(0);
  });

  it.each([
    [5, 'SOCKS_REJECTED_CONNECTIONREFUSED'],
    [4, 'SOCKS_REJECTED_HOSTUNREACHABLE'],
  ])('reply %i', async (reply, code) => {
    const { server, proxy } = await servers();
    proxy.behaviour = reply;
    const { error } = await failureOf(tts(server, proxyUrl(proxy)).speak(new Asking().say(asText[way]())));
    expect(error).toMatchObject({ code: 'provider_unreachable' });
    expect(error.message).toContain(code);
  });

  it('no proxy there', async () => {
    const { server, proxy } = await servers();
    await proxy.close();
    const { error } = await failureOf(tts(server, proxyUrl(proxy)).speak(new Asking().say(asText[way]())));
    expect(error).toMatchObject({ code: 'provider_unreachable' });
    expect(error.message).toContain('ECONNREFUSED');
  });

  it('a proxy that hangs is left when the request is aborted', async () => {
    const { server, proxy } = await servers();
    proxy.behaviour = 'hang';
    const asking = new Asking();
    const provider = tts(server, proxyUrl(proxy));
    const results = settled(provider.speak(asking.say(asText[way]())));
    while (proxy.open === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    expect(asking.connections).toBe(0);
    asking.abort();
    expect(await results).toEqual([]);
    // undici makes its connections for whoever comes next; a WebSocket is for one request only.
    if (way === 'websocket') while (proxy.open > 0) await new Promise((resolve) => setTimeout(resolve, 2));
  });
});

describe('the address of a proxy', () => {
  it.each(['', 'localhost:1080', 'http://localhost:1080', 'socks4://localhost', 'socks5://', 'socks5://user:%E0%A4%A@host', `socks5://${'x'.repeat(300)}:y@host`])('%j is refused', (url) => {
    expect(() => new SocksProxy(url)).toThrow(/expected a URL such as/);
  });

  it('is not repeated when it is refused', () => {
    for (const url of ['http://user:canary-secret@host:1', 'socks5://user:canary-secret%@host', 'socks5://canary-secret@:99999']) {
      let message = '';
      try {
        new SocksProxy(url);
      } catch (error) {
        message = String(error);
      }
      expect(message).toContain('expected a URL');
      expect(message).not.toContain('canary-secret');
    }
  });
});
