import { afterEach, expect, it } from 'vitest';
import type { Audio } from '../../../../voice-node/domain/audio.js';
import type { ChatMessage } from '../../../../voice-node/domain/llm.js';
import { forkHost } from '../../../../voice-node/providers/livekit-plugin/child.js';
import { PluginHost } from '../../../../voice-node/providers/livekit-plugin/host.js';
import { PluginHosts } from '../../../../voice-node/providers/livekit-plugin/hosts.js';
import { LiveKitPluginLanguageModel } from '../../../../voice-node/providers/livekit-plugin/llm.js';
import { LiveKitPluginSpeechToText } from '../../../../voice-node/providers/livekit-plugin/stt.js';
import { LiveKitPluginTextToSpeech } from '../../../../voice-node/providers/livekit-plugin/tts.js';
import { VirtualClock } from '../../../../voice-node/platform/virtual-clock.js';
import { all, FAKE_DIR, HOST_PROGRAM, request, speech, thrownBy, utterance } from './support.js';

/** A real child with plugins that do as their options say; time stands still unless it is moved. */
const open: { close(): void }[] = [];
const clock = new VirtualClock();

function host(environment: Record<string, string> = {}): PluginHost {
  const made = new PluginHost({ clock, launch: forkHost({ hostProgram: HOST_PROGRAM, pluginHostDir: FAKE_DIR, environment }) });
  open.push({ close: made.use() });
  return made;
}

afterEach(() => {
  for (const one of open.splice(0)) one.close();
  expect(clock.pendingTimers).toBe(0);
});

function opened<T extends { close(): void }>(provider: T): T {
  open.push(provider);
  return provider;
}

const llm = (options: object, on = host(), plugin = 'fake') => opened(new LiveKitPluginLanguageModel({ host: on, plugin, options: { ...options } }));
const stt = (options: object, on = host()) => opened(new LiveKitPluginSpeechToText({ host: on, plugin: 'fake', options: { ...options } }));
const tts = (options: object, takesStream = false, on = host(), plugin = 'fake') => opened(new LiveKitPluginTextToSpeech({ host: on, plugin, options: { ...options }, takesStream }));

const START = 0, INTERIM = 1, FINAL = 2;
const ask = (content: string): ChatMessage[] => [{ role: 'user', content }];
const chat = (messages: readonly ChatMessage[] = ask('hello')) => ({ ...request(), messages, tools: [] });

it('answers by a language model: text, whole tool calls, and what it has cost', async () => {
  const asked = chat();
  const parts = await all(llm({ reply: ['Hel', 'lo'], call: { callId: 'c1', name: 'weather', args: '{"city":"Perm"}' }, usage: { promptTokens: 11, completionTokens: 7 } }).answer(asked));
  expect(parts).toEqual([
    { type: 'text', delta: 'Hel' },
    { type: 'text', delta: 'lo' },
    { type: 'tool_call', id: 'c1', name: 'weather', arguments: '{"city":"Perm"}' },
  ]);
  expect(asked.state.connected).toBe(1);
  expect(Object.fromEntries(asked.costs)).toEqual({ input_tokens: 11, output_tokens: 7 });
});

it('hands on the whole conversation, its tools, the options, and of the environment what it was given', async () => {
  const tool = { name: 'weather', description: 'Tells it.', parameters: { type: 'object', properties: {} } };
  const messages: ChatMessage[] = [
    { role: 'system', content: 'Be kind.' },
    { role: 'user', content: 'Weather?' },
    { role: 'assistant', content: '', toolCalls: [{ id: 'c1', name: 'weather', arguments: '{}' }] },
    { role: 'tool', toolCallId: 'c1', content: 'sunny' },
    { role: 'assistant', content: 'Sunny.', toolCalls: [{ id: 'c2', name: 'weather', arguments: '{"day":2}' }] },
  ];
  const [part] = await all(llm({ echo: true }, host({ FAKE_API_KEY: 'k' })).answer({ ...chat(messages), tools: [tool] }));
  const { items, tools, env, options } = JSON.parse((part as { delta: string }).delta) as { items: object[]; tools: object[]; env: Record<string, string>; options: object };
  expect(items).toMatchObject([
    { type: 'message', role: 'system', content: 'Be kind.' },
    { type: 'message', role: 'user' },
    { type: 'function_call', groupId: 'message_2', callId: 'c1', name: 'weather', args: '{}' },
    { type: 'function_call_output', callId: 'c1', name: 'weather', output: 'sunny', isError: false },
    { type: 'message', id: 'message_4', content: 'Sunny.' },
    { type: 'function_call', groupId: 'message_4', callId: 'c2', args: '{"day":2}' },
  ]);
  expect(tools).toMatchObject([tool]);
  expect(options).toEqual({ echo: true });
  expect(Object.keys(env).filter((name) => !name.startsWith('NODE_CHANNEL'))).toEqual(['FAKE_API_KEY']);
});

