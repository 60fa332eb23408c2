import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Caller } from '../../bench/rig/caller.js';
import { likeness } from '../../bench/rig/likeness.js';
import { startBenchLiveKit, type BenchLiveKit } from '../../bench/rig/livekit.js';
import { NodeProcess, type LogLine } from '../../bench/rig/node-process.js';
import { ROOT } from '../../voice-node/config.js';
import { createResampler } from '../../voice-node/dsp/resampler.js';
import { readWav } from '../../voice-node/dsp/wav.js';
import { systemClock } from '../../voice-node/platform/clock.js';
import { startAimock, type Aimock } from '../support/aimock.js';
import { FakeRealtime } from '../support/fakes/realtime.js';
import { serveRealtime, type RealtimeServer } from '../support/fakes/realtime-server.js';
import { startSpeechKit, type SpeechKitFake } from '../support/fakes/speechkit.js';

/*
 * The robots that talk Russian, as they come with the node, called through a real room. Yandex's services are
 * stand-ins on this machine, reached by the variables that anyone may set.
 */

const KEY = 'key-of-yandex-0123456789';
const FOLDER = 'b1gcanaryfolder';
const LIMIT_MS = 20_000;
const LOUD = 800;
/** Longer than the pauses between sentences. */
const QUIET_MS = 900;
/** Of a sound that came through the room some 0.9 of the waveform is left, of any other one at most 0.35 is found. */
const IS_THERE = 0.5;
/** Ours, and those of rtc-node. */
const LEVELS_OF_TROUBLE: readonly unknown[] = ['error', 50, 60];

const folder = mkdtempSync(join(tmpdir(), 'voice-node-russian-'));
const robotFile = (...path: string[]): string => join(ROOT, 'robots', ...path);
const greetingOf = (robot: string): string => (JSON.parse(readFileSync(robotFile(robot, 'config.json'), 'utf8')) as { greeting_text: string }).greeting_text;

function soundOf(file: string, rateHz = 48_000): Int16Array {
  const audio = readWav(readFileSync(file), file);
  return audio.rateHz === rateHz ? audio.samples : createResampler({ fromHz: audio.rateHz, toHz: rateHz }).process(audio.samples);
}

const spokenBefore = new Map<string, Int16Array>();

/** The voice of everybody here, at its own pace. */
function spoken(text: string, rateHz = 48_000, wordsPerMinute = 210): Int16Array {
  const key = `${rateHz} ${wordsPerMinute} ${text}`;
  const file = join(folder, 'spoken.wav');
  const known = spokenBefore.get(key);
  if (known !== undefined) return known;
  execFileSync('espeak-ng', ['-v', 'ru', '-s', String(wordsPerMinute), '-w', file, text]);
  const sound = soundOf(file, rateHz);
  spokenBefore.set(key, sound);
  return sound;
}

interface Talk {
  readonly robot: string;
  readonly greeting: Int16Array;
  /** What the caller says. */
  readonly said: string;
  /** The words of the answer, its sounds in their order, and what must not be heard. */
  readonly answer: string;
  readonly sounds: readonly Int16Array[];
  readonly others: readonly Int16Array[];
  /** What reached the listener on the other side last, at 48 kHz. */
  readonly reached: () => Int16Array;
}

const PIPELINE_ANSWER = ['Хорошо, запишу вас к терапевту. ', 'В какое время вам удобно прийти?'];
const REALTIME_ANSWER = 'Тогда советую музей на набережной. Вы пойдёте один?';
const TRACKS = readdirSync(robotFile('llm_script_russian', 'tracks'));
const track = (file: string): Int16Array => soundOf(robotFile('llm_script_russian', 'tracks', file));

const TALKS: readonly Talk[] = [
  {
    robot: 'pipeline_russian',
    greeting: spoken(greetingOf('pipeline_russian')),
    said: 'Запишите меня к терапевту на завтра.',
    answer: PIPELINE_ANSWER.join(''),
    sounds: PIPELINE_ANSWER.map((sentence) => spoken(sentence.trim())),
    others: [],
    reached: () => lastRecognised(),
  },
  {
    robot: 'llm_script_russian',
    greeting: soundOf(robotFile('llm_script_russian', 'greeting.wav')),
    said: 'Сколько стоит доставка?',
    answer: 'По городу доставка бесплатная, если заказ дороже двух тысяч рублей.',
    sounds: [track('price.wav')],
    // By their beginnings: those differ, and take a third of the time to look for.
    others: TRACKS.filter((file) => file !== 'price.wav').map((file) => track(file).subarray(0, 1.5 * 48_000)),
    reached: () => lastRecognised(),
  },
  {
    robot: 'realtime_russian',
    greeting: spoken(greetingOf('realtime_russian')),
    said: 'Я живу в Казани и люблю музеи.',
    answer: REALTIME_ANSWER,
    sounds: [spoken(REALTIME_ANSWER)],
    others: [],
    reached: () => createResampler({ fromHz: 24_000, toHz: 48_000 }).process(realtime.session.heard.slice()),
  },
];

let liveKit: BenchLiveKit;
let speechKit: SpeechKitFake;
let gpt: Aimock;
let realtime: FakeRealtime;
let realtimeServer: RealtimeServer;
let node: NodeProcess;
let hears = '';

function lastRecognised(): Int16Array {
  const session = speechKit.sessions.at(-1);
  const rateHz = session?.options?.recognitionModel?.audioFormat?.rawAudio?.sampleRateHertz;
  if (session === undefined || rateHz === undefined) throw new Error('expected a session with a rate, there was none');
  return createResampler({ fromHz: rateHz, toHz: 48_000 }).process(new Int16Array(Uint8Array.from(session.pcm).buffer));
}

