import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { likeness } from '../../../bench/rig/likeness.js';
import { makeCall } from '../../../voice-node/cli/call-maker.js';
import { DetectorNeeds } from '../../../voice-node/cli/detector-needs.js';
import { RobotDetectors } from '../../../voice-node/cli/detectors.js';
import { RobotCast } from '../../../voice-node/cli/robot-cast.js';
import { RobotMaker } from '../../../voice-node/cli/robot-maker.js';
import { RobotSettings } from '../../../voice-node/cli/robot-settings.js';
import { ROOT } from '../../../voice-node/config.js';
import type { CallerEvent } from '../../../voice-node/domain/events.js';
import { createResampler } from '../../../voice-node/dsp/resampler.js';
import { readWav, writeWav } from '../../../voice-node/dsp/wav.js';
import { systemClock } from '../../../voice-node/platform/clock.js';
import { VirtualClock } from '../../../voice-node/platform/virtual-clock.js';
import type { DenoiserFactory } from '../../../voice-node/providers/denoise/rnnoise.js';
import { RobotFolder } from '../../../voice-node/robots/folder.js';
import { MemoryLine } from '../../../voice-node/transports/memory.js';
import { CountingMeter, joined, MemoryLog } from '../call/rig.js';
import { Farm, PIPELINE, sineWav } from './farm.js';

let farm: Farm;
beforeEach(() => void (farm = new Farm()));
afterEach(() => farm.dispose());

/** Faster than SpeechKit can speak: no fault of the form, but the provider refuses it. */
const UNMAKEABLE = { ...PIPELINE, llm: 'demo', stt: { provider: 'local', base_url: 'http://127.0.0.1:1/v1' }, tts: { provider: 'yandex', speed: 3.5 } };

/** None of these robots wants one. */
const NO_DENOISERS: DenoiserFactory = {
  create: () => {
    throw new Error('expected nobody to ask for a denoiser');
  },
};

/** A call of the robot `shop` whose caller talks all the time from `speaksFromMs` on, until it is over. */
async function call(speaksFromMs: number) {
  const clock = new VirtualClock();
  const [meter, log] = [new CountingMeter(), new MemoryLog()];
  const settings = new RobotSettings({ ROBOTS_DIR: farm.folder, VAD: 'energy', YANDEX_API_KEY: 'key-of-yandex', YANDEX_FOLDER_ID: 'b1g', CACHE_DIR: farm.at('.cache') });
  const robot = new RobotFolder(settings.folder).get('shop');
  const detectors = await RobotDetectors.load(settings, new DetectorNeeds(settings, [robot]));
  const cast = new RobotCast(new RobotMaker(settings, { clock, meter, log }), log);
  const frames: Int16Array[] = [];
  const events: CallerEvent[] = [];
  const line = new MemoryLine({ onFrame: (frame) => frames.push(frame), onEvent: (event) => events.push(event) });
  const made = makeCall(settings.of(robot), { detectors: detectors.for(robot), denoisers: NO_DENOISERS, turnModel: undefined }, { callId: 'c', robot, role: cast.take(robot), line, clock, meter, log });
  made.start();
  await clock.advanceTo(0);
  line.join();
  const loud = new Int16Array(960).map((_, i) => 10_000 * Math.sin(i / 10));
  while (made.phase !== 'ended' && clock.nowMs() < 60_000) {
    await clock.advanceTo(clock.nowMs() + 20);
    line.speak(clock.nowMs() > speaksFromMs ? loud : new Int16Array(960));
  }
  const overMs = clock.nowMs();
  await clock.advanceTo(overMs + 20_000);
  detectors.close();
  cast.close();
  return { end: await made.done, overMs, heard: joined(frames), events, meter, log };
}

const ofType = (events: readonly CallerEvent[], type: CallerEvent['type']): CallerEvent[] => events.filter((event) => event.type === type);

it.each([
  ['en', 'en-US', 'Sorry, something went wrong. Please say that again.'],
  ['ru', 'ru-RU', 'Извините, что-то пошло не так. Повторите, пожалуйста.'],
])('a robot that cannot be made says so in the recorded words of its language, %s, and hangs up', async (name, language, text) => {
  farm.write({ 'shop/config.json': { ...UNMAKEABLE, language }, 'shop/prompt.txt': 'x' });
  const { end, overMs, heard, events, meter, log } = await call(Infinity);
  const file = join(ROOT, 'phrases', `${name}.wav`);
  const { samples, rateHz } = readWav(readFileSync(file), file);
  const lengthMs = (samples.length / rateHz) * 1000;
  expect(end).toBe('failed');
  expect(likeness(createResampler({ fromHz: rateHz, toHz: 48_000 }).process(samples), heard).waveform).toBeGreaterThan(0.95);
  expect(ofType(events, 'reply_text').at(-1)).toMatchObject({ text, final: true, apology: true });
  expect(ofType(events, 'error')).toMatchObject([{ code: 'argument_invalid', message: 'yandex tts: expected a speed from 0.1 to 3, got 3.5' }]);
  // Not before it has been heard, and not long after.
  expect(overMs).toBeGreaterThan(lengthMs + 200);
  expect(overMs).toBeLessThan(lengthMs + 1000);
  expect(meter.errors).toEqual(['orchestrator argument_invalid']);
  expect(log.at('error')).toEqual(['call trouble']);
});

