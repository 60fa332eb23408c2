import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openBrowser, type Browser } from '../../bench/rig/browser.js';
import { listen } from '../../bench/rig/browser-call.js';
import { likeness } from '../../bench/rig/likeness.js';
import { NodeProcess } from '../../bench/rig/node-process.js';
import { ADMIN_TOKEN, nodeView, until, wait } from '../../bench/rig/operator.js';
import { seeded } from '../../bench/rig/random.js';
import { trimmed, voice } from '../../bench/rig/voices.js';
import { ROOT } from '../../voice-node/config.js';
import { startLiveKit, type TestLiveKit } from '../support/livekit-server.js';

const PICTURES = join(ROOT, 'test-results');
const LIMIT_MS = 30_000;
const BACK = 'Sorry, we were cut off. Please go on.';
const words = trimmed(voice('Front_Center'));

/** Says the words every nine seconds, in a quiet room (-63 dBFS): zeros would be taken for a dead microphone. */
function microphone(): Int16Array {
  const random = seeded(1);
  const all = new Int16Array(9000 * 48).map(() => Math.round(80 * random() - 40));
  all.set(words, 1000 * 48);
  return all;
}

interface Shown {
  readonly phase: string;
  readonly robotPresent: boolean;
  /** Codes of the problems on the page. */
  readonly problems: readonly string[];
  readonly sources: number;
}

const shown = (page: Page): Promise<Shown> =>
  page.evaluate<Shown>(`({
    phase: window.voiceNode.state.phase,
    robotPresent: window.voiceNode.state.robotPresent,
    problems: [...document.querySelectorAll('#error > *')].map((box) => box.dataset.code),
    sources: document.getElementById('reply-audio').srcObject?.getAudioTracks().filter((track) => track.readyState === 'live').length ?? 0,
  })`);

/** Writes down every phase and every problem that the page shows from now on. */
const watch = (page: Page): Promise<unknown> =>
  page.evaluate(`(() => {
    window.seen = { phases: [], problems: [] };
    const note = () => {
      for (const box of document.querySelectorAll('#error > *')) if (!window.seen.problems.includes(box.dataset.code)) window.seen.problems.push(box.dataset.code);
      const { phase } = window.voiceNode.state;
      if (window.seen.phases.at(-1) !== phase) window.seen.phases.push(phase);
    };
    new MutationObserver(note).observe(document.body, { subtree: true, childList: true, attributes: true, attributeFilter: ['data-state', 'data-code'] });
    note();
  })()`);

const seen = (page: Page): Promise<{ readonly phases: string[]; readonly problems: string[] }> => page.evaluate('window.seen');

const answered = (page: Page): Promise<number[]> => page.evaluate<number[]>("window.voiceNode.events.filter((event) => event.type === 'turn' && event.end === 'answered').map((event) => event.turn)");

/** What the robots have said in words so far. */
const said = (page: Page): Promise<string[]> => page.evaluate<string[]>("window.voiceNode.conversation.filter((line) => line.from === 'robot' && line.text !== '').map((line) => line.text)");

async function eventually(what: string, isSo: () => Promise<boolean>, limitMs = LIMIT_MS): Promise<void> {
  const endMs = Date.now() + limitMs;
  while (!(await isSo())) {
    if (Date.now() > endMs) throw new Error(`not within ${limitMs} ms: ${what}; the page shows ${JSON.stringify(browser === undefined ? 'nothing' : await shown(browser.page))}`);
    await wait(50);
  }
}

/** A call to the echo in which one turn has been answered. */
async function answeredCall(): Promise<Page> {
  browser = await openBrowser(microphone());
  const { page } = browser;
  await page.goto(node.url);
  // What the browser does to a voice in a quiet room is not the matter here.
  for (const id of ['opt-echo', 'opt-noise', 'opt-gain']) await page.locator(`#${id}`).uncheck();
  await page.getByTestId('robot').selectOption('echo');
  await page.getByTestId('connect-session').click();
  await eventually('a turn is answered', async () => (await answered(page)).length > 0);
  await watch(page);
  return page;
}