beforeAll(async () => {
  liveKit = await startBenchLiveKit();
  speechKit = await startSpeechKit({
    apiKey: KEY,
    get parts() {
      return [{ raw: hears.toLowerCase().replace(/[^а-яё ]/g, ''), refined: hears }];
    },
    samples: spoken,
  });
  gpt = await startAimock();
  gpt.mock.on({ systemMessage: 'администратор клиники', userMessage: /./ }, { content: PIPELINE_ANSWER.join('') });
  gpt.mock.on({ systemMessage: 'службу доставки', userMessage: /./ }, { toolCalls: [{ id: 'call_1', name: 'play_recording', arguments: '{"name":"price"}' }] });
  realtime = new FakeRealtime(systemClock, {
    dialect: 'yandex',
    key: KEY,
    transcribe: () => hears,
    answer: ({ session }) => {
      const text = session.answers.length === 0 ? greetingOf('realtime_russian') : REALTIME_ANSWER;
      return [{ type: 'say', text, audio: spoken(text, 24_000) }];
    },
  });
  realtimeServer = await serveRealtime(realtime);
  node = await NodeProcess.start(liveKit, {
    CACHE_DIR: folder,
    NO_CALLER_TIMEOUT_MS: '1000',
    OPENAI_API_KEY: '',
    YANDEX_API_KEY: KEY,
    YANDEX_FOLDER_ID: FOLDER,
    YANDEX_STT_URL: `http://${speechKit.address}`,
    YANDEX_TTS_URL: `http://${speechKit.address}`,
    YANDEX_LLM_URL: gpt.baseUrl,
    YANDEX_REALTIME_URL: `http://127.0.0.1:${realtimeServer.port}/v1`,
  });
}, 60_000);

afterAll(async () => {
  await node.stop();
  await realtimeServer.close();
  await gpt[Symbol.asyncDispose]();
  await speechKit.close();
  await liveKit.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** What the caller hears from now on until it has been quiet for a while. */
async function listen({ heard }: Caller, fromMs: number): Promise<Int16Array> {
  const { atMs } = await heard.sound(fromMs, LIMIT_MS, LOUD);
  const silence = await heard.silence(atMs, QUIET_MS, LIMIT_MS, LOUD);
  return heard.between(fromMs, silence.atMs);
}

/** Where the sounds begin in what was heard, in ms. Takes its time: not while anybody talks. */
function find(sounds: readonly Int16Array[], heard: Int16Array): readonly number[] {
  return sounds.flatMap((sound) => {
    const { waveform, offsetMs } = likeness(sound, heard);
    return waveform > IS_THERE ? [offsetMs] : [];
  });
}

const isTrouble = ({ level }: LogLine): boolean => LEVELS_OF_TROUBLE.includes(level);
const finals = ({ events }: Caller, type: string): unknown[] => events.flatMap((event) => (event.type === type && event['final'] === true ? [event['text']] : []));

it.each(TALKS)('robots/$robot greets, understands and answers aloud', async ({ robot, greeting, said, answer, sounds, others, reached }) => {
  hears = said;
  const words = spoken(said, 48_000, 170);
  const from = node.log.length;
  const session = await node.createSession(robot);
  const caller = new Caller();
  const joinedMs = performance.now();
  await caller.join(session.url, session.token);
  const first = await listen(caller, joinedMs);
  const second = await listen(caller, await caller.say(words));
  const turn = await node.waitForLog(({ msg }) => msg === 'turn', LIMIT_MS, from);
  expect(turn['end']).toBe('answered');
  await caller.leave();
  await node.waitForLog(({ msg }) => msg === 'call ends', LIMIT_MS, from);

  expect(find([greeting], first)).toHaveLength(1);
  const placesMs = find(sounds, second);
  expect(placesMs).toHaveLength(sounds.length);
  expect(placesMs).toEqual([...placesMs].sort((a, b) => a - b));
  expect(find(others, second)).toEqual([]);
  expect(find([words], reached())).toHaveLength(1);

  expect(caller.events.find(({ type }) => type === 'call')?.['robot']).toBe(robot);
  expect(finals(caller, 'transcript')).toEqual([said]);
  expect(finals(caller, 'reply_text')).toEqual([greetingOf(robot), answer]);
  expect(caller.events.filter(({ type }) => type === 'error')).toEqual([]);
  expect(node.log.slice(from).filter(isTrouble)).toEqual([]);
  expect(node.complaints).toEqual([]);
});

it('asks the models of its folder, and leaves no key and no word in log and metrics', async () => {
  const models = gpt.mock.getRequests().map(({ body }) => (body as unknown as { readonly model: string }).model);
  expect(new Set(models)).toEqual(new Set([`gpt://${FOLDER}/yandexgpt/latest`]));
  const metrics = await node.metrics();
  for (const kind of ['stt', 'llm', 'tts', 'realtime']) expect(metrics).toMatch(new RegExp(`voice_node_provider_first_result_seconds_count\\{kind="${kind}",vendor="yandex"\\} [1-9]`));
  expect(metrics).not.toMatch(/vendor="(?!yandex)/);
  expect(metrics).not.toMatch(/voice_node_provider_errors_total\{.*\} [1-9]/);
  const log = JSON.stringify(node.log);
  for (const canary of [KEY, FOLDER, ...TALKS.flatMap(({ said, answer }) => [said, answer]), 'терапевт', 'доставк']) {
    expect(metrics).not.toContain(canary);
    expect(log).not.toContain(canary);
  }
});
