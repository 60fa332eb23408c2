import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../../voice-node/platform/clock.js';
import { VirtualClock } from '../../../../voice-node/platform/virtual-clock.js';
import { splitText } from '../../../../voice-node/providers/tts/zvukogram-text.js';
import { ZvukogramTts, type ZvukogramOptions } from '../../../../voice-node/providers/tts/zvukogram.js';
import { startZvukogram, type ZvukogramFake, type ZvukogramFault, type ZvukogramOptions as FakeOptions } from '../../../support/fakes/zvukogram.js';
import { all, Asking, failureOf, Growing, KEY, samplesOf, settled, WORDS } from '../net/asking.js';

const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A quarter of a second in which no two samples are alike. */
const SAMPLES = Int16Array.from({ length: 6000 }, (_, i) => i * 3 - 9000);

async function fake(options: FakeOptions = {}): Promise<ZvukogramFake> {
  const server = await startZvukogram({ token: KEY, samples: SAMPLES, ...options });
  closing.push(() => server.close());
  return server;
}

function tts(baseUrl: string, options: Partial<ZvukogramOptions> = {}): ZvukogramTts {
  const provider = new ZvukogramTts({ token: KEY, email: 'canary@example.com', voice: 'Алена', baseUrl, clock: systemClock, ...options });
  closing.push(() => provider.close());
  return provider;
}

describe('a sentence', () => {
  it('arrives sample for sample', async () => {
    const server = await fake();
    const asking = new Asking();
    const pieces = await all(tts(server.baseUrl, { speed: 1.2, pitch: -3 }).speak(asking.say('Добрый день.')));
    expect(samplesOf(pieces)).toEqual([...SAMPLES]);
    expect(pieces.every(({ rateHz }) => rateHz === 24_000)).toBe(true);
    for (const { samples } of pieces.slice(0, -1)) expect(samples.length).toBeGreaterThanOrEqual(480);
    expect(asking).toMatchObject({ connections: 1, usage: { characters: 12 } });
    expect(server.calls).toEqual([
      { method: 'text', token: KEY, email: 'canary@example.com', voice: 'Алена', text: 'Добрый день.', format: 'wav', sample_rate: '24000', channels: '1', speed: '1.2', pitch: '-3' },
    ]);
    // Whoever keeps the files has no business with the key.
    expect(JSON.stringify(server.files)).not.toContain(KEY);
  });

  it.each([false, true])('is asked for again until it is ready (status as text: %s)', async (textStatus) => {
    const clock = new VirtualClock();
    const server = await fake({ polls: 6, textStatus });
    const asking = new Asking();
    const results = all(tts(server.baseUrl, { clock }).speak(asking.say('Да.')));
    const askedAtMs: number[] = [];
    for (let asked = 1; asked <= 6; asked++) {
      await server.until(() => server.calls.length === asked);
      while (clock.pendingTimers === 0) await new Promise(setImmediate);
      while (clock.pendingTimers > 0) await clock.advanceTo(clock.nowMs() + 100);
      askedAtMs.push(clock.nowMs());
    }
    expect(samplesOf(await results)).toEqual([...SAMPLES]);
    expect(asking).toMatchObject({ connections: 1, usage: { characters: 3 } });
    expect(askedAtMs).toEqual([300, 900, 2100, 4100, 6100, 8100]);
    expect(server.calls.slice(1).every(({ method, id, token }) => method === 'result' && id === '7000' && token === KEY)).toBe(true);
  });

  it('that is too long is made in parts', async () => {
    const server = await fake();
    const asking = new Asking();
    const text = 'Это предложение повторяется много раз. '.repeat(60).trim();
    expect(samplesOf(await all(tts(server.baseUrl).speak(asking.say(text))))).toEqual([...SAMPLES, ...SAMPLES, ...SAMPLES]);
    expect(server.calls.map(({ text: part }) => part).join('')).toBe(text);
    for (const { text: part = '' } of server.calls) expect(part.trim()).toMatch(/^Это.*раз\.$/s);
    expect(asking.usage).toEqual({ characters: text.length });
  });

  it('is no stream of pieces', async () => {
    await expect(all(tts('http://127.0.0.1:1').speak(new Asking().say(new Growing<string>())))).rejects.toMatchObject({ code: 'argument_invalid' });
  });

  it('sounds the same only where all settings are the same', () => {
    const keys = [{}, { voice: 'b' }, { speed: 1.1 }, { pitch: 1 }].map((options) => tts('http://127.0.0.1:1', options).voiceKey);
    expect(new Set(keys).size).toBe(4);
    expect(tts('http://127.0.0.1:1', { token: 'another', speed: 1, pitch: 0 }).voiceKey).toBe(keys[0]);
  });

  it.each([{ speed: 0 }, { speed: 2.1 }, { pitch: 21 }, { pitch: Number.NaN }])('%j is refused', (options) => {
    expect(() => tts('http://127.0.0.1:1', options)).toThrow(/zvukogram tts: expected a (speed|pitch) from/);
  });
});

