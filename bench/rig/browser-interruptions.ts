import { openBrowser } from './browser.js';
import { connectBySession, listen } from './browser-call.js';
import type { Interruption } from './interruptions.js';
import type { NodeProcess } from './node-process.js';
import { segments } from './segments.js';
import { sentence, trimmed, voice } from './voices.js';

/** Louder than this is voice, in the microphone and in the ear: -36 dBFS. */
const VOICE_PEAK = 500;
/** The echo has its own pauses between words; a longer one is its end. */
const PAUSE_MS = 250;
/** The second voice comes this long after the first has ended: about a second into the echo of it. */
const AFTER_MS = 1800;
const REST_MS = 4500;

/**
 * The same in the browser: Chromium's microphone says A, and B over the echo of A, again and again. Microphone and
 * ear are recorded in the page on one time axis, behind and before whatever the browser does to them.
 */
export async function interruptInBrowser(node: NodeProcess, count: number): Promise<Interruption[]> {
  const long = sentence(['Front_Center', 'Front_Left', 'Rear_Right', 'Side_Left'], 60);
  // One word: after the browser's noise suppression the pause between two can be long enough to be an end, and the
  // echo of the first would then be taken for the old one.
  const both = trimmed(voice('Rear_Left'));
  const word = segments(both, VOICE_PEAK, 80)[0];
  const second = both.slice(0, Math.round((word?.endMs ?? 0) * 48));
  const longMs = Math.round(long.length / 48);
  const periodMs = 500 + longMs + AFTER_MS + Math.round(second.length / 48) + REST_MS;
  const microphone = new Int16Array(periodMs * 48);
  microphone.set(long, 500 * 48);
  microphone.set(second, (500 + longMs + AFTER_MS) * 48);
  const browser = await openBrowser(microphone);
  try {
    await connectBySession(browser.page, node.url, 'echo');
    const { microphone: said, ear } = await listen(browser.page, (count + 1) * periodMs);
    return evaluate(said, ear, longMs / 2);
  } finally {
    await browser.close();
  }
}

/** Segments of the microphone shorter than `shortMs` are the interrupting voice. */
function evaluate(said: Int16Array, ear: Int16Array, shortMs: number): Interruption[] {
  const heard = segments(ear, VOICE_PEAK, PAUSE_MS);
  const results: Interruption[] = [];
  for (const { beginMs, endMs } of segments(said, VOICE_PEAK, 700)) {
    const echo = heard.find((segment) => segment.beginMs < beginMs - 100 && segment.endMs > beginMs);
    if (endMs - beginMs > shortMs || echo === undefined) continue;
    const next = heard.find((segment) => segment.beginMs > echo.endMs);
    const untilMs = Math.min(next?.beginMs ?? Infinity, endMs + 400);
    let laterPeak = 0;
    for (let i = (echo.endMs + 60) * 48; i < untilMs * 48 && i < ear.length; i++) laterPeak = Math.max(laterPeak, Math.abs(ear[i] as number));
    // Something that came before the second voice had even ended can only have been the old echo.
    if (next !== undefined && next.beginMs < endMs + 300) laterPeak = Math.max(laterPeak, VOICE_PEAK);
    results.push({ stopMs: echo.endMs - beginMs, laterPeak });
  }
  return results;
}
