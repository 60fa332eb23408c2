import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Room } from '@livekit/rtc-node';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openBrowser, type Browser } from '../../bench/rig/browser.js';
import { connectBySession, connectByToken, listen } from '../../bench/rig/browser-call.js';
import { callerToken } from '../../bench/rig/caller.js';
import { likeness, type Likeness } from '../../bench/rig/likeness.js';
import { NodeProcess } from '../../bench/rig/node-process.js';
import { sentence, trimmed, voice } from '../../bench/rig/voices.js';
import { ROOT } from '../../voice-node/config.js';
import type { CallerEvent } from '../../voice-node/domain/events.js';
import { bareEchoRoom } from '../support/bare-room.js';
import { startLiveKit, type TestLiveKit } from '../support/livekit-server.js';
import { HOSTILE } from '../unit/page/hostile-payloads.js';

const PICTURES = join(ROOT, 'test-results');
const words = trimmed(voice('Front_Center'));

/** What the microphone says, over and over: silence, the pieces at their times in ms, silence. */
function microphone(lengthMs: number, ...pieces: readonly (readonly [number, Int16Array])[]): Int16Array {
  const all = new Int16Array(lengthMs * 48);
  for (const [atMs, samples] of pieces) all.set(samples, atMs * 48);
  return all;
}

const events = (browser: Browser, type: string): Promise<Record<string, unknown>[]> =>
  browser.page.evaluate<Record<string, unknown>[]>(`window.voiceNode.events.filter((event) => event.type === ${JSON.stringify(type)}).map((event) => ({ ...event }))`);

/** In place of the line to a room: what is told to `window.line` reaches the page as if a node had sent it. */
const SCRIPTED_SESSION = `
  export const openMicrophone = async () => {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    return { mediaStreamTrack: stream.getAudioTracks()[0], stop: () => {}, restartTrack: async () => {} };
  };
  export const join = async (_way, listener) => {
    window.line = listener;
    listener.robot('here');
    return { room: () => 'scripted', setMuted: async () => {}, startAudio: async () => {}, leave: async () => {} };
  };`;

/** One state of a segment, as LiveKit's agents send it; words of the caller come in the caller's name. */
async function say(agent: Room, segment: string, text: string, final: boolean, inNameOf?: string): Promise<void> {
  const writer = await agent.localParticipant?.streamText({
    topic: 'lk.transcription',
    attributes: { 'lk.segment_id': segment, 'lk.transcription_final': String(final) },
    ...(inNameOf === undefined ? {} : { senderIdentity: inNameOf }),
  });
  await writer?.write(text);
  await writer?.close();
}

const tell = (page: Page, told: readonly CallerEvent[]): Promise<unknown> => page.evaluate(`for (const event of ${JSON.stringify(told)}) window.line.event(event, performance.now())`);

/** A turn in which both say `text`. */
const exchange = (turn: number, text: string): CallerEvent[] => [
  { type: 'speech_started', atMs: turn * 1000, turn, onsetMs: turn * 1000 },
  { type: 'transcript', atMs: turn * 1000 + 100, turn, text, final: true },
  { type: 'reply_started', atMs: turn * 1000 + 200, turn },
  { type: 'reply_text', atMs: turn * 1000 + 300, turn, reply: turn, text, final: true },
  { type: 'reply_ended', atMs: turn * 1000 + 400, turn, heardMs: 100, cut: false },
  { type: 'turn', atMs: turn * 1000 + 400, turn, end: 'answered', marksMs: {}, stagesMs: { response: 40 }, utteranceMs: 100, heardMs: 100 },
];

let liveKit: TestLiveKit;
let node: NodeProcess;
let bare: Likeness;
let browser: Browser | undefined;

beforeAll(async () => {
  mkdirSync(PICTURES, { recursive: true });
  // The yardstick, in the same browser: the page comes from a node that does not serve this server's rooms.
  liveKit = await startLiveKit();
  const elsewhere = await startLiveKit();
  const pageOnly = await NodeProcess.start(elsewhere, { VAD: 'energy' });
  const room = await bareEchoRoom(liveKit);
  try {
    browser = await openBrowser(microphone(6000, [1000, words]));
    await connectByToken(browser.page, pageOnly.url, liveKit.url, room.token);
    bare = likeness(words, (await listen(browser.page, 9000)).ear);
  } finally {
    await browser?.close();
    browser = undefined;
    room.stop();
    await pageOnly.stop();
    await elsewhere.stop();
  }
  node = await NodeProcess.start(liveKit);
});
afterEach(async () => {
  await browser?.close();
  browser = undefined;
});
afterAll(async () => {
  await node.stop();
  await liveKit.stop();
});

