import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { LanguageModel } from '../../../../voice-node/domain/llm.js';
import { createOpenAiModel, type OpenAiModelOptions } from '../../../../voice-node/providers/llm/openai.js';
import type { Fetch } from '../../../../voice-node/providers/http/request.js';
import { startAimock, type Aimock } from '../../../support/aimock.js';
import { chatRequest, parts, textOf, user, watched, WEATHER } from './requests.js';

const KEY = 'sk-canary-key';
const SECRET = 'the words of the caller';

let aimock: Aimock;
const models: LanguageModel[] = [];
/** As they left us: the server hides keys in its own notes. */
let headers: Record<string, string> = {};
beforeAll(async () => {
  aimock = await startAimock();
});
afterAll(() => aimock[Symbol.asyncDispose]());
afterEach(() => {
  models.splice(0).forEach((model) => model.close?.());
  aimock.mock.clearFixtures();
  aimock.mock.clearChaos();
  aimock.mock.clearRequests();
});

const noting: Fetch = (url, init) => {
  headers = init.headers as Record<string, string>;
  return fetch(url, init);
};

function model(options: Partial<OpenAiModelOptions> = {}): LanguageModel {
  const made = createOpenAiModel({ vendor: 'openai', apiKey: KEY, baseUrl: aimock.baseUrl, model: 'gpt-4o-mini', fetch: noting, ...options });
  models.push(made);
  return made;
}

const sent = () => aimock.mock.getLastRequest()?.body as unknown as Record<string, unknown>;

