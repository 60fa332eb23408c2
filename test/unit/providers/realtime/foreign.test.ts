import { createConnection } from 'node:net';
import { LLMock } from '@copilotkit/aimock';
import OpenAI from 'openai';
import { OpenAIRealtimeWS } from 'openai/realtime/ws';
import type { RealtimeServerEvent } from 'openai/resources/realtime/realtime';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../../voice-node/platform/clock.js';
import { serveRealtime } from '../../../support/fakes/realtime-server.js';
import { FakeRealtime, type FakeRealtimeOptions } from '../../../support/fakes/realtime.js';
import { openSession, sine, VENDOR } from './rig.js';

const closers: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** The openai package's own client, talking to our fake; it insists on wss, so the plain connection is handed to it. */
async function foreignClient(options: Partial<FakeRealtimeOptions>) {
  const fake = new FakeRealtime(systemClock, { thinkMs: 5, speed: 20, transcriptMs: 5, ...options });
  const server = await serveRealtime(fake);
  const client = new OpenAI({ apiKey: fake.options.key, baseURL: 'https://127.0.0.1/v1' });
  const realtime = new OpenAIRealtimeWS({ model: 'gpt-realtime', options: { createConnection: () => createConnection(server.port, '127.0.0.1') } }, client);
  const events: RealtimeServerEvent[] = [];
  const errors: string[] = [];
  const until = (type: RealtimeServerEvent['type']): Promise<void> => new Promise((resolve) => realtime.on('event', (event) => (event.type === type ? resolve() : undefined)));
  realtime.on('event', (event) => void events.push(event));
  realtime.on('error', (error) => void errors.push(error.error?.code ?? error.message));
  closers.push(() => realtime.close(), () => server.close());
  await until('session.created');
  return { fake, realtime, events, errors, until };
}

const base64 = (samples: Int16Array): string => Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength).toString('base64');
const PCM = { type: 'audio/pcm', rate: 24_000 } as const;