describe('parts of a text', () => {
  it('joined are the text, none is too long, and none cuts a character', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string({ unit: 'grapheme', maxLength: 30 }), fc.constantFrom('. ', '! ', ' ', '\n', '😀'.repeat(20)))), fc.integer({ min: 10, max: 60 }), (list, maxChars) => {
        const text = list.join('');
        const parts = splitText(text, maxChars, 'ru-RU');
        const joined = parts.join('');
        // Parts of nothing but white space are not said.
        expect(joined.replace(/\s/g, '')).toBe(text.replace(/\s/g, ''));
        for (const part of parts) {
          expect(part.length).toBeLessThanOrEqual(maxChars);
          expect(part).not.toMatch(/\p{Surrogate}/u);
        }
      }),
    );
  });
});

describe('what goes wrong', () => {
  const cases: readonly [ZvukogramFault, string, number][] = [
    [{ status: 401 }, 'provider_auth', 0],
    [{ status: 429, retryAfter: '3' }, 'provider_rate_limited', 0],
    [{ status: 400 }, 'provider_rejected', 0],
    [{ status: 500 }, 'provider_unavailable', 0],
    [{ status: 503 }, 'provider_unavailable', 0],
    [{ error: `Неверный токен ${KEY}` }, 'provider_auth', 0],
    [{ error: 'Недостаточно средств на балансе' }, 'provider_auth', 0],
    [{ error: 'Слишком частые запросы' }, 'provider_rate_limited', 0],
    [{ error: `Голос не найден: ${WORDS}` }, 'provider_rejected', 0],
    ['wrong_json', 'provider_protocol', 0],
    ['no_json', 'provider_protocol', 0],
    ['garbage', 'provider_protocol', 0],
    [{ file: 'missing' }, 'provider_protocol', 0],
    [{ file: 'not_https' }, 'provider_protocol', 0],
    [{ file: 'redirect' }, 'provider_protocol', 0],
    [{ file: 'mp3' }, 'provider_protocol', 0],
    [{ file: 'not_found' }, 'provider_rejected', 0],
    [{ file: 'reset_midway' }, 'provider_broken', 1],
    [{ file: 'finish_midway' }, 'provider_broken', 1],
    [{ file: 'cut_short' }, 'provider_broken', 1],
  ];
  it.each(cases)('%j', async (fault, code, count) => {
    const server = await fake({ fault });
    const { error, items } = await failureOf(tts(server.baseUrl).speak(new Asking().say(WORDS)));
    expect(error.code).toBe(code);
    expect(items.length).toBe(count);
    if (code === 'provider_rate_limited' && typeof fault === 'object' && 'status' in fault) expect(error.retryAfterMs).toBe(3000);
    expect(error.message).toContain('zvukogram');
    expect(error.message).not.toMatch(new RegExp(`${KEY}|канарейка|canary|Неверный`));
  });

  it('nobody listens', async () => {
    const server = await fake();
    await server.close();
    expect((await failureOf(tts(server.baseUrl).speak(new Asking().say('Да.')))).error.code).toBe('provider_unreachable');
  });

  const hanging: readonly ZvukogramFault[] = ['hang', 'never_ready', { file: 'hang' }, { file: 'hang_midway' }, { file: 'endless' }];
  it.each(hanging)('%j ends when it is aborted, and the server sees it', async (fault) => {
    const clock = new VirtualClock();
    const server = await fake({ fault });
    const asking = new Asking();
    const results = settled(tts(server.baseUrl, { clock }).speak(asking.say('Да.')));
    const midFile = typeof fault === 'object';
    await server.until(() => (midFile ? server.files.length === 1 : server.calls.length === 1));
    if (fault === 'never_ready') while (clock.pendingTimers === 0) await new Promise(setImmediate);
    asking.abort();
    await results;
    expect(clock.pendingTimers).toBe(0);
    expect(asking.connections > 0).toBe(fault !== 'hang');
    if (midFile) await server.until(() => server.files[0]?.aborted === true);
    if (fault === 'hang') await server.until(() => server.open === 0);
  });
});