it.each([
  [{ status: 401 }, 'provider_auth'],
  [{ status: 403 }, 'provider_auth'],
  [{ status: 404 }, 'provider_rejected'],
  [{ status: 408 }, 'provider_unavailable'],
  [{ status: 429, code: 'slow_down' }, 'provider_rate_limited'],
  [{ status: 503 }, 'provider_unavailable'],
  [{ message: 'REST request failed with status 401: secret words' }, 'provider_auth'],
  [{ message: 'Unexpected token < in JSON: secret words' }, 'provider_protocol'],
  [{ name: 'APIConnectionError', code: 'ECONNREFUSED' }, 'provider_unreachable'],
] as const)('tells a failure %j as %s, without its words', async (fail, code) => {
  const error = await thrownBy(all(llm({ fail }).answer(chat())));
  expect(error).toMatchObject({ name: 'ProviderError', code, retryAfterMs: code === 'provider_rate_limited' ? 7000 : undefined });
  expect((error as Error).message).toMatch(/^livekit:fake: /);
  expect((error as Error).message).not.toMatch(/secret|words/);
});

it('breaks where a failure comes after results, and gives these first', async () => {
  const parts: unknown[] = [];
  const error = await thrownBy((async () => {
    for await (const part of llm({ reply: ['One.'], fail: { name: 'APIConnectionError' } }).answer(chat())) parts.push(part);
  })());
  expect(parts).toEqual([{ type: 'text', delta: 'One.' }]);
  expect(error).toMatchObject({ code: 'provider_broken' });
});

it('tells failures of one object to the request they are of', async () => {
  const model = llm({ reply: ['a', 'b'] });
  const results = await Promise.all([...Array(20).keys()].map((i) => all(model.answer(chat(ask(i % 2 === 0 ? 'fail' : 'hello')))).catch((error: unknown) => (error as { code: string }).code)));
  expect(results.filter((result) => result === 'provider_unavailable')).toHaveLength(10);
  expect(results.filter((result) => Array.isArray(result) && result.length === 2)).toHaveLength(10);
});

it('says which plugin is missing, which class it lacks, and why it refused its options', async () => {
  const on = host();
  expect(await thrownBy(all(llm({}, on, 'nowhere').answer(chat())))).toMatchObject({ code: 'provider_unreachable', message: expect.stringContaining('scripts/livekit-plugins add nowhere') as string });
  const voiceless = tts({}, false, on, 'voiceless');
  expect(await thrownBy(all(voiceless.speak({ ...request(), text: 'hi', language: 'en-US' })))).toMatchObject({ code: 'provider_rejected', message: expect.stringContaining('TTS') as string });
  const error = await thrownBy(all(llm({ needsKey: true, wrong: 'sk-canary-1234' }, on).answer(chat())));
  expect(error).toMatchObject({ code: 'provider_auth', message: 'livekit:fake: the plugin refused its options: FAKE_API_KEY or an apiKey is required, not [hidden]' });
});

it('survives a promise of a plugin that nobody waits for', async () => {
  const model = llm({ reply: ['a'], throwLater: true });
  for (let i = 0; i < 3; i++) expect(await all(model.answer(chat()))).toHaveLength(1);
});

