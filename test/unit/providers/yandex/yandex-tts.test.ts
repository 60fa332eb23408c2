import { status as Status } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../../voice-node/platform/clock.js';
import { YandexTts, type YandexTtsOptions } from '../../../../voice-node/providers/tts/yandex.js';
import { startSpeechKit, type SpeechKitFake } from '../../../support/fakes/speechkit.js';
import type { SpeechKitFault, SpeechKitOptions } from '../../../support/fakes/speechkit-script.js';
import { startWire, type WireFault } from '../../../support/fakes/speechkit-wire.js';
import { all, Asking, failureOf, Growing, KEY, samplesOf, settled, WORDS } from '../net/asking.js';

const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A quarter of a second in which no two samples are alike. */
const SAMPLES = Int16Array.from({ length: 12_000 }, (_, i) => i - 6000);

async function fake(options: SpeechKitOptions = {}): Promise<SpeechKitFake> {
  const server = await startSpeechKit({ apiKey: KEY, samples: SAMPLES, ...options });
  closing.push(() => server.close());
  return server;
}

function tts(address: string, options: Partial<YandexTtsOptions> = {}): YandexTts {
  const provider = new YandexTts({ apiKey: KEY, address, insecure: true, clock: systemClock, ...options });
  closing.push(() => provider.close());
  return provider;
}

describe('what is said', () => {
  // Chunks of odd lengths, and of less than the least piece there is.
  it.each([4001, 333, 100_000])('arrives sample for sample, in pieces of at least 20 ms, out of chunks of %i bytes', async (chunkBytes) => {
    const server = await fake({ chunkBytes });
    const asking = new Asking();
    const pieces = await all(tts(server.address).speak(asking.say('Добрый день.')));
    expect(samplesOf(pieces)).toEqual([...SAMPLES]);
    expect(pieces.every(({ rateHz }) => rateHz === 48_000)).toBe(true);
    for (const { samples } of pieces.slice(0, -1)) expect(samples.length).toBeGreaterThanOrEqual(960);
    expect(asking.usage).toEqual({ characters: 12 });
    expect(asking.connections).toBe(1);
  });

  it('is asked for with voice, role and speed, and in 48 kHz', async () => {
    const server = await fake();
    await all(tts(server.address, { voice: 'jane', role: 'good', speed: 1.2, folderId: 'folder' }).speak(new Asking().say('Да.')));
    const { request, metadata } = server.syntheses[0] ?? {};
    expect(request).toMatchObject({
      text: 'Да.',
      hints: [{ voice: 'jane' }, { role: 'good' }, { speed: 1.2 }],
      outputAudioSpec: { rawAudio: { audioEncoding: 1, sampleRateHertz: 48_000 } },
      loudnessNormalizationType: 2,
      unsafeMode: false,
    });
    expect(metadata?.get('x-folder-id')).toEqual(['folder']);
  });

  it('is spoken by a voice of its language where none is named', async () => {
    const server = await fake();
    const provider = tts(server.address);
    for (const language of ['ru-RU', 'en', 'de-DE', 'fr-FR']) await all(provider.speak(new Asking().say('a', language)));
    expect(server.syntheses.map(({ request }) => request.hints.map(({ voice }) => voice))).toEqual([['marina'], ['john'], ['lea'], []]);
  });

  it('may be longer than one utterance', async () => {
    const server = await fake();
    const text = 'Это предложение повторяется. '.repeat(20);
    expect(samplesOf(await all(tts(server.address).speak(new Asking().say(text)))).length).toBe(SAMPLES.length);
    expect(server.syntheses[0]?.request.unsafeMode).toBe(true);
  });

  it('sounds the same only where all settings are the same', () => {
    const keys = [{}, { voice: 'jane' }, { voice: 'jane', role: 'good' }, { voice: 'jane', speed: 1.1 }].map((options) => tts('127.0.0.1:1', options).voiceKey);
    expect(new Set(keys).size).toBe(4);
    expect(tts('127.0.0.1:1', { apiKey: 'another' }).voiceKey).toBe(keys[0]);
  });

  it.each([0, 0.05, 3.5, Number.NaN])('a speed of %d is refused', (speed) => {
    expect(() => tts('127.0.0.1:1', { speed })).toThrow(/speed from 0.1 to 3/);
  });

  it('is no stream of pieces', async () => {
    await expect(all(tts('127.0.0.1:1').speak(new Asking().say(new Growing<string>())))).rejects.toMatchObject({ code: 'argument_invalid' });
  });
});

