import { describe, expect, it } from 'vitest';
import type { ElevenLabsFault } from '../../../support/fakes/elevenlabs.js';
import { startWire, type WireFault } from '../../../support/fakes/speechkit-wire.js';
import { all, Asking, failureOf, KEY, samplesOf, settled, WORDS } from '../net/asking.js';
import { closing, fake, SAMPLES, tts } from './rig.js';

describe('a text over HTTP', () => {
  it.each([3001, 99, 50_000])('arrives sample for sample out of chunks of %i bytes', async (chunkBytes) => {
    const server = await fake({ chunkBytes });
    const asking = new Asking();
    const pieces = await all(tts(server.baseUrl).speak(asking.say('Good morning.', 'en-US')));
    expect(samplesOf(pieces)).toEqual([...SAMPLES]);
    expect(pieces.every(({ rateHz }) => rateHz === 24_000)).toBe(true);
    for (const { samples } of pieces.slice(0, -1)) expect(samples.length).toBeGreaterThanOrEqual(480);
    expect(asking).toMatchObject({ connections: 1, usage: { characters: 13 } });
  });

  it('is asked for as the vendor has it', async () => {
    const server = await fake();
    await all(tts(server.baseUrl, { speed: 1.1 }).speak(new Asking().say('Good morning.', 'en-US')));
    await all(tts(`${server.baseUrl}/`, { model: 'eleven_multilingual_v2', stream: true }).speak(new Asking().say('Guten Morgen.', 'de-DE')));
    expect(server.calls[0]).toMatchObject({
      path: '/v1/text-to-speech/voice%2F1/stream',
      query: { output_format: 'pcm_24000' },
      headers: { 'xi-api-key': KEY, 'content-type': 'application/json' },
      body: { text: 'Good morning.', model_id: 'eleven_flash_v2_5', language_code: 'en', voice_settings: { stability: 0.5, similarity_boost: 0.75, speed: 1.1 } },
    });
    expect(server.calls[1]?.body).toEqual({ text: 'Guten Morgen.', model_id: 'eleven_multilingual_v2' });
    expect(server.streams.length).toBe(0);
  });

  it('uses its connections again, and lets go of them in the end', async () => {
    const server = await fake();
    const provider = tts(server.baseUrl);
    for (let i = 0; i < 6; i++) await all(provider.speak(new Asking().say('Yes.')));
    // The next request may come before the last answer's connection is known to be free.
    expect(server.open).toBeLessThanOrEqual(2);
    provider.close();
    await server.until(() => server.open === 0);
  });

  it('sounds the same only where all settings are the same', () => {
    const keys = [{}, { voice: 'b' }, { model: 'eleven_v3' }, { speed: 1.1 }].map((options) => tts('http://127.0.0.1:1', options).voiceKey);
    expect(new Set(keys).size).toBe(4);
    expect(tts('http://127.0.0.1:1', { apiKey: 'another', stream: true }).voiceKey).toBe(keys[0]);
  });

  it.each([0.5, 2, Number.NaN])('a speed of %d is refused', (speed) => {
    expect(() => tts('http://127.0.0.1:1', { speed })).toThrow(/speed from 0.7 to 1.2/);
  });
});

describe('what goes wrong over HTTP', () => {
  const cases: readonly [ElevenLabsFault, string, number][] = [
    [{ status: 401 }, 'provider_auth', 0],
    [{ status: 403 }, 'provider_auth', 0],
    [{ status: 429, retryAfter: '3' }, 'provider_rate_limited', 0],
    [{ status: 422 }, 'provider_rejected', 0],
    [{ status: 500 }, 'provider_unavailable', 0],
    [{ status: 503 }, 'provider_unavailable', 0],
    ['wrong_json', 'provider_protocol', 0],
    ['garbage', 'provider_protocol', 0],
    ['reset_midway', 'provider_broken', 1],
    ['finish_midway', 'provider_broken', 1],
  ];
  it.each(cases)('%j', async (fault, code, count) => {
    const server = await fake({ fault });
    const { error, items } = await failureOf(tts(server.baseUrl).speak(new Asking().say(WORDS)));
    expect(error.code).toBe(code);
    expect(items.length).toBe(count);
    if (code === 'provider_rate_limited') expect(error.retryAfterMs).toBe(3000);
    expect(error.message).toContain('elevenlabs');
    expect(error.message).not.toMatch(new RegExp(`${KEY}|канарейка`));
  });

  it('a wrong key', async () => {
    const server = await fake({ apiKey: 'another' });
    const { error } = await failureOf(tts(server.baseUrl).speak(new Asking().say('Yes.')));
    expect(error).toMatchObject({ code: 'provider_auth', message: 'elevenlabs: expected speech, got status 401 (invalid_api_key)' });
  });

  it('nobody listens', async () => {
    const server = await fake();
    const front = await startWire(server.port, 'refuse');
    expect((await failureOf(tts(`http://127.0.0.1:${front.port}`).speak(new Asking().say('Yes.')))).error.code).toBe('provider_unreachable');
  });

  it('a line that trickles is slow, and nothing else', async () => {
    const server = await fake({ samples: SAMPLES.subarray(0, 100) });
    const front = await startWire(server.port, { trickleMs: 1 } satisfies WireFault);
    closing.push(() => front.close());
    expect(samplesOf(await all(tts(`http://127.0.0.1:${front.port}`).speak(new Asking().say('Yes.'))))).toEqual([...SAMPLES.subarray(0, 100)]);
  });

  it.each(['hang', 'hang_midway', 'endless'] as const)('%s ends when it is aborted, and the server sees it', async (fault) => {
    const server = await fake({ fault });
    const asking = new Asking();
    const results = settled(tts(server.baseUrl).speak(asking.say('Yes.')));
    await server.until(() => server.calls.length === 1);
    if (fault !== 'hang') await asking.connected;
    expect(asking.connections).toBe(fault === 'hang' ? 0 : 1);
    asking.abort();
    await results;
    await server.until(() => server.calls[0]?.aborted === true && server.open === 0);
  });
});