it('outlives a crash of the child: its requests end, the next one is served', async () => {
  const on = host();
  const model = llm({ reply: ['a'] }, on);
  const endless = llm({ reply: ['b'], endless: true }, on).answer(chat());
  expect(await endless.next()).toEqual({ done: false, value: { type: 'text', delta: 'b' } });
  expect(await thrownBy(all(model.answer(chat(ask('crash')))))).toMatchObject({ message: expect.stringContaining('exit code 9') as string });
  expect(await thrownBy(endless.next())).toMatchObject({ code: 'provider_broken' });
  expect(await all(model.answer(chat()))).toHaveLength(1);
  expect(on.openStreams).toBe(0);
});

it('kills a child that hangs', async () => {
  const on = host();
  const model = llm({ reply: ['a'] }, on);
  await all(model.answer(chat()));
  const hanging = thrownBy(all(llm({ hang: true }, on).answer(chat())));
  await clock.advanceTo(clock.nowMs() + 2000);
  await clock.advanceTo(clock.nowMs() + 14_000);
  expect(await hanging).toMatchObject({ code: 'provider_unreachable', message: expect.stringContaining('did not answer') as string });
  expect(await all(model.answer(chat()))).toHaveLength(1);
});

it('ends at once when its request is aborted, before, while and after it opens', async () => {
  const on = host();
  const early = chat();
  early.abort();
  expect(await all(llm({ reply: ['a'] }, on).answer(early))).toEqual([]);
  const opening = chat();
  const none = all(llm({ endless: true }, on).answer(opening));
  opening.abort();
  expect(await none).toEqual([]);
  const late = chat();
  const model = llm({ reply: ['a'], endless: true }, on).answer(late);
  await model.next();
  late.abort();
  expect(await model.next()).toEqual({ done: true, value: undefined });
  expect(on.openStreams).toBe(0);
  await clock.advanceTo(clock.nowMs() + 4000);
});

it('writes down while it is spoken: all so far each time, at the rate the plugin wants', async () => {
  const asked = utterance();
  const events = [[START, ''], [INTERIM, 'good'], [FINAL, 'Good morning.'], [START, ''], [INTERIM, 'how']];
  const transcripts = await all(stt({ events, onFlush: [[FINAL, 'How are you? %']], rateHz: 24_000 }).transcribe(asked));
  expect(transcripts).toEqual([
    { text: 'good', final: false },
    { text: 'Good morning.', final: false },
    { text: 'Good morning. how', final: false },
    { text: 'Good morning. How are you? 24000@24000', final: false },
    { text: 'Good morning. How are you? 24000@24000', final: true },
  ]);
  expect(asked.costs.get('audio_seconds')).toBeCloseTo(1);
});

it('closes the input of a plugin that says its words only then', async () => {
  const on = host();
  const [late, none] = await Promise.all([{ onEnd: [[FINAL, '%']] }, {}].map((options) => all(stt(options, on).transcribe(utterance()))));
  expect(late).toEqual([{ text: '8000@8000', final: false }, { text: '8000@8000', final: true }]);
  expect(none).toEqual([{ text: '', final: true }]);
});

it('sends the whole utterance at its end where the plugin cannot stream', async () => {
  expect(await all(stt({ streaming: false }).transcribe(utterance({ speech: speech(50, 16_000) })))).toEqual([{ text: '16000 at 16000', final: true }]);
  expect(await thrownBy(all(stt({ streaming: false, fail: { status: 500 } }).transcribe(utterance())))).toMatchObject({ code: 'provider_unavailable' });
});

it('does not take a recogniser that just stops for one that is ready', async () => {
  const never = new Promise<void>(() => {});
  expect(await thrownBy(all(stt({ dies: true }).transcribe(utterance({ speech: speech(5, 8000, never) }))))).toMatchObject({ code: 'provider_unreachable' });
  expect(await thrownBy(all(stt({ dies: true, events: [[INTERIM, 'a']] }).transcribe(utterance({ speech: speech(5, 8000, never) }))))).toMatchObject({ code: 'provider_broken' });
});