describe('what goes wrong', () => {
  const cases: readonly [SpeechKitFault, string][] = [
    [{ status: Status.UNAUTHENTICATED }, 'provider_auth'],
    [{ status: Status.RESOURCE_EXHAUSTED }, 'provider_rate_limited'],
    [{ status: Status.INVALID_ARGUMENT }, 'provider_rejected'],
    [{ status: Status.UNAVAILABLE }, 'provider_unreachable'],
    [{ status: Status.INTERNAL, midway: true }, 'provider_unavailable'],
    [{ status: Status.UNAVAILABLE, midway: true }, 'provider_broken'],
    ['garbage', 'provider_protocol'],
    ['garbage_midway', 'provider_protocol'],
    ['empty_messages', 'provider_protocol'],
    ['end_early', 'provider_protocol'],
  ];
  it.each(cases)('%j', async (fault, code) => {
    const server = await fake({ fault: typeof fault === 'object' ? { details: `${KEY} said ${WORDS}`, ...fault } : fault });
    const asking = new Asking();
    const { error, items } = await failureOf(tts(server.address).speak(asking.say(WORDS)));
    expect(error.code).toBe(code);
    const midway = fault === 'garbage_midway' || (typeof fault === 'object' && fault.midway === true);
    expect(items.length).toBe(midway ? 1 : 0);
    expect(asking.usage).toEqual(midway ? { characters: WORDS.length } : {});
    expect(error.message).not.toMatch(new RegExp(`${KEY}|канарейка`));
  });

  const wires: readonly [WireFault, string][] = [
    ['refuse', 'provider_unreachable'],
    ['garbage', 'provider_unreachable'],
    [{ after: 40, then: 'reset' }, 'provider_unreachable'],
    [{ after: 10_000, then: 'reset' }, 'provider_broken'],
    [{ after: 10_000, then: 'finish' }, 'provider_broken'],
  ];
  it.each(wires)('the line: %j', async (fault, code) => {
    const server = await fake();
    const front = await startWire(server.port, fault);
    closing.push(() => front.close());
    const { error } = await failureOf(tts(`127.0.0.1:${front.port}`).speak(new Asking().say('Да.')));
    expect(error.code).toBe(code);
  });

  it.each(['hang', 'hang_midway', 'endless'] as const)('%s ends when it is aborted, and the server sees it', async (fault) => {
    const server = await fake({ fault });
    const asking = new Asking();
    const results = settled(tts(server.address).speak(asking.say('Да.')));
    await server.until(() => server.syntheses.length === 1);
    await asking.connected;
    asking.abort();
    await results;
    await server.until(() => server.syntheses[0]?.cancelled === true);
  });

  it('closing the provider does not cut off who is speaking', async () => {
    const server = await fake({ samples: new Int16Array(2_000_000).fill(7) });
    const provider = tts(server.address);
    const pieces = provider.speak(new Asking().say('Да.'));
    let count = (await pieces.next()).value?.samples.length as number;
    provider.close();
    for await (const { samples } of pieces) count += samples.length;
    expect(count).toBe(2_000_000);
    // And whoever asks again is served again.
    await pieces.return(undefined);
    expect((await all(provider.speak(new Asking().say('Да.')))).length).toBeGreaterThan(0);
  });
});
