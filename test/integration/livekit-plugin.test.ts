import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
import type { ChatMessage } from '../../voice-node/domain/llm.js';
import { forkHost, type Child } from '../../voice-node/providers/livekit-plugin/child.js';
import { PluginHost } from '../../voice-node/providers/livekit-plugin/host.js';
import { LiveKitPluginLanguageModel } from '../../voice-node/providers/livekit-plugin/llm.js';
import { LiveKitPluginSpeechToText } from '../../voice-node/providers/livekit-plugin/stt.js';
import { LiveKitPluginTextToSpeech } from '../../voice-node/providers/livekit-plugin/tts.js';
import { systemClock } from '../../voice-node/platform/clock.js';
import { startAimock } from '../support/aimock.js';
import { closedPort, startHttpServer } from '../support/http-server.js';
import { all, HOST_PROGRAM, request, speech, thrownBy, utterance } from '../unit/providers/livekit-plugin/support.js';

/** The real @livekit/agents and its openai plugin, installed once into the checkout's cache. */
const root = fileURLToPath(new URL('../..', import.meta.url));
const pluginHostDir = join(process.env.VOICE_NODE_STATE_DIR || join(root, '.cache'), 'test', 'livekit-plugins');

beforeAll(async () => {
  await promisify(execFile)(join(root, 'scripts', 'livekit-plugins'), ['add', 'openai', '--dir', pluginHostDir]);
}, 600_000);

const children: Child[] = [];
const closers: (() => void)[] = [];

function startHost(environment: Record<string, string> = { OPENAI_API_KEY: 'sk-canary' }): PluginHost {
  const launch = forkHost({ hostProgram: HOST_PROGRAM, pluginHostDir, environment });
  const host = new PluginHost({
    clock: systemClock,
    launch: (events) => {
      const child = launch(events);
      if (child !== undefined) children.push(child);
      return child;
    },
  });
  closers.push(host.use());
  return host;
}

const isThere = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

afterEach(async () => {
  for (const close of closers.splice(0)) close();
  for (const { pid } of children.splice(0)) {
    await expect.poll(() => pid === undefined || isThere(pid), { timeout: 10_000 }).toBe(false);
  }
});

function opened<T extends { close(): void }>(provider: T): T {
  closers.push(provider.close);
  return provider;
}

const model = (host: PluginHost, baseURL: string) => opened(new LiveKitPluginLanguageModel({ host, plugin: 'openai', options: { model: 'gpt-4o-mini', baseURL } }));
const voice = (host: PluginHost, baseURL: string) => opened(new LiveKitPluginTextToSpeech({ host, plugin: 'openai', options: { baseURL, voice: 'alloy' } }));
const recogniser = (host: PluginHost, options: Readonly<Record<string, unknown>>, language = 'en-US') => opened(new LiveKitPluginSpeechToText({ host, plugin: 'openai', options, language }));
const chat = (...messages: ChatMessage[]) => ({ ...request(), messages, tools: [] });
const user = (content: string): ChatMessage => ({ role: 'user', content });
const WEATHER = { name: 'weather', description: 'Tells the weather.', parameters: { type: 'object', properties: { city: { type: 'string' } } } };

/** Little-endian int16, as the API sends its `pcm`: 24 kHz. */
function sine(seconds: number): Int16Array {
  return Int16Array.from({ length: 24_000 * seconds }, (_, i) => Math.round(8000 * Math.sin((2 * Math.PI * 440 * i) / 24_000)));
}

test('talks to a language model, a voice and a recogniser through the plugin, in one process', async () => {
  await using aimock = await startAimock();
  const call = { id: 'call_a', name: 'weather', arguments: '{"city":"Пермь"}' };
  const tone = sine(1.25);
  aimock.mock.onToolResult('call_a', { content: 'It is cold.' });
  aimock.mock.onMessage('weather', { content: 'One moment. ', toolCalls: [call] });
  aimock.mock.onMessage('good morning', { content: 'Доброе утро! 🌞', usage: { prompt_tokens: 21, completion_tokens: 13 } });
  aimock.mock.onSpeech('Good morning.', { audio: Buffer.from(tone.buffer).toString('base64'), format: 'pcm' });
  aimock.mock.onTranscription({ transcription: { text: 'What a day.' } });
  const host = startHost();
  const llm = model(host, aimock.baseUrl);

  const asked = chat({ role: 'system', content: 'Be brief.' }, user('good morning'));
  const parts = await all(llm.answer(asked));
  expect(parts.length).toBeGreaterThan(1);
  expect(parts.map((part) => (part.type === 'text' ? part.delta : '')).join('')).toBe('Доброе утро! 🌞');
  expect(Object.fromEntries(asked.costs)).toEqual({ input_tokens: 21, output_tokens: 13 });
  expect(asked.state.connected).toBe(1);

  const question = { ...chat(user('weather')), tools: [WEATHER] };
  expect((await all(llm.answer(question))).at(-1)).toEqual({ type: 'tool_call', ...call });
  expect(aimock.mock.getLastRequest()?.body).toMatchObject({ tools: [{ type: 'function', function: WEATHER }] });
  const told = await all(llm.answer({ ...chat(user('weather'), { role: 'assistant', content: 'One moment.', toolCalls: [call] }, { role: 'tool', toolCallId: 'call_a', content: '-3' }), tools: [WEATHER] }));
  expect(told.map((part) => (part.type === 'text' ? part.delta : '')).join('')).toBe('It is cold.');

  const tts = voice(host, aimock.baseUrl);
  const audio = await all(tts.speak({ ...request(), text: 'Good morning.', language: 'en-US' }));
  expect(audio.every(({ rateHz }) => rateHz === 24_000)).toBe(true);
  const heard = audio.flatMap(({ samples }) => [...samples]);
  // The plugin cuts into frames of 100 ms and leaves out what does not fill the last one.
  expect(heard).toEqual([...tone.slice(0, heard.length)]);
  expect(heard.length).toBeGreaterThanOrEqual(24_000 * 1.2);

  const stt = recogniser(host, { baseURL: aimock.baseUrl, useRealtime: false });
  expect(await all(stt.transcribe(utterance()))).toEqual([{ text: 'What a day.', final: true }]);
  expect(children).toHaveLength(1);
});

