import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type BrowserContext, type Page } from 'playwright-core';
import { writeWav } from '../../voice-node/dsp/wav.js';

const FLAGS = [
  '--headless=new',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
  '--autoplay-policy=no-user-gesture-required',
];

/** A real Chromium whose microphone plays `voice` (48 kHz mono) over and over. */
export interface Browser {
  readonly page: Page;
  close(): Promise<void>;
}

export async function openBrowser(voice: Int16Array, viewport = { width: 1280, height: 900 }): Promise<Browser> {
  const folder = mkdtempSync(join(tmpdir(), 'voice-node-browser-'));
  const file = join(folder, 'microphone.wav');
  writeFileSync(file, writeWav({ samples: voice, rateHz: 48_000 }));
  const context: BrowserContext = await chromium.launchPersistentContext(join(folder, 'profile'), {
    executablePath: process.env['CHROMIUM_BIN'] ?? '/usr/bin/chromium',
    headless: true,
    viewport,
    args: [...FLAGS, `--use-file-for-fake-audio-capture=${file}`],
    ignoreDefaultArgs: ['--mute-audio'],
  });
  const page = context.pages()[0] ?? (await context.newPage());
  await page.addInitScript(KEEP_MICROPHONE);
  return {
    page,
    async close() {
      await context.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The page keeps its microphone to itself; the recorder needs it as well. */
const KEEP_MICROPHONE = `
  const original = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async (constraints) => {
    const stream = await original(constraints);
    window.keptMicrophone = stream;
    return stream;
  };
`;

const ROBOT_LIMIT_MS = 20_000;
const CAN_BE_HEARD =
  'window.keptMicrophone !== undefined && [...document.querySelectorAll("audio")].some((a) => a.srcObject && a.srcObject.getAudioTracks().length > 0)';

/** What the microphone said and what the ear heard, on one time axis: 48 kHz mono each, equally long. */
export interface TwoTracks {
  readonly microphone: Int16Array;
  readonly ear: Int16Array;
}

/** Starts recording both in the page. The robot's audio must be playing in an element with a stream. */
export async function startRecording(page: Page): Promise<void> {
  // The page's policy forbids eval, which waitForFunction would need; expressions come in by another door.
  const endMs = Date.now() + ROBOT_LIMIT_MS;
  while (!(await page.evaluate<boolean>(CAN_BE_HEARD))) {
    if (Date.now() > endMs) throw new Error(`the robot could not be heard within ${ROBOT_LIMIT_MS} ms`);
    await page.waitForTimeout(50);
  }
  await page.evaluate(`(async () => {
    const context = new AudioContext({ sampleRate: 48000 });
    await context.resume();
    const ear = [...document.querySelectorAll('audio')].find((a) => a.srcObject && a.srcObject.getAudioTracks().length > 0).srcObject;
    const merger = context.createChannelMerger(2);
    context.createMediaStreamSource(window.keptMicrophone).connect(merger, 0, 0);
    context.createMediaStreamSource(ear).connect(merger, 0, 1);
    const processor = context.createScriptProcessor(2048, 2, 1);
    const tape = { context, microphone: [], ear: [] };
    processor.onaudioprocess = (event) => {
      tape.microphone.push(event.inputBuffer.getChannelData(0).slice());
      tape.ear.push(event.inputBuffer.getChannelData(1).slice());
    };
    merger.connect(processor);
    processor.connect(context.destination);
    window.tape = tape;
  })()`);
}

/** Everything recorded so far. */
export async function recorded(page: Page): Promise<TwoTracks> {
  const [microphone, ear] = await page.evaluate<[string, string]>(`['microphone', 'ear'].map((name) => {
    const parts = window.tape[name];
    const all = new Int16Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) for (const x of part) all[at++] = Math.max(-32768, Math.min(32767, Math.round(x * 32767)));
    const bytes = new Uint8Array(all.buffer);
    let text = '';
    for (let i = 0; i < bytes.length; i += 32768) text += String.fromCharCode(...bytes.subarray(i, i + 32768));
    return btoa(text);
  })`);
  return { microphone: decode(microphone), ear: decode(ear) };
}

function decode(base64: string): Int16Array {
  const bytes = Buffer.from(base64, 'base64');
  const samples = new Int16Array(bytes.length / 2);
  for (let i = 0; i < samples.length; i++) samples[i] = bytes.readInt16LE(2 * i);
  return samples;
}
