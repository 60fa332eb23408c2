import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { PHRASES, spokenBy, wordErrors } from '../../../../bench/rig/spoken.js';
import { pocketsphinxPython } from '../../../../scripts/lib/offline.mjs';
import { ROOT } from '../../../../voice-node/config.js';
import type { CallRateHz } from '../../../../voice-node/domain/audio.js';
import { createResampler } from '../../../../voice-node/dsp/resampler.js';
import { systemClock } from '../../../../voice-node/platform/clock.js';
import { PocketSphinx } from '../../../../voice-node/providers/stt/pocketsphinx.js';
import { LiveFeed, spokenFeed, writeDown } from '../../../support/speech-feed.js';

const stt = new PocketSphinx({ python: pocketsphinxPython(), script: join(ROOT, 'sidecars/pocketsphinx.py'), clock: systemClock });
afterAll(() => stt.close());

/** As a call delivers it: 48 kHz on the wire, then the call's rate, with the silence hearing leaves around it. */
function heardAt(rateHz: CallRateHz, text: string): Int16Array {
  const wire = spokenBy('rms', text, 48_000);
  const padded = new Int16Array(wire.length + 48 * 600);
  padded.set(wire, 48 * 400);
  return createResampler({ fromHz: 48_000, toHz: rateHz }).process(padded);
}

describe('pocketsphinx', () => {
  it('writes down nearly every word of a clear voice, at 16 kHz and on the telephone band', async () => {
    const phrases = PHRASES.slice(0, 5);
    for (const [rateHz, mostErrors] of [[16_000, 0.15], [8000, 0.25]] as const) {
      let errors = 0;
      let words = 0;
      for (const phrase of phrases) {
        const heard = await writeDown(stt, spokenFeed(heardAt(rateHz, phrase), rateHz));
        expect(heard.connected).toBe(true);
        expect(heard.transcripts.filter(({ final }) => final)).toHaveLength(1);
        const count = wordErrors(phrase, heard.transcripts.at(-1)?.text ?? '');
        errors += count.errors;
        words += count.words;
      }
      expect(errors / words, `${errors} of ${words} words at ${rateHz} Hz`).toBeLessThanOrEqual(mostErrors);
    }
    expect(stt.processes).toBe(1);
  }, 60_000);

  it('tells what it has understood so far while the caller speaks', async () => {
    const feed = new LiveFeed(16_000);
    feed.push(heardAt(16_000, 'What time do you open tomorrow morning?'));
    const told: string[] = [];
    for await (const { text, final } of stt.transcribe({ speech: feed, language: 'en-US', signal: new AbortController().signal, connected: () => undefined, used: () => undefined })) {
      told.push(text);
      if (final) break;
      feed.end();
    }
    expect(told.length).toBeGreaterThan(1);
    expect(told.at(-1)).toContain('time');
  }, 30_000);

  it('hears nothing in silence, and nothing in nothing', async () => {
    expect((await writeDown(stt, spokenFeed(new Int16Array(8000), 8000))).transcripts.at(-1)).toMatchObject({ final: true });
    expect((await writeDown(stt, spokenFeed(new Int16Array(0), 8000))).transcripts).toEqual([{ text: '', final: true }]);
  });

  it('drops what nobody wants any more, and is there for the next one', async () => {
    const controller = new AbortController();
    const feed = new LiveFeed(8000);
    feed.push(heardAt(8000, 'Please send the bill to my new address.'));
    let results = 0;
    for await (const _ of stt.transcribe({ speech: feed, language: 'en', signal: controller.signal, connected: () => undefined, used: () => undefined })) {
      results++;
      controller.abort();
    }
    expect(results).toBe(1);
    feed.end();
    const next = await writeDown(stt, spokenFeed(heardAt(8000, 'Thank you very much for your help.'), 8000));
    expect(next.transcripts.at(-1)?.text).toContain('you very much');
    // A second one where the first was still putting the dropped utterance away: nobody waits for that.
    expect(stt.processes).toBeLessThanOrEqual(2);
  }, 30_000);

  it('knows English only, and says so', async () => {
    await expect(writeDown(stt, spokenFeed(new Int16Array(160), 8000), { language: 'ru-RU' })).rejects.toMatchObject({
      code: 'provider_rejected',
      message: 'pocketsphinx: expected English, such as en-US, got ru-RU',
    });
  });

  it('that was not set up says what would do that', async () => {
    const absent = new PocketSphinx({ python: '/nowhere/bin/python', script: join(ROOT, 'sidecars/pocketsphinx.py'), clock: systemClock });
    await expect(writeDown(absent, spokenFeed(new Int16Array(160), 8000))).rejects.toMatchObject({ code: 'provider_unreachable', message: expect.stringContaining('scripts/up') as string });
    const empty = new PocketSphinx({ python: 'python3', script: join(ROOT, 'sidecars/nothing.py'), clock: systemClock });
    await expect(writeDown(empty, spokenFeed(new Int16Array(160), 8000))).rejects.toMatchObject({ code: 'provider_unreachable', message: expect.stringContaining('nothing.py') as string });
  });
});
