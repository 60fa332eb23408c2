import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SpeechToText, Transcript, TranscribeRequest } from '../../../../voice-node/domain/stt.js';
import { createOpenAiTranscriber, type OpenAiTranscriberOptions } from '../../../../voice-node/providers/stt/openai.js';
import { readWav } from '../../../../voice-node/dsp/wav.js';
import { startAimock, type Aimock } from '../../../support/aimock.js';
import { closedPort, startHttpServer, type Seen } from '../../../support/http-server.js';
import { endlessFeed, feedOf, tone, watched, type Watched } from './requests.js';

const KEY = 'sk-canary-key';
const WORDS = 'canary words of the caller';
const MODEL = 'gpt-4o-mini-transcribe';

let aimock: Aimock;
beforeAll(async () => {
  aimock = await startAimock({ chunkSize: 4 });
});
afterAll(() => aimock[Symbol.asyncDispose]());

const request = (watch: Watched, changes: Partial<TranscribeRequest> = {}): TranscribeRequest => ({ ...watch, connected: watch.connected, speech: feedOf(tone(0.5, 16_000)), language: 'ru-RU', ...changes });

async function transcripts(stt: SpeechToText, wanted: TranscribeRequest): Promise<Transcript[]> {
  const all = [];
  try {
    for await (const transcript of stt.transcribe(wanted)) all.push(transcript);
  } finally {
    stt.close?.();
  }
  return all;
}

const transcriber = (baseUrl: string, options: Partial<OpenAiTranscriberOptions> = {}) => createOpenAiTranscriber({ vendor: 'openai', apiKey: KEY, baseUrl, ...options });

/** What was uploaded, read by the form reader of Node's fetch. */
async function formOf({ body, headers }: Seen): Promise<FormData> {
  return new Response(body, { headers: { 'content-type': headers['content-type'] ?? '' } }).formData();
}

const json = ({ response }: Seen, answer: unknown): void => void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));

/** The part of a tone in samples that lies at its frequency, 0 to 1. */
function purity(samples: Int16Array, rateHz: number, frequencyHz: number): number {
  let sine = 0;
  let cosine = 0;
  let energy = 0;
  samples.forEach((sample, i) => {
    const phase = (2 * Math.PI * frequencyHz * i) / rateHz;
    sine += sample * Math.sin(phase);
    cosine += sample * Math.cos(phase);
    energy += sample * sample;
  });
  return (2 * (sine * sine + cosine * cosine)) / (samples.length * energy);
}

describe('a transcript from a server nobody here wrote', () => {
  it('is streamed: partial results grow into the final one', async () => {
    aimock.mock.clearFixtures();
    aimock.mock.onTranscription({ transcription: { text: 'добрый день, это проверка', usage: { type: 'tokens', input_tokens: 30, output_tokens: 9, total_tokens: 39 } } });
    const watch = watched();
    const all = await transcripts(transcriber(aimock.baseUrl), request(watch));
    expect(all.at(-1)).toEqual({ text: 'добрый день, это проверка', final: true });
    expect(all.filter(({ final }) => final)).toHaveLength(1);
    expect(all.length).toBeGreaterThan(3);
    for (const { text } of all) expect('добрый день, это проверка'.startsWith(text)).toBe(true);
    expect(watch.usage).toEqual({ audio_seconds: expect.closeTo(0.5, 2) as number, input_tokens: 30, output_tokens: 9 });
    expect(aimock.mock.getLastRequest()?.path).toBe('/v1/audio/transcriptions');
  });

  it.each(['whisper-1', MODEL])('comes at once where it is not streamed: %s', async (model) => {
    aimock.mock.clearFixtures();
    aimock.mock.onTranscription({ transcription: { text: ' Good morning. ' } });
    expect(await transcripts(transcriber(aimock.baseUrl, { vendor: 'local', model }), request(watched()))).toEqual([{ text: 'Good morning.', final: true }]);
  });

  it.each([
    [401, 'provider_auth'],
    [429, 'provider_rate_limited'],
    [500, 'provider_unavailable'],
  ])('status %i is %s', async (status, code) => {
    aimock.mock.clearFixtures();
    aimock.mock.on({ endpoint: 'transcription' }, { error: { message: WORDS, type: 'some_error' }, status });
    await expect(transcripts(transcriber(aimock.baseUrl), request(watched()))).rejects.toMatchObject({ code, message: `openai: expected a transcript, got status ${status} (some_error)` });
  });
});

