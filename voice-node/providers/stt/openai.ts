import { ProviderError } from '../../domain/provider.js';
import type { SpeechToText, TranscribeRequest, Transcript } from '../../domain/stt.js';
import { writeWav } from '../../dsp/wav.js';
import { readBody, readJson, type BodyOptions } from '../http/body.js';
import { OpenAiServer, type OpenAiServerOptions } from '../http/openai-server.js';
import { readTranscriptEvents, reportUsage, WHAT } from './openai-answer.js';
import { collectSpeech, SENT_RATE_HZ } from './openai-speech.js';

export interface OpenAiTranscriberOptions extends OpenAiServerOptions {
  readonly vendor: 'openai' | 'local';
  /** Default: gpt-4o-mini-transcribe (openai), whisper-1 (local). */
  readonly model?: string | undefined;
  /** Whether to ask for the text as it is written. Default: of OpenAI's models that can (all but whisper-1), not of local servers. */
  readonly stream?: boolean | undefined;
}

/** A transcript of ten minutes with everything a server may say beside it. */
const MAX_BYTES = 4_000_000;
/** Shorter speech than this OpenAI refuses, and nobody says anything in. */
const MIN_SECONDS = 0.1;

/**
 * Speech to text behind OpenAI's transcriptions: the utterance is sent as a WAV file when it has ended. So there is
 * nobody to be connected to while the caller speaks; `connected` is told at once, and what the server takes counts
 * from the end of speech, against the deadline of the first result. Meanwhile a connection is made ready.
 */
export function createOpenAiTranscriber(options: OpenAiTranscriberOptions): SpeechToText {
  const server = new OpenAiServer(options);
  const model = options.model ?? (options.vendor === 'openai' ? 'gpt-4o-mini-transcribe' : 'whisper-1');
  const stream = options.stream ?? (options.vendor === 'openai' && !model.startsWith('whisper'));
  return {
    vendor: options.vendor,
    transcribe: (request) => transcribe(server, { model, stream }, request),
    close: () => server.close(),
  };
}

async function* transcribe(server: OpenAiServer, { model, stream }: { readonly model: string; readonly stream: boolean }, request: TranscribeRequest): AsyncGenerator<Transcript> {
  const { vendor } = server;
  const { signal } = request;
  signal.throwIfAborted();
  request.connected();
  server.warm();
  const samples = await collectSpeech(request.speech, vendor, signal);
  const seconds = samples.length / SENT_RATE_HZ;
  if (seconds < MIN_SECONDS) {
    yield { text: '', final: true };
    return;
  }
  const { body, contentType } = await encodeForm({ samples, model, stream, language: request.language });
  const response = await server.post({ path: 'audio/transcriptions', what: WHAT, body, contentType, signal });
  request.used('audio_seconds', seconds);
  let begun = false;
  const options: BodyOptions = { vendor, what: WHAT, signal, maxBytes: MAX_BYTES, begun: () => begun };
  if (/^text\/event-stream/i.test(response.headers.get('content-type') ?? '')) {
    for await (const transcript of readTranscriptEvents(readBody(response, options), vendor, request)) {
      begun = true;
      yield transcript;
    }
    return;
  }
  const answer = await readJson(response, options);
  const text: unknown = typeof answer === 'object' && answer !== null && 'text' in answer ? answer.text : undefined;
  if (typeof text !== 'string') throw new ProviderError('provider_protocol', `${vendor}: expected ${WHAT} as JSON with a text, got JSON without`);
  reportUsage(answer, request);
  yield { text: text.trim(), final: true };
}

interface Form {
  readonly samples: Int16Array;
  readonly model: string;
  readonly stream: boolean;
  /** BCP 47; OpenAI wants the language alone (ISO 639-1). */
  readonly language: string;
}

/** Encoded here rather than in fetch, so that it does not matter whose fetch and whose FormData it is. */
async function encodeForm({ samples, model, stream, language }: Form): Promise<{ body: Uint8Array; contentType: string }> {
  const form = new FormData();
  form.append('model', model);
  form.append('language', language.split('-')[0]);
  form.append('response_format', 'json');
  if (stream) form.append('stream', 'true');
  form.append('file', new Blob([writeWav({ samples, rateHz: SENT_RATE_HZ })], { type: 'audio/wav' }), 'speech.wav');
  const encoded = new Response(form);
  return { body: new Uint8Array(await encoded.arrayBuffer()), contentType: encoded.headers.get('content-type') as string };
}
