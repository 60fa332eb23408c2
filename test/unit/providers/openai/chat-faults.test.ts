import { describe, expect, it } from 'vitest';
import type { ChatPart } from '../../../../voice-node/domain/llm.js';
import { createOpenAiModel } from '../../../../voice-node/providers/llm/openai.js';
import { closedPort, startHttpServer, type Seen } from '../../../support/http-server.js';
import { chatRequest, textOf, user, watched, type Watched } from './requests.js';

const KEY = 'sk-canary-key';
const PROMPT = 'canary prompt';
const WORDS = 'canary words of the body';

const event = (data: unknown) => `data: ${JSON.stringify(data)}\n\n`;
const text = (content: string, finish: string | null = null) => event({ choices: [{ index: 0, delta: { content }, finish_reason: finish }] });
const WHOLE = `${text('Добрый ')}${text('день.')}${text('', 'stop')}${event({ choices: [], usage: { prompt_tokens: 7, completion_tokens: 4 } })}data: [DONE]\n\n`;

/** The answer as raw bytes after the headers; whoever writes them decides how the connection ends. */
function raw({ socket }: Seen, body: string | Uint8Array, then: 'end' | 'leave open', headers = 'content-type: text/event-stream'): void {
  socket.write(`HTTP/1.1 200 OK\r\nconnection: close\r\n${headers}\r\n\r\n`);
  socket.write(body, () => then === 'end' && socket.end());
}

interface Outcome {
  readonly said: string;
  readonly code: string;
  readonly shown: string;
  readonly parts: readonly ChatPart[];
  readonly watch: Watched;
}

async function ask(origin: string, watch = watched(), onPart: () => void = () => undefined): Promise<Outcome> {
  const model = createOpenAiModel({ vendor: 'local', apiKey: KEY, baseUrl: `${origin}/v1`, model: 'any' });
  const parts: ChatPart[] = [];
  let code = 'none';
  let shown = '';
  try {
    for await (const part of model.answer(chatRequest(watch, [user(PROMPT)]))) {
      parts.push(part);
      onPart();
    }
  } catch (error) {
    code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : (error as Error).name;
    shown = `${String(error)} ${(error as Error).stack ?? ''} ${String((error as Error).cause)}`;
  } finally {
    model.close?.();
  }
  return { said: textOf(parts), code, shown, parts, watch };
}

/** `onPart` is called with the connection whenever a part has been received: what is on its way when a connection is reset is lost. */
async function against(handle: (seen: Seen) => void, onPart: (seen: Seen) => void = () => undefined): Promise<Outcome> {
  await using server = await startHttpServer(handle);
  const outcome = await ask(server.origin, watched(), () => onPart(server.seen[0] as Seen));
  for (const secret of [KEY, PROMPT, WORDS, 'Добрый']) expect(outcome.shown).not.toContain(secret);
  return outcome;
}

