import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../../voice-node/platform/virtual-clock.js';
import { all, Asking, Feed, KEY, settled } from '../net/asking.js';
import { closed, fake, spoken, stt, wire } from './stt-rig.js';

describe('what is recognised', () => {
  it('comes as partials of the whole utterance, then as its final with punctuation and numbers', async () => {
    const server = await fake();
    const asking = new Asking();
    const results = await all(stt(server.address).transcribe(asking.hear(spoken())));
    expect(results).toEqual([
      { text: 'мой', final: false },
      { text: 'мой номер', final: false },
      { text: 'мой номер пять', final: false },
      { text: 'Мой номер 5', final: false },
      { text: 'Мой номер 5', final: true },
    ]);
    expect(asking.connections).toBe(1);
    expect(asking.usage).toEqual({ audio_seconds: 0.7 });
  });

  it('joins the parts of an utterance that the server ends by itself', async () => {
    const server = await fake({ wordMs: 100, parts: [{ raw: 'да да', refined: 'Да, да.' }, { raw: 'нет', refined: 'Нет.' }] });
    const results = await all(stt(server.address).transcribe(new Asking().hear(spoken(600))));
    expect(results.map(({ text }) => text)).toContain('Да, да. нет');
    expect(results.at(-1)).toEqual({ text: 'Да, да. Нет.', final: true });
    // All that was understood so far, never less.
    for (const [i, { text }] of results.entries()) expect(text.length).toBeGreaterThanOrEqual(i === 0 ? 1 : (results[i - 1]?.text.length ?? 0) - 1);
  });

  it('is told while the caller still speaks', async () => {
    const server = await fake();
    const feed = new Feed().speak(300);
    const results = stt(server.address).transcribe(new Asking().hear(feed));
    expect((await results.next()).value).toEqual({ text: 'мой', final: false });
    feed.speak(400).end();
    expect((await all(results)).at(-1)).toEqual({ text: 'Мой номер 5', final: true });
  });

  it('is an empty final where nothing was said', async () => {
    const server = await fake({ parts: [] });
    expect(await all(stt(server.address).transcribe(new Asking().hear(spoken())))).toEqual([{ text: '', final: true }]);
  });

  it('is sample for sample what the caller said, in pieces of at most 100 ms, at either rate', async () => {
    const server = await fake();
    const provider = stt(server.address, { folderId: 'folder', model: 'general:rc' });
    for (const rateHz of [8000, 16000] as const) {
      const feed = new Feed(rateHz).speak(730 + 20).end();
      await all(provider.transcribe(new Asking().hear(feed, 'en')));
      const session = server.sessions.at(-1);
      const heard = new Int16Array(Uint8Array.from(session?.pcm ?? []).buffer);
      expect([...heard]).toEqual((await all(feed)).flatMap((piece) => [...piece]));
      const chunks = session?.events.filter(({ type }) => type === 'chunk').map(({ durationMs }) => durationMs);
      expect(chunks).toEqual([100, 100, 100, 100, 100, 100, 100, 60]);
      expect(session?.events.slice(-1 - 1).map(({ type }) => type)).toContain('eou');
      expect(session?.options?.recognitionModel).toMatchObject({
        model: 'general:rc',
        audioFormat: { rawAudio: { audioEncoding: 1, sampleRateHertz: rateHz, audioChannelCount: 1 } },
        textNormalization: { textNormalization: 1, profanityFilter: false, literatureText: false },
        languageRestriction: { restrictionType: 1, languageCode: ['en-US'] },
        audioProcessingType: 1,
      });
      expect(session?.options?.eouClassifier?.externalClassifier).toBeDefined();
      expect(session?.metadata.get('authorization')).toEqual([`Api-Key ${KEY}`]);
      expect(session?.metadata.get('x-folder-id')).toEqual(['folder']);
    }
  });
});