describe('the page in Chromium', () => {
  it('talks to the echo: what comes back is what was said, whole, and the turn is shown', async () => {
    browser = await openBrowser(microphone(7000, [1000, words]));
    await connectBySession(browser.page, node.url, 'echo');
    const heard = likeness(words, (await listen(browser.page, 11_000)).ear);
    await browser.page.screenshot({ path: join(PICTURES, 'echo.png') });
    expect(heard.waveform).toBeGreaterThan(bare.waveform - 0.05);
    expect(heard.levels).toBeGreaterThan(0.9);
    const row = browser.page.getByTestId('turns').locator('[data-end="answered"]').first();
    await row.waitFor();
    expect(await row.innerText()).toMatch(/t1[\s\S]*t2[\s\S]*t3[\s\S]*t4[\s\S]*t5[\s\S]*t6/);
    expect(await browser.page.getByTestId('agent-state').innerText()).toMatch(/listening|speaking|thinking/i);
    // An echo has no words: its turns stand in the conversation by their length, with the way to their stages.
    const turn = (await row.getAttribute('data-turn')) ?? '';
    const lines = browser.page.getByTestId('conversation').locator(`li[data-turn="${turn}"]`);
    expect(await Promise.all([lines.nth(0).getAttribute('data-from'), lines.nth(1).getAttribute('data-from'), lines.count()])).toEqual(['caller', 'robot', 2]);
    expect(await lines.nth(0).innerText()).toMatch(/you[\s\S]*\d\.\d+ s/);
    expect(await lines.nth(1).innerText()).toMatch(new RegExp(`robot[\\s\\S]*\\d ms · #${turn}[\\s\\S]*\\d\\.\\d+ s`));
    await lines.nth(1).getByRole('button').click();
    expect(await row.getAttribute('class')).toContain('lit');
    expect(await browser.page.getByTestId('error').innerText()).toBe('');
  });

  it('is cut off when talked over, and shows where', async () => {
    const long = sentence(['Front_Center', 'Front_Left', 'Rear_Right'], 60);
    const longMs = Math.round(long.length / 48);
    // The echo begins about 0.7 s after the words; the second voice comes a second into it.
    browser = await openBrowser(microphone(longMs + 8000, [500, long], [500 + longMs + 1800, trimmed(voice('Rear_Left'))]));
    await connectBySession(browser.page, node.url, 'echo');
    const { ear } = await listen(browser.page, longMs + 9000);
    await browser.page.screenshot({ path: join(PICTURES, 'barge-in.png') });
    const [cut] = await events(browser, 'barge_in');
    expect(cut).toMatchObject({ turn: expect.any(Number) as number, stopMs: expect.any(Number) as number });
    // Why it was cut, and what was made of each frame of the voice that cut it.
    expect((await events(browser, 'interruption'))[0]).toMatchObject({ turn: cut?.['turn'], decision: 'speech', afterMs: expect.any(Number) as number });
    const frames = await events(browser, 'vad');
    // A browser's own echo canceller makes noises when the robot begins, which the guard may take for its echo.
    const reasons = new Set(frames.flatMap((frame) => frame['reasons'] as string[]).filter((reason) => reason !== 'echo'));
    expect(reasons).toEqual(new Set(['silence', 'speech']));
    expect(new Set(frames.flatMap(({ gate }) => gate as number[]))).toContain(1);
    const interrupted = browser.page.getByTestId('turns').locator('[data-end="interrupted"]').first();
    await interrupted.waitFor();
    expect(await browser.page.getByTestId('conversation').locator('li[data-from="robot"]').first().innerText()).toContain('interrupted');
    // Of the long sentence only the beginning came back: its end is nowhere to be found.
    const beginning = long.slice(0, 48 * 600);
    const end = long.slice(long.length - 48 * 1000);
    expect(likeness(beginning, ear).levels).toBeGreaterThan(0.85);
    expect(likeness(end, ear).waveform).toBeLessThan(bare.waveform - 0.2);
  });

  it('works with a pasted token, on a phone, by keyboard alone', async () => {
    browser = await openBrowser(microphone(7000, [1000, words]), { width: 360, height: 740 });
    const { page } = browser;
    await page.goto(node.url);
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
    const token = await callerToken(liveKit, 'keyboard', 'by-keyboard');
    await page.getByTestId('url').focus();
    await page.keyboard.press('Control+A');
    await page.keyboard.type(liveKit.url);
    await page.getByTestId('token').focus();
    await page.keyboard.insertText(token);
    await page.keyboard.press('Tab');
    await page.getByTestId('connect-token').press('Enter');
    await listen(page, 6000);
    expect((await events(browser, 'turn')).length).toBeGreaterThanOrEqual(1);
    expect(await page.getByTestId('conversation').locator('li').count()).toBeGreaterThanOrEqual(2);
    await page.screenshot({ path: join(PICTURES, 'phone.png') });
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
    await page.getByTestId('hangup').press('Enter');
    await page.getByTestId('connect-token').waitFor();
  });

  it('says in words what went wrong', async () => {
    browser = await openBrowser(microphone(2000));
    const { page } = browser;
    await page.goto(node.url);
    await page.getByTestId('url').fill(liveKit.url);
    await page.getByTestId('token').fill('not a token');
    await page.getByTestId('connect-token').click();
    await page.getByTestId('error').getByText(/token/i).first().waitFor();
    const foreign = await callerToken({ ...liveKit, apiSecret: 'another secret of at least 32 characters' }, 'stranger', 'room');
    await page.getByTestId('token').fill(foreign);
    await page.getByTestId('connect-token').click();
    await page.getByTestId('error').getByText(/key|token|accept/i).first().waitFor({ timeout: 20_000 });
  });

  it('writes down what a foreign agent says and understands, which come as text streams alone', async () => {
    browser = await openBrowser(microphone(2000));
    const { page } = browser;
    const agent = new Room();
    try {
      await agent.connect(liveKit.url, await callerToken(liveKit, 'foreign', 'foreign-agent', 'agent'), { autoSubscribe: false, dynacast: false });
      await connectByToken(page, node.url, liveKit.url, await callerToken(liveKit, 'chromium', 'foreign-agent'));
      const lines = page.getByTestId('conversation').locator('li');
      await page.getByTestId('mute').waitFor();
      await say(agent, 'SG_1', 'Hello', false);
      await say(agent, 'SG_1', 'Hello, this is Ann.', true);
      await lines.getByText('Hello, this is Ann.').waitFor();
      await say(agent, 'SG_2', 'What time is it?', true, 'chromium');
      await lines.getByText('What time is it?').waitFor();
      expect(await page.evaluate('window.voiceNode.conversation.map(({ from, text }) => [from, text])')).toEqual([
        ['robot', 'Hello, this is Ann.'],
        ['caller', 'What time is it?'],
      ]);
      expect(await lines.count()).toBe(2);
    } finally {
      await agent.disconnect();
    }
  });

  it('shows what a node tells it as text, whatever it is, and follows the newest unless one reads further up', async () => {
    browser = await openBrowser(microphone(2000));
    const { page } = browser;
    let dialogs = 0;
    page.on('dialog', (dialog) => {
      dialogs++;
      void dialog.dismiss();
    });
    await page.route('**/session.js', (route) => route.fulfill({ contentType: 'text/javascript', body: SCRIPTED_SESSION }));
    await page.goto(node.url);
    await page.getByTestId('connect-session').click();
    await page.getByTestId('mute').waitFor();
    const kinds = "[...new Set([...document.querySelectorAll('body *')].map((element) => element.localName))].sort().join(' ')";
    const list = page.getByTestId('conversation');
    await tell(page, exchange(1, 'plain words'));
    await list.getByText('plain words').last().waitFor();
    const plain = await page.evaluate<string>(kinds);
    for (const [i, text] of HOSTILE.entries()) await tell(page, exchange(2 + i, text.slice(0, 5000)));
    await list.getByText('ᅠ'.repeat(100)).last().waitFor();
    expect(await page.evaluate<string>(kinds)).toBe(plain);
    expect(await page.evaluate('window.owned')).toBeUndefined();
    expect(dialogs).toBe(0);
    expect(await list.locator('li').count()).toBe(200);
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(1280);
    const newest = page.getByTestId('newest');
    expect(await newest.isVisible()).toBe(false);
    await page.evaluate("document.getElementById('talk-scroller').scrollTop = 300");
    await tell(page, exchange(900, 'the newest words'));
    await newest.waitFor();
    expect(await page.evaluate<number>("document.getElementById('talk-scroller').scrollTop")).toBeLessThan(2000);
    await newest.click();
    expect(await newest.isVisible()).toBe(false);
    const [panel, line] = await Promise.all([page.locator('#talk-scroller').boundingBox(), list.locator('li').last().boundingBox()]);
    expect((line?.y ?? Infinity) + (line?.height ?? 0)).toBeLessThanOrEqual((panel?.y ?? 0) + (panel?.height ?? 0) + 1);
    await page.getByTestId('said').getByText('Robot: the newest words').waitFor({ state: 'attached' });
  });
});