test('tells what went wrong by its code, and nobody’s words', async () => {
  await using server = await startHttpServer(({ path, response }) => {
    const status = path.includes('speech') ? 429 : path.includes('transcriptions') ? 500 : 401;
    response.writeHead(status, { 'content-type': 'application/json', 'retry-after': '3' });
    response.end('{"error":{"message":"canary words","code":"some_code"}}');
  });
  const host = startHost();
  const baseURL = `${server.origin}/v1`;
  const tts = voice(host, baseURL);
  const stt = recogniser(host, { baseURL, useRealtime: false });
  const errors = [
    await thrownBy(all(model(host, baseURL).answer(chat(user('hi'))))),
    await thrownBy(all(tts.speak({ ...request(), text: 'hi', language: 'en-US' }))),
    await thrownBy(all(stt.transcribe(utterance()))),
    await thrownBy(all(model(host, `http://127.0.0.1:${await closedPort()}/v1`).answer(chat(user('hi'))))),
    await thrownBy(all(model(startHost({}), baseURL).answer(chat(user('hi'))))),
  ];
  expect(errors).toMatchObject([
    { code: 'provider_auth' },
    { code: 'provider_rate_limited', retryAfterMs: 3000 },
    { code: 'provider_unavailable' },
    { code: 'provider_unreachable' },
    { code: 'provider_auth', message: expect.stringContaining('OPENAI_API_KEY') as string },
  ]);
  for (const error of errors) expect(String(error)).not.toMatch(/canary|words/);
});

test('the process killed in the middle of an answer: the request ends, the next one is served, nothing is left', async () => {
  const event = (data: unknown): string => `data: ${JSON.stringify(data)}\n\n`;
  const text = (content: string, finish: string | null): string => event({ id: 'x', choices: [{ index: 0, delta: { content }, finish_reason: finish }] });
  await using server = await startHttpServer(({ response, body }) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(text('Once upon', null));
    if (body.includes('short')) response.end(`${text(' a time.', 'stop')}data: [DONE]\n\n`);
  });
  const host = startHost();
  const llm = model(host, `${server.origin}/v1`);
  const long = llm.answer(chat(user('long')));
  expect(await long.next()).toMatchObject({ value: { delta: 'Once upon' } });
  // What a process supervisor or a terminal sends to all: the child goes with the node, not before.
  process.kill(children[0]?.pid as number, 'SIGTERM');
  process.kill(children[0]?.pid as number, 'SIGINT');
  expect(await all(llm.answer(chat(user('short'))))).toHaveLength(2);
  process.kill(children[0]?.pid as number, 'SIGKILL');
  expect(await thrownBy(long.next())).toMatchObject({ code: 'provider_broken', message: expect.stringContaining('SIGKILL') as string });
  expect(await all(llm.answer(chat(user('short'))))).toHaveLength(2);
  expect(children).toHaveLength(2);

  const unwanted = chat(user('long'));
  const answer = llm.answer(unwanted);
  await answer.next();
  unwanted.abort();
  expect((await answer.next()).done).toBe(true);
  expect(host.openStreams).toBe(0);
  await server.seen.at(-1)?.closed;
});

test('writes down live through the plugin’s own WebSocket, and commits at the end of the utterance', async () => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  closers.push(() => server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const got = { types: [] as string[], bytes: 0, session: {} as unknown };
  server.on('connection', (socket) =>
    socket.on('message', (data) => {
      const message = JSON.parse(String(data)) as { type: string; audio?: string; session?: unknown };
      got.types.push(message.type);
      got.bytes += Buffer.from(message.audio ?? '', 'base64').length;
      got.session = message.session ?? got.session;
      if (message.type !== 'input_audio_buffer.commit') return;
      for (const delta of ['What ', 'a day']) socket.send(JSON.stringify({ type: 'conversation.item.input_audio_transcription.delta', item_id: 'i', delta }));
      socket.send(JSON.stringify({ type: 'conversation.item.input_audio_transcription.completed', item_id: 'i', transcript: 'What a day.' }));
    }),
  );
  const baseURL = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  const stt = recogniser(startHost(), { baseURL }, 'ru-RU');
  const transcripts = await all(stt.transcribe(utterance({ speech: speech(50), language: 'ru-RU' })));
  expect(transcripts).toEqual([
    { text: 'What', final: false },
    { text: 'What a day', final: false },
    { text: 'What a day.', final: false },
    { text: 'What a day.', final: true },
  ]);
  expect(got.session).toMatchObject({ audio: { input: { format: { rate: 24_000 }, transcription: { language: 'ru' } } } });
  // One second at 24 kHz: all of it, resampled here.
  expect(got.bytes).toBe(48_000);
  expect(got.types.filter((type) => type === 'input_audio_buffer.commit')).toHaveLength(1);
});

test('LiveKit’s own models are not among what is installed', () => {
  const packages = join(pluginHostDir, 'node_modules', '@livekit');
  expect(existsSync(join(packages, 'agents'))).toBe(true);
  for (const platform of ['linux-x64-gnu', 'linux-arm64-gnu', 'darwin-arm64', 'darwin-x64']) expect(existsSync(join(packages, `local-inference-${platform}`))).toBe(false);
});
