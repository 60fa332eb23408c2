import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Audio } from '../../../../voice-node/domain/audio.js';
import { writeWav } from '../../../../voice-node/dsp/wav.js';
import { createOpenAiVoice, type OpenAiVoiceOptions } from '../../../../voice-node/providers/tts/openai.js';
import { startAimock, type Aimock } from '../../../support/aimock.js';
import { closedPort, startHttpServer, type Seen } from '../../../support/http-server.js';
import { tone, watched, type Watched } from './requests.js';

const KEY = 'sk-canary-key';
const TEXT = 'Канарейка says hi 🐤';

let aimock: Aimock;
beforeAll(async () => {
  aimock = await startAimock();
});
afterAll(() => aimock[Symbol.asyncDispose]());
beforeEach(() => void aimock.mock.clearFixtures());

const voice = (baseUrl: string, options: Partial<OpenAiVoiceOptions> = {}) => createOpenAiVoice({ vendor: 'openai', apiKey: KEY, baseUrl, ...options });
const bytesOf = (samples: Int16Array) => Buffer.from(samples.slice().buffer);

async function spoken(tts: ReturnType<typeof voice>, watch: Watched = watched(), onPiece: () => void = () => undefined): Promise<Audio> {
  const pieces: Audio[] = [];
  try {
    for await (const piece of tts.speak({ ...watch, connected: watch.connected, text: TEXT, language: 'ru-RU' })) {
      pieces.push(piece);
      onPiece();
    }
  } finally {
    tts.close?.();
  }
  for (const { samples, rateHz } of pieces.slice(0, -1)) expect(samples.length).toBeGreaterThanOrEqual(rateHz / 50);
  return { rateHz: pieces[0]?.rateHz ?? 0, samples: Int16Array.from(pieces.flatMap(({ samples }) => [...samples])) };
}

describe('speech from a server nobody here wrote', () => {
  it('comes as raw samples at 24 kHz, sample for sample', async () => {
    const speech = tone(0.7, 24_000);
    aimock.mock.onSpeech(/Канарейка/, { audio: bytesOf(speech.samples).toString('base64'), format: 'pcm' });
    const watch = watched();
    expect(await spoken(voice(aimock.baseUrl), watch)).toEqual(speech);
    expect(watch.connectedTimes).toBe(1);
    // Characters, not code units: the bird is one.
    expect(watch.usage).toEqual({ characters: 19 });
  });

  it('comes as WAV where the server prefers it', async () => {
    const speech = tone(0.7, 16_000);
    aimock.mock.onSpeech(/./, { audio: Buffer.from(writeWav(speech)).toString('base64'), format: 'wav' });
    expect(await spoken(voice(aimock.baseUrl, { vendor: 'local', apiKey: undefined }))).toEqual(speech);
  });

  it('in a form we do not play is refused', async () => {
    aimock.mock.onSpeech(/./, { audio: bytesOf(tone(0.1, 24_000).samples).toString('base64'), format: 'mp3' });
    await expect(spoken(voice(aimock.baseUrl))).rejects.toMatchObject({ code: 'provider_protocol' });
  });

  it.each([
    [401, 'provider_auth'],
    [400, 'provider_rejected'],
    [429, 'provider_rate_limited'],
    [503, 'provider_unavailable'],
  ])('status %i is %s', async (status, code) => {
    aimock.mock.on({ endpoint: 'speech' }, { error: { message: TEXT, code: 'some_code' }, status, retryAfter: 2 });
    const watch = watched();
    await expect(spoken(voice(aimock.baseUrl), watch)).rejects.toMatchObject({ code, message: `openai: expected speech, got status ${status} (some_code)`, retryAfterMs: status === 429 ? 2000 : undefined });
    expect(watch).toMatchObject({ connectedTimes: 0, usage: {} });
  });
});