describe('the session', () => {
  it('is kept alive with silence while no audio comes', async () => {
    const clock = new VirtualClock();
    const server = await fake({ clock });
    const feed = new Feed().speak(100);
    const asking = new Asking();
    const results = all(stt(server.address, { clock }).transcribe(asking.hear(feed)));
    await server.until(() => server.sessions[0]?.events.length === 1);
    for (let i = 1; i <= 10; i++) {
      await clock.advanceTo(clock.nowMs() + 2000);
      await server.until(() => server.sessions[0]?.events.length === 1 + i);
    }
    expect(server.sessions[0]?.events.slice(1).every(({ type, durationMs }) => type === 'silence' && durationMs === 2000)).toBe(true);
    feed.speak(600).end();
    expect((await results).at(-1)?.final).toBe(true);
    expect(asking.usage.audio_seconds).toBeCloseTo(20.7);
    expect(clock.pendingTimers).toBe(0);
  });

  it('does not hold back the beginning of a piece when the rest does not come', async () => {
    const clock = new VirtualClock();
    const server = await fake();
    const feed = new Feed().speak(140);
    const results = all(stt(server.address, { clock }).transcribe(new Asking().hear(feed)));
    await server.until(() => server.sessions[0]?.events.length === 1);
    await clock.advanceTo(2000);
    await server.until(() => server.sessions[0]?.events.length === 2);
    expect(server.sessions[0]?.events.map(({ type, durationMs }) => `${type} ${durationMs}`)).toEqual(['chunk 100', 'chunk 40']);
    feed.end();
    await results;
  });

  it('shares one connection with others', async () => {
    const server = await fake();
    const front = await wire(server);
    const provider = stt(`127.0.0.1:${front.port}`);
    await Promise.all([0, 1, 2].map(() => all(provider.transcribe(new Asking().hear(spoken())))));
    expect(front.total).toBe(1);
    provider.close();
    await closed(front);
  });

  it('leaves nothing open when it is aborted: before the server answers, while the caller speaks, at the end', async () => {
    const clock = new VirtualClock();
    const server = await fake({ fault: 'hang' });
    const provider = stt(server.address, { clock });
    for (const feed of [new Feed(), new Feed().speak(300), spoken()]) {
      const asking = new Asking();
      const results = settled(provider.transcribe(asking.hear(feed)));
      const count = server.sessions.length;
      await server.until(() => server.sessions.length > count);
      asking.abort();
      expect(await results).toEqual([]);
      await server.until(() => server.sessions.at(-1)?.events.at(-1)?.type === 'cancelled');
      expect(clock.pendingTimers).toBe(0);
    }
    const unheard = new Asking();
    unheard.abort();
    expect(await settled(provider.transcribe(unheard.hear(spoken())))).toEqual([]);
    expect(server.sessions.length).toBe(3);
  });

  it('leaves nothing open when its results are no longer read', async () => {
    const clock = new VirtualClock();
    const server = await fake();
    const results = stt(server.address, { clock }).transcribe(new Asking().hear(new Feed().speak(300)));
    await results.next();
    await results.return(undefined);
    await server.until(() => server.sessions[0]?.events.at(-1)?.type === 'cancelled');
    expect(clock.pendingTimers).toBe(0);
  });

  it('does not meet its end on a line that died: the next one gets a new connection', async () => {
    const clock = new VirtualClock();
    const server = await fake();
    const front = await wire(server);
    const provider = stt(`127.0.0.1:${front.port}`, { clock });
    await all(provider.transcribe(new Asking().hear(spoken())));
    expect(front.total).toBe(1);
    // The line goes on to exist, but nothing gets through any more.
    front.freeze();
    const asking = new Asking();
    const lost = settled(provider.transcribe(asking.hear(spoken())));
    await asking.connected;
    await clock.advanceTo(1500);
    asking.abort();
    expect(await lost).toEqual([]);
    expect((await all(provider.transcribe(new Asking().hear(spoken())))).at(-1)?.final).toBe(true);
    expect(front.total).toBe(2);
  });
});
