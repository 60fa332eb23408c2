import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openBrowser, type Browser } from '../../bench/rig/browser.js';
import { connectBySession, listen } from '../../bench/rig/browser-call.js';
import { NodeProcess } from '../../bench/rig/node-process.js';
import { seeded } from '../../bench/rig/random.js';
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
/** What robots/offline says first. */
const GREETING = 'Hello. I run on this machine alone. Please speak clearly, and tell me what you need.';
/** Time to come into the room and for the greeting, 6 s long, before the first phrase; slow machines need more. */
const FIRST_MS = 20_000;
/** From the beginning of a phrase to that of the next one: its answer is cut off there, long after it began. */
const EVERY_MS = 11_000;
const SOUND = 300;
/** No pause inside a phrase, or inside an answer, is as long. */
const PAUSE_MS = 1500;
/** Shorter is no phrase and no answer: what is left of the echo canceller's noise, some 100 ms, is neither. */
const SPOKEN_MIN_MS = 500;
const ANSWER_MIN_MS = 1500;

/**
 * Ten phrases, each at its time, in a quiet room (-63 dBFS). Into zeros, which no microphone gives, Chromium's echo
 * canceller puts noise of its own when it first hears the robot: loud enough to interrupt the greeting.
 */
function microphone(): Int16Array {
  const random = seeded(1);
  const all = new Int16Array((FIRST_MS + PHRASES.length * EVERY_MS + 5000) * 48).map(() => Math.round(80 * random() - 40));
  PHRASES.forEach((phrase, i) => all.set(trimmed(spokenBy('rms', phrase, 48_000)), (FIRST_MS + i * EVERY_MS) * 48));
  return all;
}

/** What is long enough to have been spoken. */
const spokenIn = (track: Int16Array): Segment[] => segments(track, SOUND, PAUSE_MS).filter(({ beginMs, endMs }) => endMs - beginMs >= SPOKEN_MIN_MS);

/** What was heard between the end of each phrase and the beginning of the next one. */
function answers(said: readonly Segment[], heard: readonly Segment[]): readonly (Segment | undefined)[] {
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
afterEach(async () => {
  await browser?.close();
  browser = undefined;
});
afterAll(async () => {
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
    const lines = (from: 'caller' | 'robot'): Promise<string[]> => page.getByTestId('conversation').locator(`li[data-from="${from}"] .words`).allInnerTexts();
    const written = { caller: await lines('caller'), robot: await lines('robot') };
    const said = spokenIn(tracks.microphone);
    const sounds = spokenIn(tracks.ear);
    const spoken = answers(said, sounds);
    const answered = spoken.filter((answer) => answer !== undefined).length;
    const { errors, words } = wordErrors(PHRASES.join(' '), heard.join(' '));
    const summary = `${answered} of ${spoken.length} phrases answered; ${errors} of ${words} words wrong (${((100 * errors) / words).toFixed(1)} %)`;
    console.log(`robots/offline: ${summary}`);
    writeFileSync(join(RESULTS, 'offline.json'), JSON.stringify({ summary, greeting: sounds[0], phrases: PHRASES, said, heard, answers: spoken, written }, undefined, 2));

    expect(said).toHaveLength(PHRASES.length);
    expect(answered, summary).toBeGreaterThanOrEqual(9);
    expect(errors / words, summary).toBeLessThan(0.25);
    // The greeting was heard, and whole, before the first phrase.
    const [greeting] = sounds;
    expect(greeting?.endMs).toBeLessThan(said[0]?.beginMs ?? 0);
    const greeted = wordErrors(GREETING, await words16(tracks.ear, greeting));
    expect(greeted.errors / greeted.words).toBeLessThan(0.4);
    // What came back are the words of the answer, not just sound.
    const answer = spoken.find((each) => each !== undefined);
    expect(await words16(tracks.ear, answer)).toContain('demonstration');
    // The page has written all of it down; of an answer that was cut off, what was heard of it.
    expect(written.caller).toEqual(heard);
    expect(written.robot[0]).toBe(GREETING);
    for (const text of written.robot.slice(1)) expect(text).toMatch(/^This is a demonstration.* I heard: \w/);
    expect(written.robot.at(-1)).toContain(`I heard: ${heard.at(-1)}`);
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
