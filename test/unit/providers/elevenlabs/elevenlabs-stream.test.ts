import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../../voice-node/platform/virtual-clock.js';
import type { ElevenLabsFault } from '../../../support/fakes/elevenlabs.js';
import { startWire, type WireFault } from '../../../support/fakes/speechkit-wire.js';
import { all, Asking, failureOf, Growing, KEY, samplesOf, settled, WORDS } from '../net/asking.js';
import { closing, fake, SAMPLES, tts } from './rig.js';

const text = (...pieces: string[]): Growing<string> => new Growing<string>().push(...pieces).end();

describe('a text in pieces over a WebSocket', () => {
  it.each([3001, 99, 50_000])('is spoken piece for piece, sample for sample, out of messages of %i bytes', async (chunkBytes) => {
    const server = await fake({ chunkBytes });
    const asking = new Asking();
    const pieces = await all(tts(server.baseUrl, { stream: true }).speak(asking.say(text('Good morning. ', 'How are', ' you?'), 'en-US')));
    expect(samplesOf(pieces)).toEqual([...SAMPLES, ...SAMPLES, ...SAMPLES]);
    for (const { samples } of pieces.slice(0, -1)) expect(samples.length).toBeGreaterThanOrEqual(480);
    expect(asking).toMatchObject({ connections: 1, usage: { characters: 26 } });
    const [stream] = server.streams;
    expect(stream).toMatchObject({ path: '/v1/text-to-speech/voice%2F1/stream-input', query: { output_format: 'pcm_24000', model_id: 'eleven_flash_v2_5', language_code: 'en' }, headers: { 'xi-api-key': KEY } });
    expect(stream?.messages).toEqual([{ text: ' ' }, { text: 'Good morning. ', flush: true }, { text: 'How are ', flush: true }, { text: ' you? ', flush: true }, { text: '' }]);
    await server.until(() => server.open === 0);
    expect(stream?.closed).toBe(1000);
  });

  it('is heard before the rest of it is written', async () => {
    const server = await fake({ chunkBytes: 50_000 });
    const growing = new Growing<string>().push('Good morning. ');
    const pieces = tts(server.baseUrl, { stream: true }).speak(new Asking().say(growing))[Symbol.asyncIterator]();
    expect((await pieces.next()).value?.samples.length).toBe(SAMPLES.length);
    growing.push('And now?').end();
    expect((await pieces.next()).value?.samples.length).toBe(SAMPLES.length);
    expect((await pieces.next()).done).toBe(true);
  });

  it('takes no piece of nothing for the end, and says its speed first', async () => {
    const server = await fake();
    const asking = new Asking();
    await all(tts(server.baseUrl, { stream: true, speed: 0.9 }).speak(asking.say(text('', ' ', 'Yes.', '\n', ''))));
    expect(server.streams[0]?.messages).toEqual([{ text: ' ', voice_settings: { stability: 0.5, similarity_boost: 0.75, speed: 0.9 } }, { text: 'Yes. ', flush: true }, { text: '' }]);
    expect(asking.usage).toEqual({ characters: 4 });
  });

  it('is kept alive while nothing is written for minutes', async () => {
    const clock = new VirtualClock();
    const server = await fake({ clock });
    const growing = new Growing<string>();
    const results = all(tts(server.baseUrl, { stream: true, clock }).speak(new Asking().say(growing)));
    await server.until(() => server.streams[0]?.messages.length === 1);
    for (let i = 1; i <= 18; i++) {
      await clock.advanceTo(i * 10_000);
      await server.until(() => server.streams[0]?.messages.length === 1 + i);
    }
    growing.push('Yes.').end();
    expect(samplesOf(await results)).toEqual([...SAMPLES]);
    await server.until(() => server.open === 0);
    expect(clock.pendingTimers).toBe(0);
  });

  it('does not fill the memory when nobody listens to what comes', async () => {
    const server = await fake({ fault: 'endless', chunkBytes: 50_000 });
    const asking = new Asking();
    const pieces = tts(server.baseUrl, { stream: true }).speak(asking.say(text('Yes.')))[Symbol.asyncIterator]();
    await pieces.next();
    // The fake goes on until what it cannot send is more than a megabyte.
    const before = process.memoryUsage().arrayBuffers + process.memoryUsage().external;
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(process.memoryUsage().arrayBuffers + process.memoryUsage().external - before).toBeLessThan(100_000_000);
    for (let i = 0; i < 500; i++) expect((await pieces.next()).done).not.toBe(true);
    asking.abort();
    await pieces.return?.();
    await server.until(() => server.open === 0);
  });
});

