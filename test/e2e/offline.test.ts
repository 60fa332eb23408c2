import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBrowser, type Browser, type TwoTracks } from '../../bench/rig/browser.js';
import { connectBySession, listen } from '../../bench/rig/browser-call.js';
import { NodeProcess } from '../../bench/rig/node-process.js';
import { segments, type Segment } from '../../bench/rig/segments.js';
import { PHRASES, spokenBy, wordErrors } from '../../bench/rig/spoken.js';
import { trimmed } from '../../bench/rig/voices.js';
import { pocketsphinxPython } from '../../scripts/lib/offline.mjs';
import { ROOT } from '../../voice-node/config.js';
import { createResampler } from '../../voice-node/dsp/resampler.js';
import { systemClock } from '../../voice-node/platform/clock.js';
import { PocketSphinx } from '../../voice-node/providers/stt/pocketsphinx.js';
import { writeWav } from '../../voice-node/dsp/wav.js';
import { startLiveKit, type TestLiveKit } from '../support/livekit-server.js';
import { spokenFeed, writeDown } from '../support/speech-feed.js';

const RESULTS = join(ROOT, 'test-results');
/** Time for the greeting. */
const FIRST_MS = 11_000;
/** From the beginning of a phrase to that of the next one: its answer is cut off there, long after it began. */
const EVERY_MS = 11_000;
const SOUND = 300;
/** No pause inside a phrase, or inside an answer, is as long. */
const PAUSE_MS = 1500;
const ANSWER_MIN_MS = 1500;

/** Ten phrases, each at its time, and silence after the last. */
function microphone(): Int16Array {
  const all = new Int16Array((FIRST_MS + PHRASES.length * EVERY_MS + 5000) * 48);
  PHRASES.forEach((phrase, i) => all.set(trimmed(spokenBy('rms', phrase, 48_000)), (FIRST_MS + i * EVERY_MS) * 48));
  return all;
}

/** What the ear heard between the end of each phrase and the beginning of the next one. */
function answers({ microphone: mouth, ear }: TwoTracks): readonly (Segment | undefined)[] {
  // Chromium's microphone may begin with a click of its own before the first phrase.
  const said = segments(mouth, SOUND, PAUSE_MS).slice(-PHRASES.length);
  const heard = segments(ear, SOUND, PAUSE_MS);
  return said.map(({ endMs }, i) => {
    const nextMs = said[i + 1]?.beginMs ?? Infinity;
    return heard.find(({ beginMs, endMs: silentMs }) => beginMs > endMs && beginMs < nextMs && Math.min(silentMs, nextMs) - beginMs >= ANSWER_MIN_MS);
  });
}

let liveKit: TestLiveKit;
let node: NodeProcess;
let browser: Browser | undefined;

beforeAll(async () => {
  mkdirSync(RESULTS, { recursive: true });
  liveKit = await startLiveKit();
  // No key, no address of any model.
  node = await NodeProcess.start(liveKit, { OPENAI_API_KEY: '', YANDEX_API_KEY: '', ELEVENLABS_API_KEY: '', LOCAL_LLM_URL: '', LOCAL_STT_URL: '', LOCAL_TTS_URL: '' });
});
afterAll(async () => {
  await browser?.close();
  await node?.stop();
  await liveKit?.stop();
});

describe('robots/offline in Chromium', () => {
  it('greets, understands ten spoken phrases, and answers at least nine of them aloud', async () => {
    browser = await openBrowser(microphone());
    const { page } = browser;
    await connectBySession(page, node.url, 'offline');
    const tracks = await listen(page, FIRST_MS + PHRASES.length * EVERY_MS);
    await page.screenshot({ path: join(RESULTS, 'offline.png') });
    writeFileSync(join(RESULTS, 'offline-ear.wav'), writeWav({ samples: tracks.ear, rateHz: 48_000 }));

    const heard = await page.evaluate<string[]>('window.voiceNode.events.filter((event) => event.type === "transcript" && event.final).map((event) => event.text)');
    const spoken = answers(tracks);
    const answered = spoken.filter((answer) => answer !== undefined).length;
    const { errors, words } = wordErrors(PHRASES.join(' '), heard.join(' '));
    const summary = `${answered} of ${spoken.length} phrases answered; ${errors} of ${words} words wrong (${((100 * errors) / words).toFixed(1)} %)`;
    console.log(`robots/offline: ${summary}`);
    writeFileSync(join(RESULTS, 'offline.json'), JSON.stringify({ summary, said: PHRASES, heard, answers: spoken }, undefined, 2));

    expect(spoken).toHaveLength(PHRASES.length);
    expect(answered, summary).toBeGreaterThanOrEqual(9);
    expect(errors / words, summary).toBeLessThan(0.25);
    // The greeting was heard before the first phrase.
    const [first] = segments(tracks.microphone, SOUND, PAUSE_MS);
    expect(segments(tracks.ear, SOUND, PAUSE_MS)[0]?.endMs).toBeLessThan(first?.beginMs ?? 0);
    // What came back are the words of the answer, not just sound.
    const answer = spoken.find((each) => each !== undefined);
    expect(await words16(tracks.ear, answer)).toContain('demonstration');
    expect(node.log.filter(({ level }) => level === 'error')).toEqual([]);
  }, 300_000);
});

/** What a recogniser of the same kind makes of a stretch of what was heard. */
async function words16(ear: Int16Array, stretch: Segment | undefined): Promise<string> {
  const stt = new PocketSphinx({ python: pocketsphinxPython(), script: join(ROOT, 'sidecars/pocketsphinx.py'), clock: systemClock });
  try {
    const samples = ear.slice(Math.max(0, (stretch?.beginMs ?? 0) - 300) * 48, (stretch?.endMs ?? 0) * 48);
    const heard = await writeDown(stt, spokenFeed(createResampler({ fromHz: 48_000, toHz: 16_000 }).process(samples), 16_000));
    return heard.transcripts.at(-1)?.text ?? '';
  } finally {
    stt.close();
  }
}
