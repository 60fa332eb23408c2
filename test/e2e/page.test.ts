import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openBrowser, type Browser } from '../../bench/rig/browser.js';
import { connectBySession, connectByToken, listen } from '../../bench/rig/browser-call.js';
import { callerToken } from '../../bench/rig/caller.js';
import { likeness, type Likeness } from '../../bench/rig/likeness.js';
import { NodeProcess } from '../../bench/rig/node-process.js';
import { sentence, trimmed, voice } from '../../bench/rig/voices.js';
import { ROOT } from '../../voice-node/config.js';
import { bareEchoRoom } from '../support/bare-room.js';
import { startLiveKit, type TestLiveKit } from '../support/livekit-server.js';

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
    const interrupted = browser.page.getByTestId('turns').locator('[data-end="interrupted"]').first();
    await interrupted.waitFor();
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
});