/** He says something, and what he hears is that. */
async function talksOn(page: Page, before: readonly number[]): Promise<void> {
  expect(likeness(words, (await listen(page, 12_000)).ear).levels).toBeGreaterThan(0.9);
  await eventually('another turn is answered', async () => (await answered(page)).some((turn) => !before.includes(turn)));
  const turns = await answered(page);
  expect(turns, 'no two turns have the same number').toEqual([...new Set(turns)]);
  const now = await shown(page);
  expect(now).toMatchObject({ phase: 'connected', robotPresent: true, problems: [], sources: 1 });
}

let liveKit: TestLiveKit;
let node: NodeProcess;
let browser: Browser | undefined;

beforeAll(async () => {
  mkdirSync(PICTURES, { recursive: true });
  liveKit = await startLiveKit();
  node = await NodeProcess.start(liveKit, { SHARDS: '2', ADMISSION: 'count', JOURNAL: 'none', ADMIN_TOKEN });
});
afterEach(async () => {
  await browser?.close();
  browser = undefined;
});
afterAll(async () => {
  await node?.stop();
  await liveKit?.stop();
});

describe('the page in Chromium', () => {
  it('goes on with the robot that takes up the call of a killed process', async () => {
    const page = await answeredCall();
    const before = await answered(page);
    const { calls, shards } = await nodeView(node);
    const victim = shards.find(({ name }) => name === calls[0]?.shard);
    process.kill(victim?.pid ?? -1, 'SIGKILL');
    await eventually('the new robot says that it is back', async () => (await said(page)).includes(BACK));
    await page.screenshot({ path: join(PICTURES, 'shard-killed.png') });
    await talksOn(page, before);
    await page.screenshot({ path: join(PICTURES, 'shard-replaced.png') });
    const { phases, problems } = await seen(page);
    expect(phases).toEqual(['connected']);
    // At most that it is missed, where the machine is slow.
    expect(problems.filter((code) => code !== 'robot_missed')).toEqual([]);
    // What was said before still stands, and the recorded phrase is not called an apology.
    const lines = page.getByTestId('conversation').locator('li');
    expect(await lines.first().getAttribute('data-from')).toBe('caller');
    expect(await page.evaluate("window.voiceNode.conversation.filter((line) => line.apology).length")).toBe(0);
    await until(node, 'both processes are up', LIMIT_MS, (view) => view.shards.every(({ state }) => state === 'ready'));
  });

  it.each([
    { outageMs: 1000, notices: ['reconnecting'] },
    { outageMs: 3000, notices: ['reconnecting'] },
    // The library has given up by then: the page has made a new line.
    { outageMs: 20_000, notices: ['reconnecting', 'rejoining'] },
  ])('is back in the call when the server was gone for $outageMs ms', async ({ outageMs, notices }) => {
    const page = await answeredCall();
    const before = await answered(page);
    liveKit.kill();
    await wait(outageMs);
    await page.screenshot({ path: join(PICTURES, `server-gone-${outageMs}.png`) });
    const upMs = Date.now();
    await liveKit.restart();
    await eventually('the page is back and the robot is there', async () => {
      const { phase, robotPresent } = await shown(page);
      return phase === 'connected' && robotPresent;
    });
    const backMs = Date.now() - upMs;
    if (outageMs >= 5000) await eventually('the robot says that it is back', async () => (await said(page)).some((text) => text.startsWith('Sorry')));
    await talksOn(page, before);
    console.log(`server gone for ${outageMs} ms: back in the call ${backMs} ms after it was started again`);
    await page.screenshot({ path: join(PICTURES, `server-back-${outageMs}.png`) });
    const { phases, problems } = await seen(page);
    expect(phases).toEqual(['connected', 'reconnecting', 'connected']);
    expect(problems.filter((code) => code !== 'robot_missed')).toEqual(notices);
  });

  it('lets the caller hang up while the server is gone', async () => {
    const page = await answeredCall();
    liveKit.kill();
    try {
      await page.getByTestId('error').getByText('The connection is gone; trying again').waitFor({ timeout: LIMIT_MS });
      await page.getByTestId('hangup').click();
      await page.getByTestId('connect-session').waitFor();
      await wait(1500);
      expect(await shown(page)).toMatchObject({ phase: 'ended', problems: [] });
      expect(await page.evaluate("window.keptMicrophone.getAudioTracks()[0].readyState")).toBe('ended');
    } finally {
      await liveKit.restart();
    }
  });
});
