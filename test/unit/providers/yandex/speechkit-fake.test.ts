import { credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import { StreamingRequest, type StreamingResponse } from '@yandex-cloud/nodejs-sdk/dist/generated/yandex/cloud/ai/stt/v3/stt.js';
import { RecognizerClient } from '@yandex-cloud/nodejs-sdk/dist/generated/yandex/cloud/ai/stt/v3/stt_service.js';
import { UtteranceSynthesisRequest, type UtteranceSynthesisResponse } from '@yandex-cloud/nodejs-sdk/dist/generated/yandex/cloud/ai/tts/v3/tts.js';
import { SynthesizerClient } from '@yandex-cloud/nodejs-sdk/dist/generated/yandex/cloud/ai/tts/v3/tts_service.js';
import { afterEach, describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../../voice-node/platform/virtual-clock.js';
import { startSpeechKit, type SpeechKitFake } from '../../../support/fakes/speechkit.js';
import type { SpeechKitOptions } from '../../../support/fakes/speechkit-script.js';
import { KEY } from '../net/asking.js';

/** The fake, seen by the vendor's own client: what our provider was tested against is what that one understands. */
const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function fake(options: SpeechKitOptions = {}): Promise<SpeechKitFake> {
  const server = await startSpeechKit({ apiKey: KEY, ...options });
  closing.push(() => server.close());
  return server;
}

function metadata(key = KEY): Metadata {
  const headers = new Metadata();
  headers.set('authorization', `Api-Key ${key}`);
  return headers;
}

const SESSION = {
  recognitionModel: {
    model: 'general',
    audioFormat: { rawAudio: { audioEncoding: 1, sampleRateHertz: 8000, audioChannelCount: 1 } },
    textNormalization: { textNormalization: 1 },
    languageRestriction: { restrictionType: 1, languageCode: ['ru-RU'] },
    audioProcessingType: 1,
  },
  eouClassifier: { defaultClassifier: { type: 1 } },
};

interface Session {
  send(message: Parameters<typeof StreamingRequest.fromPartial>[0]): void;
  end(): void;
  readonly messages: StreamingResponse[];
  readonly over: Promise<ServiceError | undefined>;
}

function recognise(server: SpeechKitFake, key?: string): Session {
  const client = new RecognizerClient(server.address, credentials.createInsecure());
  closing.push(() => client.close());
  const call = client.recognizeStreaming(metadata(key));
  const messages: StreamingResponse[] = [];
  call.on('data', (message: StreamingResponse) => messages.push(message));
  const over = new Promise<ServiceError | undefined>((resolve) => {
    call.on('error', (error) => resolve(error as ServiceError));
    call.on('end', () => resolve(undefined));
  });
  return { send: (message) => void call.write(StreamingRequest.fromPartial(message)), end: () => void call.end(), messages, over };
}

const kindOf = (message: StreamingResponse): string => (['statusCode', 'partial', 'final', 'finalRefinement', 'eouUpdate'] as const).find((kind) => message[kind] !== undefined) ?? 'nothing';

describe('recognition', () => {
  it('tells its events in the order of the docs', async () => {
    const server = await fake({ parts: [{ raw: 'hello world', refined: 'Hello world' }] });
    const session = recognise(server);
    session.send({ sessionOptions: SESSION } as never);
    session.send({ chunk: { data: Buffer.alloc(3200) } } as never);
    session.send({ chunk: { data: Buffer.alloc(3200) } } as never);
    session.end();
    expect(await session.over).toBeUndefined();
    expect(session.messages.map(kindOf)).toEqual(['statusCode', 'partial', 'partial', 'final', 'finalRefinement', 'eouUpdate', 'partial', 'statusCode']);
    expect(session.messages[3]?.final?.alternatives[0]?.text).toBe('hello world');
    expect(session.messages[4]?.finalRefinement).toMatchObject({ finalIndex: 0, normalizedText: { alternatives: [{ text: 'Hello world' }] } });
    expect(session.messages[5]?.eouUpdate?.timeMs).toBe(400);
    expect(session.messages[5]?.audioCursors?.receivedDataMs).toBe(400);
  });

  it('takes silence, and an end of utterance only from who said that it would tell', async () => {
    const server = await fake({ parts: [{ raw: 'да', refined: 'Да' }] });
    const told = recognise(server);
    told.send({ sessionOptions: { ...SESSION, eouClassifier: { externalClassifier: {} } } } as never);
    told.send({ silenceChunk: { durationMs: 2000 } } as never);
    told.send({ eou: {} } as never);
    told.end();
    expect(await told.over).toBeUndefined();
    expect(told.messages.map(kindOf)).toContain('finalRefinement');
    expect(server.sessions[0]?.events.slice(0, 2)).toMatchObject([{ type: 'silence', durationMs: 2000 }, { type: 'eou' }]);
    const untold = recognise(server);
    untold.send({ sessionOptions: SESSION } as never);
    untold.send({ eou: {} } as never);
    expect((await untold.over)?.code).toBe(3);
  });

  it('wants the options first, a key, and something every 5 s', async () => {
    const clock = new VirtualClock();
    const server = await fake({ clock });
    const hasty = recognise(server);
    hasty.send({ chunk: { data: Buffer.alloc(320) } } as never);
    expect((await hasty.over)?.code).toBe(3);
    const stranger = recognise(server, 'wrong');
    stranger.send({ sessionOptions: SESSION } as never);
    expect((await stranger.over)?.code).toBe(16);
    const quiet = recognise(server);
    quiet.send({ sessionOptions: SESSION } as never);
    await server.until(() => server.sessions[2]?.options !== undefined);
    await clock.advanceTo(5000);
    expect((await quiet.over)?.code).toBe(10);
  });
});

describe('synthesis', () => {
  const ask = async (server: SpeechKitFake, message: object, key?: string): Promise<Buffer> => {
    const client = new SynthesizerClient(server.address, credentials.createInsecure());
    closing.push(() => client.close());
    const chunks: Buffer[] = [];
    for await (const message2 of client.utteranceSynthesis(UtteranceSynthesisRequest.fromPartial(message as never), metadata(key)) as AsyncIterable<UtteranceSynthesisResponse>) {
      chunks.push(message2.audioChunk?.data ?? Buffer.alloc(0));
    }
    return Buffer.concat(chunks);
  };
  const raw = { rawAudio: { audioEncoding: 1, sampleRateHertz: 24_000 } };

  it('answers with the audio', async () => {
    const samples = Int16Array.from({ length: 5000 }, (_, i) => i);
    const server = await fake({ samples });
    const bytes = await ask(server, { text: 'Да.', hints: [{ voice: 'jane' }, { speed: 1.5 }], outputAudioSpec: raw });
    expect([...new Int16Array(Uint8Array.from(bytes).buffer)]).toEqual([...samples]);
    expect(server.syntheses[0]?.request.hints).toMatchObject([{ voice: 'jane' }, { speed: 1.5 }]);
  });

  it('refuses a wrong key and a text that is too long', async () => {
    const server = await fake();
    await expect(ask(server, { text: 'Да.', outputAudioSpec: raw }, 'wrong')).rejects.toMatchObject({ code: 16 });
    await expect(ask(server, { text: 'а'.repeat(251), outputAudioSpec: raw })).rejects.toMatchObject({ code: 3 });
  });
});
