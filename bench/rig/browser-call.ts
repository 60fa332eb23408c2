import type { Page } from 'playwright-core';
import { recorded, startRecording, type TwoTracks } from './browser.js';

/** Connects the page with the button that asks the node for a session. */
export async function connectBySession(page: Page, url: string, robot: string): Promise<void> {
  await page.goto(url);
  await page.getByTestId('robot').selectOption(robot);
  await page.getByTestId('connect-session').click();
}

/** Connects the page with a pasted URL and token. */
export async function connectByToken(page: Page, pageUrl: string, liveKitUrl: string, token: string): Promise<void> {
  await page.goto(`${pageUrl}/#url=${encodeURIComponent(liveKitUrl)}&token=${token}`);
  await page.getByTestId('connect-token').click();
}

/** Records for `durationMs`, from when the robot can be heard. */
export async function listen(page: Page, durationMs: number): Promise<TwoTracks> {
  await startRecording(page);
  await page.waitForTimeout(durationMs);
  return recorded(page);
}