describe('what goes wrong over a WebSocket', () => {
  const cases: readonly [ElevenLabsFault, string, number][] = [
    [{ status: 401 }, 'provider_auth', 0],
    [{ status: 429, retryAfter: '3' }, 'provider_rate_limited', 0],
    [{ status: 404 }, 'provider_rejected', 0],
    [{ status: 503 }, 'provider_unavailable', 0],
    [{ error: 'invalid_api_key' }, 'provider_auth', 0],
    [{ error: 'quota_exceeded' }, 'provider_auth', 0],
    [{ error: 'too_many_concurrent_requests' }, 'provider_rate_limited', 0],
    [{ error: 'input_timeout_exceeded' }, 'provider_unreachable', 0],
    [{ error: 'internal_error' }, 'provider_unavailable', 0],
    [{ error: 'voice_id_does_not_exist' }, 'provider_rejected', 0],
    [{ error: `a sentence about ${WORDS}` }, 'provider_rejected', 0],
    [{ close: 1000 }, 'provider_unreachable', 0],
    [{ close: 1006 }, 'provider_unreachable', 0],
    [{ close: 1008, reason: `about ${KEY}` }, 'provider_rejected', 0],
    [{ close: 1011 }, 'provider_unavailable', 0],
    [{ close: 4401 }, 'provider_auth', 0],
    [{ close: 4429 }, 'provider_rate_limited', 0],
    [{ close: 1000, midway: true }, 'provider_broken', 1],
    [{ close: 1006, midway: true }, 'provider_broken', 1],
    [{ close: 1011, midway: true }, 'provider_unavailable', 1],
    ['reset_midway', 'provider_broken', 1],
    ['finish_midway', 'provider_broken', 1],
    ['wrong_json', 'provider_protocol', 0],
    ['garbage', 'provider_protocol', 0],
    ['truncated_base64', 'provider_protocol', 0],
    ['binary', 'provider_protocol', 0],
  ];
  it.each(cases)('%j', async (fault, code, count) => {
    const server = await fake({ fault });
    // The text has not ended: nothing waits for it.
    const { error, items } = await failureOf(tts(server.baseUrl, { stream: true }).speak(new Asking().say(new Growing<string>().push(WORDS))));
    expect(error.code).toBe(code);
    expect(items.length).toBe(count);
    if (typeof fault === 'object' && 'retryAfter' in fault) expect(error.retryAfterMs).toBe(3000);
    expect(error.message).toContain('elevenlabs');
    expect(error.message).not.toMatch(new RegExp(`${KEY}|канарейка`));
    await server.until(() => server.open === 0);
  });

  const wires: readonly [WireFault, string][] = [
    ['refuse', 'provider_unreachable'],
    ['garbage', 'provider_protocol'],
    [{ after: 30, then: 'reset' }, 'provider_unreachable'],
    [{ after: 4000, then: 'reset' }, 'provider_broken'],
  ];
  it.each(wires)('the line: %j', async (fault, code) => {
    const server = await fake({ chunkBytes: 999 });
    const front = await startWire(server.port, fault);
    closing.push(() => front.close());
    const { error } = await failureOf(tts(`http://127.0.0.1:${front.port}`, { stream: true }).speak(new Asking().say(text('Yes.'))));
    expect(error.code).toBe(code);
  });

  it('characters in the key that cannot be sent', async () => {
    const { error } = await failureOf(tts('http://127.0.0.1:1', { stream: true, apiKey: `${KEY}\n` }).speak(new Asking().say(text('Yes.'))));
    expect(error.code).toBe('provider_rejected');
    expect(error.message).not.toContain(KEY);
  });

  it.each(['hang', 'hang_midway', 'endless'] as const)('%s ends when it is aborted, and the server sees it', async (fault) => {
    const clock = new VirtualClock();
    const server = await fake({ fault });
    const asking = new Asking();
    const results = settled(tts(server.baseUrl, { stream: true, clock }).speak(asking.say(new Growing<string>().push('Yes.'))));
    await server.until(() => server.open === 1);
    if (fault !== 'hang') await asking.connected;
    expect(asking.connections).toBe(fault === 'hang' ? 0 : 1);
    asking.abort();
    await results;
    await server.until(() => server.open === 0);
    expect(clock.pendingTimers).toBe(0);
  });

  it('nothing stays open when the audio is no longer read, or the text fails', async () => {
    const clock = new VirtualClock();
    const server = await fake();
    const provider = tts(server.baseUrl, { stream: true, clock });
    for await (const _piece of provider.speak(new Asking().say(new Growing<string>().push('Yes.')))) break;
    await server.until(() => server.streams.length === 1 && server.open === 0);
    const failing = (async function* () {
      yield 'Yes. ';
      throw new Error('no more text');
    })();
    await expect(all(provider.speak(new Asking().say(failing)))).rejects.toThrow('no more text');
    await server.until(() => server.streams.length === 2 && server.open === 0);
    expect(clock.pendingTimers).toBe(0);
  });
});