describe('chat with a server nobody here wrote', () => {
  it('streams an answer and tells what it cost', async () => {
    const answer = 'Доброе утро! It is a fine day, isn’t it? 🌞';
    aimock.mock.onMessage('good morning', { content: answer, usage: { prompt_tokens: 21, completion_tokens: 13 } });
    const watch = watched();
    const all = await parts(model(), chatRequest(watch, [{ role: 'system', content: 'Be brief.' }, user('good morning')]));
    expect(textOf(all)).toBe(answer);
    expect(all.length).toBeGreaterThan(3);
    expect(watch.connectedTimes).toBe(1);
    expect(watch.usage).toEqual({ input_tokens: 21, output_tokens: 13 });
    expect(headers['authorization']).toBe(`Bearer ${KEY}`);
    expect(sent()['stream_options']).toEqual({ include_usage: true });
  });

  it('gives tool calls out whole, several in their order, and takes their results', async () => {
    const calls = [
      { id: 'call_a', name: 'weather', arguments: '{"city":"Санкт-Петербург"}' },
      { id: 'call_b', name: 'weather', arguments: '{"city":"Oslo"}' },
    ];
    aimock.mock.onToolResult('call_b', { content: 'Both are cold.' });
    aimock.mock.onMessage('weather', { content: 'One moment. ', toolCalls: calls });
    const question = [user('weather in two cities')];
    const all = await parts(model(), chatRequest(watched(), question, [WEATHER]));
    expect(textOf(all)).toBe('One moment. ');
    expect(all.filter(({ type }) => type === 'tool_call')).toEqual(calls.map((call) => ({ type: 'tool_call', ...call })));
    expect(sent()['tools']).toEqual([{ type: 'function', function: WEATHER }]);

    const history = [
      ...question,
      { role: 'assistant', content: 'One moment. ', toolCalls: calls } as const,
      { role: 'tool', toolCallId: 'call_a', content: '-3' } as const,
      { role: 'tool', toolCallId: 'call_b', content: '-7' } as const,
    ];
    expect(textOf(await parts(model(), chatRequest(watched(), history, [WEATHER])))).toBe('Both are cold.');
  });

  it.each<[Partial<OpenAiModelOptions>, Record<string, unknown>, Record<string, string | undefined>]>([
    [{ vendor: 'openai', temperature: 0.3, maxTokens: 50 }, { model: 'gpt-4o-mini', temperature: 0.3, max_completion_tokens: 50, stream_options: { include_usage: true } }, { authorization: `Bearer ${KEY}` }],
    [{ vendor: 'azure', maxTokens: 50 }, { model: 'gpt-4o-mini', max_completion_tokens: 50, stream_options: { include_usage: true } }, { 'api-key': KEY, authorization: undefined }],
    [
      { vendor: 'yandex', project: 'b1gfolder', model: 'yandexgpt/latest', temperature: 0.3, maxTokens: 50 },
      { model: 'gpt://b1gfolder/yandexgpt/latest', temperature: 0.3, max_tokens: 50 },
      { authorization: `Bearer ${KEY}`, 'openai-project': 'b1gfolder' },
    ],
    [{ vendor: 'yandex', project: 'b1gfolder', model: undefined }, { model: 'gpt://b1gfolder/yandexgpt/latest' }, {}],
    [{ vendor: 'yandex', project: 'b1gfolder', model: 'gpt://other/qwen3/latest' }, { model: 'gpt://other/qwen3/latest' }, {}],
    [{ vendor: 'local', apiKey: undefined, maxTokens: 50, headers: { 'x-own': '1' } }, { model: 'gpt-4o-mini', max_tokens: 50, stream_options: { include_usage: true } }, { authorization: undefined, 'x-own': '1' }],
  ])('sends each vendor what it knows, and nothing else: %j', async (options, body, expected) => {
    aimock.mock.onMessage('hello', { content: 'Hello.' });
    expect(textOf(await parts(model(options), chatRequest(watched(), [user('hello')])))).toBe('Hello.');
    const { messages, stream, ...rest } = sent();
    expect([messages, stream]).toEqual([[{ role: 'user', content: 'hello' }], true]);
    // What the server itself noted down beside the request begins with an underscore.
    expect(Object.fromEntries(Object.entries(rest).filter(([name]) => !name.startsWith('_')))).toEqual(body);
    for (const [name, value] of Object.entries(expected)) expect(headers[name]).toBe(value);
  });

  it.each([
    [401, 'provider_auth'],
    [403, 'provider_auth'],
    [400, 'provider_rejected'],
    [404, 'provider_rejected'],
    [429, 'provider_rate_limited'],
    [500, 'provider_unavailable'],
    [503, 'provider_unavailable'],
  ])('status %i is %s, and says nothing of key, prompt or body', async (status, code) => {
    aimock.mock.nextRequestError(status, { message: `body says ${SECRET}`, type: 'some_error', code: 'some_code' });
    const watch = watched();
    const error = await parts(model(), chatRequest(watch, [user(SECRET)])).catch((thrown: unknown) => thrown as Error & { code: string });
    expect(error).toMatchObject({ code, message: `openai: expected an answer, got status ${status} (some_code)` });
    expect(watch.connectedTimes).toBe(0);
  });

  it('hears how long to stay away', async () => {
    aimock.mock.setChaos({ rateLimitRate: 1 });
    await expect(parts(model(), chatRequest(watched(), [user('hello')]))).rejects.toMatchObject({ code: 'provider_rate_limited', retryAfterMs: 1000 });
  });

  it('a connection that is cut is no answer', async () => {
    aimock.mock.onMessage('hello', { content: 'Hello, this is a longer answer.' }, { chaos: { disconnectRate: 1 } });
    await expect(parts(model(), chatRequest(watched(), [user('hello')]))).rejects.toMatchObject({ code: 'provider_unreachable' });
  });

  it('an answer that is cut is no whole one', async () => {
    aimock.mock.onMessage('hello', { content: 'Hello, this is a longer answer.' }, { truncateAfterChunks: 4, latency: 10 });
    const said: string[] = [];
    const cut = (async () => {
      for await (const part of model().answer(chatRequest(watched(), [user('hello')]))) if (part.type === 'text') said.push(part.delta);
    })();
    await expect(cut).rejects.toMatchObject({ code: 'provider_broken' });
    expect(said.join('')).toMatch(/^Hello/);
  });

  it('garbage in the place of an answer is no answer', async () => {
    aimock.mock.onMessage('hello', { content: 'Hello.' }, { chaos: { malformedRate: 1 } });
    await expect(parts(model(), chatRequest(watched(), [user('hello')]))).rejects.toMatchObject({ code: 'provider_protocol' });
  });

  it('stops when it is aborted, and does not pass for complete', async () => {
    aimock.mock.onMessage('hello', { content: 'word '.repeat(400) }, { streamingProfile: { ttft: 0, tps: 50 } });
    const watch = watched();
    let count = 0;
    const talk = (async () => {
      for await (const _ of model().answer(chatRequest(watch, [user('hello')]))) if (++count === 3) watch.controller.abort();
    })();
    await expect(talk).rejects.toThrow(/aborted/);
    expect(count).toBe(3);
  });
});

describe('what is missing is said when the model is made', () => {
  it.each<[OpenAiModelOptions, string]>([
    [{ vendor: 'openai', model: 'gpt-4o' }, 'openai: expected an API key, got none'],
    [{ vendor: 'azure', apiKey: KEY, model: 'gpt-4o' }, 'azure: expected a base URL, got none'],
    [{ vendor: 'yandex', apiKey: KEY }, 'yandex: expected a folder, got none'],
    [{ vendor: 'local' }, 'local: expected a base URL, got none'],
    [{ vendor: 'local', baseUrl: 'user:password@host' }, 'local: expected a base URL such as https://host/v1, got something else'],
  ])('%j', (options, message) => {
    expect(() => createOpenAiModel(options)).toThrow(expect.objectContaining({ code: 'robot_unavailable', message }));
  });
});