describe('what is sent', () => {
  it.each([8000, 16_000])('is the whole utterance as WAV at 16 kHz, whatever the call has: %i Hz', async (rateHz) => {
    await using server = await startHttpServer((seen) => json(seen, { text: 'yes' }));
    await transcripts(transcriber(server.origin), request(watched(), { speech: feedOf(tone(1, rateHz)), language: 'en-US' }));
    const form = await formOf(server.seen.find(({ method }) => method === 'POST') as Seen);
    expect([...form.keys()].sort()).toEqual(['file', 'language', 'model', 'response_format', 'stream']);
    expect([form.get('language'), form.get('model'), form.get('response_format'), form.get('stream')]).toEqual(['en', MODEL, 'json', 'true']);
    const file = form.get('file') as File;
    expect([file.name, file.type]).toEqual(['speech.wav', 'audio/wav']);
    const audio = readWav(new Uint8Array(await file.arrayBuffer()));
    expect(audio.rateHz).toBe(16_000);
    expect(audio.samples.length / 16_000).toBeCloseTo(1, 1);
    // 396 whole periods.
    expect(purity(audio.samples.subarray(800, 15_200), 16_000, 440)).toBeGreaterThan(0.9999);
  });

  it.each([8000, 16_000])('is all of it, to the last sample: %i Hz', async (rateHz) => {
    await using server = await startHttpServer((seen) => json(seen, { text: 'yes' }));
    // Silence, and a click in its very last sample: 0.4 ms later in what the filter gives.
    const samples = new Int16Array(rateHz / 2).fill(10_000, rateHz / 2 - 1);
    await transcripts(transcriber(server.origin), request(watched(), { speech: feedOf({ samples, rateHz }) }));
    const form = await formOf(server.seen.find(({ method }) => method === 'POST') as Seen);
    const audio = readWav(new Uint8Array(await (form.get('file') as File).arrayBuffer()));
    expect(Math.max(...audio.samples)).toBeGreaterThan(6000);
  });

  it('asks for no stream of a model that has none, nor of a local server unless told to', async () => {
    await using server = await startHttpServer((seen) => json(seen, { text: 'yes' }));
    await transcripts(transcriber(server.origin, { model: 'whisper-1' }), request(watched()));
    await transcripts(transcriber(server.origin, { vendor: 'local', apiKey: undefined }), request(watched()));
    await transcripts(transcriber(server.origin, { vendor: 'local', stream: true }), request(watched()));
    const forms = await Promise.all(server.seen.filter(({ method }) => method === 'POST').map(formOf));
    expect(forms.map((form) => form.get('stream'))).toEqual([null, null, 'true']);
    expect(forms[1]?.get('model')).toBe('whisper-1');
  });

  it('is nothing where nothing was said', async () => {
    await using server = await startHttpServer((seen) => json(seen, { text: 'yes' }));
    for (const seconds of [0, 0.05]) expect(await transcripts(transcriber(server.origin), request(watched(), { speech: feedOf(tone(seconds, 8000)) }))).toEqual([{ text: '', final: true }]);
    expect(server.seen.filter(({ method }) => method === 'POST')).toHaveLength(0);
  });
});

describe('while the caller speaks', () => {
  it('a connection is made ready, and it counts as connected', async () => {
    const watch = watched();
    let end = (): void => undefined;
    const ended = new Promise<void>((resolve) => (end = resolve));
    let warmed = (): void => undefined;
    const warm = new Promise<void>((resolve) => (warmed = resolve));
    await using server = await startHttpServer((seen) => {
      if (seen.method === 'POST') return json(seen, { text: 'done' });
      seen.response.on('close', warmed);
      seen.response.end();
    });
    const speech = {
      rateHz: 16_000 as const,
      ended,
      async *[Symbol.asyncIterator]() {
        yield tone(0.3, 16_000).samples;
        await ended;
      },
    };
    const result = transcripts(transcriber(server.origin), request(watch, { speech }));
    await warm;
    expect([watch.connectedTimes, server.seen.map(({ method }) => method)]).toEqual([1, ['OPTIONS']]);
    await new Promise((resolve) => setImmediate(resolve));
    end();
    expect(await result).toEqual([{ text: 'done', final: true }]);
  });

  it('an abort ends it, even if the caller never stops', async () => {
    const watch = watched();
    const result = transcripts(transcriber(`http://127.0.0.1:${await closedPort()}`), request(watch, { speech: endlessFeed }));
    const outcome = result.catch((error: Error) => error.name);
    watch.controller.abort();
    expect(await outcome).toBe('AbortError');
  });

  it('more than a file may hold is refused', async () => {
    const piece = new Int16Array(1_600_000);
    const speech = {
      rateHz: 16_000 as const,
      ended: Promise.resolve(),
      async *[Symbol.asyncIterator]() {
        await Promise.resolve();
        while (true) yield piece;
      },
    };
    await expect(transcripts(transcriber(`http://127.0.0.1:${await closedPort()}`), request(watched(), { speech }))).rejects.toMatchObject({ code: 'provider_rejected' });
  });
});