it('says it in its own recording where it has one, to its end, whoever talks meanwhile', async () => {
  farm.write({ 'shop/config.json': { ...UNMAKEABLE, fallback_text: 'Call us tomorrow.' }, 'shop/prompt.txt': 'x', 'shop/fallback.wav': sineWav(1500) });
  const { end, heard, events } = await call(200);
  expect(end).toBe('failed');
  expect(ofType(events, 'reply_text').at(-1)).toMatchObject({ text: 'Call us tomorrow.', apology: true });
  expect(ofType(events, 'reply_ended')).toMatchObject([{ cut: false }]);
  expect(heard.filter((sample) => Math.abs(sample) > 1000).length / 48).toBeGreaterThan(1200);
});

it('takes calls as soon as it has been mended', async () => {
  farm.write({ 'shop/config.json': UNMAKEABLE, 'shop/prompt.txt': 'x' });
  const settings = new RobotSettings({ ROBOTS_DIR: farm.folder, YANDEX_API_KEY: 'key-of-yandex', YANDEX_FOLDER_ID: 'b1g', CACHE_DIR: farm.at('.cache') });
  const robots = new RobotFolder(settings.folder);
  const log = new MemoryLog();
  const cast = new RobotCast(new RobotMaker(settings, { clock: new VirtualClock(), meter: new CountingMeter(), log }), log);
  expect(cast.take(robots.get('shop')).able).toBe(false);
  farm.write({ 'shop/config.json': { mode: 'echo' }, 'shop/greeting.wav': writeWav({ samples: new Int16Array(800), rateHz: 8000 }) });
  const role = cast.take(robots.get('shop'));
  expect([role.able, role.orchestrator.mode]).toEqual([true, 'echo']);
  cast.close();
});

describe('the phrases of a robot', () => {
  function castOf(): { cast: RobotCast; robots: RobotFolder; log: MemoryLog } {
    const settings = new RobotSettings({ ROBOTS_DIR: farm.folder, CACHE_DIR: farm.at('.cache'), PATH: process.env['PATH'] });
    const log = new MemoryLog();
    return { cast: new RobotCast(new RobotMaker(settings, { clock: systemClock, meter: new CountingMeter(), log }), log), robots: new RobotFolder(settings.folder), log };
  }
  const recorded = (name: string) => readWav(readFileSync(join(ROOT, 'phrases', name)), name);

  it.each([
    ['en-GB', 'en'],
    ['ru-RU', 'ru'],
    ['de-DE', 'en'],
  ])('are recordings of its language, %s, where it has no voice', (language, name) => {
    farm.write({ 'shop/config.json': { mode: 'echo', language } });
    const { cast, robots } = castOf();
    const { phrases } = cast.take(robots.get('shop'));
    expect([phrases.apology.audio, phrases.back.audio, phrases.goodbye.audio]).toEqual([recorded(`${name}.wav`), recorded(`${name}-back.wav`), recorded(`${name}-goodbye.wav`)]);
    const readme = readFileSync(join(ROOT, 'phrases', 'README.md'), 'utf8');
    for (const { text } of Object.values(phrases)) expect(readme).toContain(`| ${text} |`);
    cast.close();
  });

  it('are its own recordings where it has them', () => {
    farm.write({ 'shop/config.json': { mode: 'echo', goodbye_text: 'So long.' }, 'shop/back.wav': sineWav(300), 'shop/goodbye.wav': sineWav(400) });
    const { cast, robots } = castOf();
    const { phrases } = cast.take(robots.get('shop'));
    expect([phrases.back.text, phrases.goodbye.text]).toEqual(['', 'So long.']);
    expect([phrases.back, phrases.goodbye].map(({ audio }) => audio.samples.length / 48)).toEqual([300, 400]);
    cast.close();
  });

  it('are said in its own voice, ahead of time, where it has one', async () => {
    farm.write({ 'shop/config.json': { ...PIPELINE, stt: UNMAKEABLE.stt, llm: 'demo', tts: 'flite', goodbye_text: 'So long, and thank you.' }, 'shop/prompt.txt': 'x' });
    const { cast, robots, log } = castOf();
    cast.prepare(robots.get('shop'));
    const first = cast.take(robots.get('shop')).phrases;
    expect(first.back.audio).toEqual(recorded('en-back.wav'));
    await vi.waitFor(() => expect([log.lines, cast.take(robots.get('shop')).phrases.goodbye.text]).toEqual([[], 'So long, and thank you.']), { timeout: 5_000 });
    const { phrases } = cast.take(robots.get('shop'));
    expect(phrases.back.text).toBe('Sorry, we were cut off. Please go on.');
    expect(phrases.back.audio).not.toEqual(recorded('en-back.wav'));
    expect(phrases.goodbye.audio.samples.length / phrases.goodbye.audio.rateHz).toBeGreaterThan(0.8);
    // An apology in other words than its own it does not make.
    expect(phrases.apology.audio).toEqual(recorded('en.wav'));
    expect(log.at('warn')).toEqual([]);
    cast.close();
  });
});