describe('our fake, before a client we did not write', () => {
  it('hears, detects speech, answers, and is interrupted', async () => {
    const { fake, realtime, events, errors, until } = await foreignClient({ transcribe: () => 'hello there' });
    const turn_detection = { type: 'server_vad', threshold: 0.6, prefix_padding_ms: 100, silence_duration_ms: 200, create_response: true, interrupt_response: true } as const;
    realtime.send({ type: 'session.update', session: { type: 'realtime', output_modalities: ['audio'], audio: { input: { format: PCM, turn_detection, transcription: { model: 'whisper-1' } }, output: { format: PCM } } } });
    await until('session.updated');
    const say = (ms: number, amplitude: number): void => realtime.send({ type: 'input_audio_buffer.append', audio: base64(sine(ms, 24_000, 440, amplitude)) });
    const answered = until('response.output_audio.delta');
    say(300, 0);
    say(500, 9000);
    say(300, 0);
    await answered;
    const cancelled = until('response.done');
    say(300, 9000);
    await cancelled;
    const [item] = fake.session.answer?.items ?? fake.session.answers[0]?.items ?? [];
    realtime.send({ type: 'conversation.item.truncate', item_id: item?.id ?? '', content_index: 0, audio_end_ms: 50 });
    await until('conversation.item.truncated');
    expect(item?.truncatedMs).toBe(50);
    expect(errors).toEqual([]);
    const types = events.map(({ type }) => type);
    const order = ['session.created', 'session.updated', 'input_audio_buffer.speech_started', 'input_audio_buffer.speech_stopped', 'input_audio_buffer.committed', 'conversation.item.added', 'response.created', 'response.output_item.added', 'response.content_part.added', 'response.output_audio_transcript.delta', 'response.output_audio.delta', 'response.done'] as const;
    expect(order.map((type) => types.indexOf(type))).toEqual(order.map((type) => types.indexOf(type)).toSorted((a, b) => a - b));
    expect(types).toContain('conversation.item.input_audio_transcription.completed');
    const done = events.find((event) => event.type === 'response.done');
    expect(done).toMatchObject({ response: { status: 'cancelled', status_details: { reason: 'turn_detected' }, usage: { input_tokens: 10 } } });
    // 500 ms of speech, 100 of padding and 200 of silence.
    expect(fake.session.items[0]?.audio?.length).toBe(800 * 24);
  });

  it('takes a turn by hand, calls a function, goes on with its result, and refuses what makes no sense', async () => {
    const { fake, realtime, events, errors, until } = await foreignClient({ answer: ({ number }) => (number === 1 ? [{ type: 'call', name: 'look_up', args: { what: 'rain' } }] : [{ type: 'say', text: 'It will rain.' }]) });
    realtime.send({ type: 'session.update', session: { type: 'realtime', audio: { input: { format: PCM, turn_detection: null } } } });
    realtime.send({ type: 'input_audio_buffer.commit' });
    realtime.send({ type: 'response.cancel' });
    realtime.send({ type: 'conversation.item.create', item: { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Hello.' }] } });
    realtime.send({ type: 'input_audio_buffer.append', audio: base64(sine(400, 24_000)) });
    realtime.send({ type: 'input_audio_buffer.commit' });
    realtime.send({ type: 'response.create' });
    realtime.send({ type: 'response.create' });
    await until('response.done');
    const call = events.find((event) => event.type === 'response.function_call_arguments.done');
    expect(call).toMatchObject({ arguments: '{"what":"rain"}' });
    realtime.send({ type: 'conversation.item.create', item: { type: 'function_call_output', call_id: call?.call_id ?? '', output: 'yes' } });
    realtime.send({ type: 'response.create' });
    await until('response.done');
    expect(errors).toEqual(['input_audio_buffer_commit_empty', 'response_cancel_not_active', 'conversation_already_has_active_response']);
    expect(events.flatMap((event) => (event.type === 'response.output_audio_transcript.delta' ? [event.delta] : [])).join('')).toBe('It will rain.');
    expect(fake.session.items.map(({ role, text }) => `${role} ${text}`)).toEqual(['assistant Hello.', 'user ', 'tool look_up({"what":"rain"})', 'tool yes', 'assistant It will rain.']);
  });
});

describe('our client, before a server we did not write', () => {
  const opened = async (mock: LLMock) => {
    await mock.start();
    closers.push(() => mock.stop());
    const made = openSession({ vendor: { ...VENDOR, baseUrl: `${mock.url}/v1` }, clock: systemClock }, { tools: [{ name: 'look_up', description: 'x', parameters: { type: 'object' } }] });
    closers.push(() => made.session.close());
    return made;
  };

  it('is configured, asks, and reads the words of the answer', async () => {
    const mock = new LLMock({ port: 0 });
    mock.onMessage('What is two and two?', { content: 'Two and two are four.' });
    const { session, ear } = await opened(mock);
    session.remember({ role: 'user', text: 'What is two and two?' });
    session.respond();
    await ear.next('done');
    expect(ear.told).toEqual(['ready', 'response started', 'done completed']);
    expect(ear.words.join('')).toBe('Two and two are four.');
  });

  it('calls a tool, and goes on with its result', async () => {
    const mock = new LLMock({ port: 0 });
    mock.on({ userMessage: 'Will it rain?', hasToolResult: false }, { toolCalls: [{ name: 'look_up', arguments: '{"what":"rain"}' }] });
    mock.on({ hasToolResult: true }, { content: 'Yes, it will.' });
    const { session, ear } = await opened(mock);
    session.remember({ role: 'user', text: 'Will it rain?' });
    session.respond();
    await ear.next('done');
    const calls = ear.told.filter((line) => line.startsWith('tool'));
    expect(calls).toHaveLength(1);
    expect(calls[0]).toMatch(/^tool look_up \{"what":"rain"\} \S+/);
    session.toolResult(calls[0]?.split(' ')[3] ?? '', 'yes');
    session.respond();
    await ear.next('done');
    expect(ear.words.join('')).toBe('Yes, it will.');
    expect(ear.error).toBeUndefined();
  });

  it('learns that an answer failed', async () => {
    const mock = new LLMock({ port: 0 });
    mock.onMessage('Anything', { error: { message: 'too many', type: 'rate_limit_error', code: 'rate_limit_exceeded' }, status: 429 });
    const { session, ear, meter } = await opened(mock);
    session.remember({ role: 'user', text: 'Anything' });
    session.respond();
    await ear.next('done');
    expect(ear.told.at(-1)).toBe('done failed provider_rate_limited');
    expect(meter.errors).toEqual(['realtime provider_rate_limited']);
  });
});