describe('a transcript over a bad line', () => {
  const delta = (text: string) => `data: ${JSON.stringify({ type: 'transcript.text.delta', delta: text })}\n\n`;
  const stream = ({ response }: Seen, body: string): void => void response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' }).end(body);

  it.each<[string, (seen: Seen) => void, string]>([
    ['JSON without text', (seen) => json(seen, { words: WORDS }), 'provider_protocol'],
    ['text that is none', (seen) => json(seen, { text: [WORDS] }), 'provider_protocol'],
    ['no JSON', ({ response }) => response.end(WORDS), 'provider_protocol'],
    ['nothing', ({ response }) => response.end(), 'provider_protocol'],
    ['a hang-up', ({ socket }) => socket.destroy(), 'provider_unreachable'],
    ['half an answer', ({ socket }) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n{"text":"half'), 'provider_unreachable'],
    ['an endless answer', ({ response }) => response.end('x'.repeat(5_000_000)), 'provider_overflow'],
    ['a stream without an end', (seen) => stream(seen, delta('half') + delta(' of it')), 'provider_broken'],
    ['an empty stream', (seen) => stream(seen, ''), 'provider_unreachable'],
    ['a stream that only ends', (seen) => stream(seen, 'data: [DONE]\n\n'), 'provider_unreachable'],
    ['garbage in a stream', (seen) => stream(seen, `data: ${WORDS}\n\n`), 'provider_protocol'],
    ['a delta without one', (seen) => stream(seen, 'data: {"type":"transcript.text.delta"}\n\n'), 'provider_protocol'],
    ['an error in a stream', (seen) => stream(seen, `data: {"error":{"message":"${WORDS}","type":"server_error"}}\n\n`), 'provider_unavailable'],
    ['an error after words', (seen) => stream(seen, `${delta('half')}data: {"error":{"message":"${WORDS}"}}\n\n`), 'provider_broken'],
    ['a status that quotes all', ({ headers, response }) => response.writeHead(403).end(`{"error":{"code":"${headers.authorization ?? ''}"}}`), 'provider_auth'],
  ])('%s', async (_, handle, code) => {
    await using server = await startHttpServer((seen) => (seen.method === 'POST' ? handle(seen) : seen.response.end()));
    const error = await transcripts(transcriber(server.origin), request(watched())).catch((thrown: unknown) => thrown as Error);
    expect(error).toMatchObject({ code });
    for (const secret of [KEY, WORDS, 'half']) expect(String((error as Error).stack)).not.toContain(secret);
  });

  it('what a stream says besides is passed over; an empty transcript is one', async () => {
    await using server = await startHttpServer((seen) => stream(seen, 'data: {"type":"transcript.text.segment","text":"x"}\n\nevent: transcript.text.done\ndata: {"type":"transcript.text.done","text":" "}\n\n'));
    expect(await transcripts(transcriber(server.origin), request(watched()))).toEqual([{ text: '', final: true }]);
  });

  it('an abort closes the connection at once', async () => {
    const watch = watched();
    let arrived = (): void => undefined;
    const there = new Promise<void>((resolve) => (arrived = resolve));
    await using server = await startHttpServer(({ method, response }) => (method === 'POST' ? arrived() : void response.end()));
    const outcome = transcripts(transcriber(server.origin), request(watch)).catch((error: Error) => error.name);
    await there;
    watch.controller.abort();
    await server.seen.find(({ method }) => method === 'POST')?.closed;
    expect(await outcome).toBe('AbortError');
  });
});