it('gives the recogniser the language of the robot unless its options name one', async () => {
  const on = host();
  const heard = async (options: object, language: string): Promise<void> => {
    await all(stt({ ...options, streaming: false }, on).transcribe(utterance({ language })));
  };
  const sent: unknown[] = [];
  const inner = on.open.bind(on);
  on.open = (spec, body) => (sent.push(spec.options.language), inner(spec, body));
  await heard({}, 'ru-RU');
  await heard({ language: 'multi' }, 'ru-RU');
  expect(sent).toEqual(['ru', 'multi']);
});

const lengths = (pieces: readonly Audio[]): number[] => pieces.map(({ samples }) => samples.length);

it('speaks in mono pieces of 20 to 100 ms, whatever the plugin makes', async () => {
  const asked = { ...request(), text: 'x', language: 'en-US' };
  // 10 ms each: two make a piece.
  const short = await all(tts({ frames: 5 }).speak(asked));
  expect(lengths(short)).toEqual([480, 480, 240]);
  expect([...(short[0] as Audio).samples.slice(238, 242)]).toEqual([101, 101, 102, 102]);
  expect(short.every(({ rateHz }) => rateHz === 24_000)).toBe(true);
  expect(asked.costs.get('characters')).toBe(1);
  // 250 ms of stereo at 16 kHz: the mean of both sides.
  const long = await all(tts({ frames: 1, frameSamples: 4000, channels: 2, rateHz: 16_000 }).speak({ ...asked, ...request() }));
  expect(lengths(long)).toEqual([1600, 1600, 800]);
  expect((long[0] as Audio).samples[0]).toBe(102);
});

async function* pieces(...texts: string[]): AsyncGenerator<string> {
  yield* texts;
}

it('takes a text that is still being written, whether the plugin can or not', async () => {
  const first = (audio: readonly Audio[]): number[] => audio.map(({ samples }) => samples[0] as number);
  const ask = () => ({ ...request(), text: pieces('a', 'bb', ' ', 'ccc'), language: 'en-US' });
  expect(first(await all(tts({ streaming: true, frameSamples: 480 }, true).speak(ask())))).toEqual([101, 201, 101, 301]);
  expect(first(await all(tts({ streaming: false, frames: 1, frameSamples: 480 }, true).speak(ask())))).toEqual([101, 201, 301]);
});

it('holds a plugin that makes more audio than anybody takes at a bound', async () => {
  const on = host();
  const speaking = tts({ endless: true, frameSamples: 24_000 }, false, on).speak({ ...request(), text: 'x', language: 'en-US' });
  let seconds = 0;
  const error = await thrownBy((async () => {
    await speaking.next();
    // Nobody takes any for a while: the child may keep ten minutes, then it ends the request.
    while (on.openStreams > 0) await new Promise((resolve) => setImmediate(resolve));
    for await (const { samples, rateHz } of speaking) seconds += samples.length / rateHz;
  })());
  expect(error).toMatchObject({ code: 'provider_overflow' });
  expect(seconds).toBeLessThan(10);
}, 10_000);

it('names the voice by what can be heard, without keys', () => {
  const key = (options: object): string => new LiveKitPluginTextToSpeech({ host: host(), plugin: 'fake', options: { ...options }, warm: false }).voiceKey;
  expect(key({ voice: 'a', model: 'm', apiKey: 'secret' })).toBe(key({ model: 'm', voice: 'a' }));
  expect(key({ voice: 'a' })).not.toBe(key({ voice: 'b' }));
  expect(key({ apiKey: 'canary' })).not.toContain('canary');
});

it('shares a process among robots with the same keys only', () => {
  const hosts = new PluginHosts({ hostProgram: HOST_PROGRAM, pluginHostDir: FAKE_DIR, clock });
  const one = hosts.with({ A: '1', B: '2' });
  expect(hosts.with({ B: '2', A: '1' })).toBe(one);
  expect(hosts.with({ A: '1' })).not.toBe(one);
  one.use()();
  expect(hosts.with({ A: '1', B: '2' })).not.toBe(one);
});