describe('what is asked for', () => {
  it.each<[Partial<OpenAiVoiceOptions>, object, string]>([
    [{}, { model: 'gpt-4o-mini-tts', voice: 'alloy' }, 'openai||gpt-4o-mini-tts|alloy|1'],
    [{ model: 'tts-1-hd', voice: 'nova', speed: 1.2 }, { model: 'tts-1-hd', voice: 'nova', speed: 1.2 }, 'openai||tts-1-hd|nova|1.2'],
    [{ vendor: 'local', apiKey: undefined }, { model: 'tts-1', voice: 'alloy' }, 'local|HOST|tts-1|alloy|1'],
  ])('%j', async (options, expected, key) => {
    await using server = await startHttpServer(({ response }) => response.writeHead(200, { 'content-type': 'audio/pcm' }).end(Buffer.alloc(960)));
    const tts = voice(`${server.origin}/v1`, options);
    expect(tts.voiceKey).toBe(key.replace('HOST', new URL(server.origin).host));
    expect(tts.takesStream).toBe(false);
    await spoken(tts);
    const [{ path, body, headers }] = server.seen as [Seen];
    expect(path).toBe('/v1/audio/speech');
    expect(JSON.parse(body.toString())).toEqual({ input: TEXT, response_format: 'pcm', ...expected });
    expect(headers.authorization).toBe(options.vendor === 'local' ? undefined : `Bearer ${KEY}`);
  });
});

describe('speech over a bad line', () => {
  const pcm = bytesOf(tone(0.2, 24_000).samples);
  const head = 'HTTP/1.1 200 OK\r\ncontent-type: audio/pcm\r\ntransfer-encoding: chunked\r\n\r\n';
  const chunk = Buffer.concat([Buffer.from(`${pcm.length.toString(16)}\r\n`), pcm, Buffer.from('\r\n')]);

  it('one byte at a time is heard whole', async () => {
    await using server = await startHttpServer(({ response }) => {
      response.writeHead(200, { 'content-type': 'audio/pcm' });
      for (const byte of pcm) response.write(Uint8Array.of(byte));
      response.end();
    });
    expect(await spoken(voice(server.origin))).toEqual(tone(0.2, 24_000));
  });

  it('the first piece is there before the last one has been made', async () => {
    await using server = await startHttpServer(({ response }) => response.writeHead(200, { 'content-type': 'audio/pcm' }).write(pcm));
    const { samples } = await spoken(voice(server.origin), watched(), () => server.seen[0]?.response.end(pcm));
    expect(samples.length).toBe(pcm.length);
  });

  it.each<[string, (seen: Seen) => void, string]>([
    ['nothing', ({ response }) => response.writeHead(200, { 'content-type': 'audio/pcm' }).end(), 'provider_protocol'],
    ['JSON', ({ response }) => response.writeHead(200, { 'content-type': 'application/json' }).end(`{"message":"${TEXT}"}`), 'provider_protocol'],
    ['a hang-up', ({ socket }) => socket.destroy(), 'provider_unreachable'],
    ['an end before the first sample', ({ socket }) => socket.end(head), 'provider_unreachable'],
    ['an end in the middle of a chunk', ({ socket }) => void socket.write(head, () => socket.write(chunk)), 'provider_broken'],
    ['a reset', ({ socket }) => void socket.write(head, () => socket.write(chunk)), 'provider_broken'],
    ['no HTTP', ({ socket }) => socket.end('RIFF....WAVE'), 'provider_protocol'],
  ])('%s', async (how, handle, code) => {
    await using server = await startHttpServer(handle);
    // What is on its way when a connection is reset is lost: it waits until the first piece has arrived.
    const cut = (): void => {
      const socket = server.seen[0]?.socket;
      if (how === 'a reset') socket?.resetAndDestroy();
      else socket?.end('ff\r\nabc');
    };
    const error = await spoken(voice(server.origin), watched(), cut).catch((thrown: unknown) => thrown as Error);
    expect(error).toMatchObject({ code });
    for (const secret of [KEY, 'Канарейка']) expect(String((error as Error).stack)).not.toContain(secret);
  });

  it('nobody there', async () => {
    await expect(spoken(voice(`http://127.0.0.1:${await closedPort()}`))).rejects.toMatchObject({ code: 'provider_unreachable' });
  });

  it.each(['before the headers', 'in the middle'])('an abort closes the connection at once: %s', async (moment) => {
    const watch = watched();
    await using server = await startHttpServer(({ response }) => {
      if (moment === 'before the headers') watch.controller.abort();
      else response.writeHead(200, { 'content-type': 'audio/pcm' }).write(pcm);
    });
    await expect(spoken(voice(server.origin), watch, () => watch.controller.abort())).rejects.toThrow(/aborted/);
    await server.seen[0]?.closed;
  });
});