describe('an answer over a bad line', () => {
  it('one byte at a time is understood', async () => {
    const { said, code, watch } = await against(({ response }) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const byte of Buffer.from(WHOLE)) response.write(Uint8Array.of(byte));
      response.end();
    });
    expect([said, code, watch.usage]).toEqual(['Добрый день.', 'none', { input_tokens: 7, output_tokens: 4 }]);
  });

  it.each<[string, string | Uint8Array, 'end' | 'reset', string, string]>([
    ['whole', WHOLE, 'end', 'Добрый день.', 'none'],
    ['without [DONE]', text('a') + text('b', 'stop'), 'end', 'ab', 'none'],
    ['cut while it counts its tokens', `${text('a', 'stop')}data: {"choices":[],"us`, 'end', 'a', 'none'],
    ['reset after its end', text('a', 'stop'), 'reset', 'a', 'none'],
    ['ended between two events', text('a'), 'end', 'a', 'provider_broken'],
    ['ended in the middle of an event', `${text('a')}data: {"choices":[{"index":0,"delta":{"con`, 'end', 'a', 'provider_broken'],
    ['ended by [DONE] without a reason', `${text('a')}data: [DONE]\n\n`, 'end', 'a', 'provider_broken'],
    ['reset', text('a'), 'reset', 'a', 'provider_broken'],
    ['ended before anything came', '', 'end', '', 'provider_unreachable'],
    ['ended after a lone comment', ': keep-alive\n\n', 'end', '', 'provider_unreachable'],
    ['ended in the middle of a character', Buffer.concat([Buffer.from(text('a')), Buffer.from('data: {"x":"Д').subarray(0, -1)]), 'end', 'a', 'provider_protocol'],
    ['with bytes that are no UTF-8', Buffer.concat([Buffer.from(text('a')), Uint8Array.of(0xc3, 0x28, 0x0a)]), 'end', '', 'provider_protocol'],
    ['with garbage in the place of JSON', `${text('a')}data: ${WORDS}\n\n`, 'end', 'a', 'provider_protocol'],
    ['with garbage and a name that SDKs print', `event: thread.message\ndata: ${WORDS}\n\n`, 'end', '', 'provider_protocol'],
    ['with JSON that is something else', event({ message: WORDS }), 'end', '', 'provider_protocol'],
    ['with an error', event({ error: { message: WORDS, type: 'server_error' } }), 'end', '', 'provider_unavailable'],
    ['with an error after words', text('a') + event({ error: { message: WORDS, code: 'overloaded' } }), 'end', 'a', 'provider_broken'],
  ])('%s', async (_, body, then, said, code) => {
    const outcome = await against(
      (seen) => raw(seen, body, then === 'end' ? 'end' : 'leave open'),
      ({ socket }) => then === 'reset' && socket.resetAndDestroy(),
    );
    expect([outcome.said, outcome.code]).toEqual([said, code]);
  });

  it.each<[string, string | null, 'end' | 'reset', string]>([
    ['in the middle of its words', null, 'end', 'provider_broken'],
    ['in the middle of its words', null, 'reset', 'provider_broken'],
    ['after the last of them, while it counts its tokens', 'stop', 'end', 'none'],
    ['after the last of them, while it counts its tokens', 'stop', 'reset', 'none'],
  ])('chunked, and cut in the middle of a chunk %s (reason: %s) by %s', async (_, finish, how, code) => {
    const chunked = ({ socket }: Seen): void => {
      const first = Buffer.from(text('a', finish));
      socket.write(`HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${first.length.toString(16)}\r\n`);
      socket.write(first);
      socket.write('\r\nff\r\ndata: {"cho');
    };
    const outcome = await against(chunked, ({ socket }) => void (how === 'end' ? socket.end() : socket.resetAndDestroy()));
    expect([outcome.said, outcome.code]).toEqual(['a', code]);
  });

  it.each([
    ['application/json', JSON.stringify({ choices: [{ message: { content: WORDS } }] })],
    ['text/html', `<html>${WORDS}</html>`],
  ])('%s in the place of a stream', async (type, body) => {
    expect((await against((seen) => raw(seen, body, 'end', `content-type: ${type}`))).code).toBe('provider_protocol');
  });

  it('no HTTP at all', async () => {
    expect((await against(({ socket }) => socket.end(`220 ${WORDS} ESMTP\r\n`))).code).toBe('provider_protocol');
  });

  it('without end', async () => {
    const filler = text(' '.repeat(100_000));
    const outcome = await against(({ response }) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const more = (): void => {
        while (!response.destroyed && response.write(filler));
        if (!response.destroyed) response.once('drain', more);
      };
      more();
    });
    expect(outcome.code).toBe('provider_overflow');
  });

  it('nobody there', async () => {
    const outcome = await ask(`http://127.0.0.1:${await closedPort()}`);
    expect([outcome.code, outcome.watch.connectedTimes]).toEqual(['provider_unreachable', 0]);
  });

  it.each([
    [401, 'provider_auth'],
    [403, 'provider_auth'],
    [400, 'provider_rejected'],
    [413, 'provider_rejected'],
    [429, 'provider_rate_limited'],
    [500, 'provider_unavailable'],
    [529, 'provider_unavailable'],
    [307, 'provider_protocol'],
  ])('status %i is %s; nothing of key, prompt or body is repeated', async (status, code) => {
    const outcome = await against(({ headers, body, response }) => {
      // A server that quotes all it was sent.
      response.writeHead(status, { 'content-type': 'application/json', 'retry-after': '3', location: 'http://127.0.0.1:1/' });
      response.end(JSON.stringify({ error: { message: `${WORDS} ${headers.authorization ?? ''} ${body.toString()}`, code: KEY, type: PROMPT } }));
    });
    expect(outcome.code).toBe(code);
  });
});

describe('an aborted answer closes its connection at once', () => {
  it.each(['before the headers', 'before the first word', 'between two words'])('%s', async (moment) => {
    const watch = watched();
    let arrived = (): void => undefined;
    const there = new Promise<void>((resolve) => (arrived = resolve));
    await using server = await startHttpServer((seen) => {
      if (moment !== 'before the headers') raw(seen, moment === 'between two words' ? text('a') : ': wait\n\n', 'leave open');
      if (moment !== 'between two words') arrived();
    });
    const outcome = ask(server.origin, watch, () => arrived());
    await there;
    watch.controller.abort();
    await server.seen[0]?.closed;
    expect((await outcome).code).toBe('AbortError');
  });

  it('and so does one whose reader goes away', async () => {
    await using server = await startHttpServer((seen) => raw(seen, text('a'), 'leave open'));
    const model = createOpenAiModel({ vendor: 'local', baseUrl: server.origin, model: 'any' });
    for await (const _ of model.answer(chatRequest(watched(), [user('hello')]))) break;
    await server.seen[0]?.closed;
    model.close?.();
  });
});
