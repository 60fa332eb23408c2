import type { Audio } from '../../domain/audio.js';
import type { SpeakRequest, TextToSpeech } from '../../domain/tts.js';
import { readAudioBody } from '../http/audio-body.js';
import { OpenAiServer, type OpenAiServerOptions } from '../http/openai-server.js';

export interface OpenAiVoiceOptions extends OpenAiServerOptions {
  readonly vendor: 'openai' | 'local';
  /** Default: gpt-4o-mini-tts (openai), tts-1 (local, where most servers take it for their own). */
  readonly model?: string | undefined;
  /** Default: alloy. */
  readonly voice?: string | undefined;
  /** 0.25 to 4. Default: 1. */
  readonly speed?: number | undefined;
}

/** response_format pcm is s16le, mono, at this rate; nothing in the answer says so (OpenAI, Text to speech guide). */
const PCM_RATE_HZ = 24_000;

/** Text to speech behind OpenAI's audio/speech: raw samples as they are made; from servers that prefer it, WAV. */
export function createOpenAiVoice(options: OpenAiVoiceOptions): TextToSpeech {
  const server = new OpenAiServer(options);
  const { vendor, speed } = options;
  const model = options.model ?? (vendor === 'openai' ? 'gpt-4o-mini-tts' : 'tts-1');
  const voice = options.voice ?? 'alloy';
  // Two local servers may have different voices under one name.
  const where = vendor === 'local' && options.baseUrl !== undefined ? new URL(options.baseUrl).host : '';
  return {
    vendor,
    voiceKey: [vendor, where, model, voice, speed ?? 1].join('|'),
    takesStream: false,
    speak: (request) => speak(server, { model, voice, speed }, request),
    close: () => server.close(),
  };
}

interface Settings {
  readonly model: string;
  readonly voice: string;
  readonly speed: number | undefined;
}

async function* speak(server: OpenAiServer, { model, voice, speed }: Settings, { text, signal, connected, used }: SpeakRequest): AsyncGenerator<Audio> {
  if (typeof text !== 'string') throw new Error('this voice takes a whole text, not a stream');
  const body = JSON.stringify({ model, voice, input: text, response_format: 'pcm', ...(speed === undefined ? {} : { speed }) });
  const response = await server.post({ path: 'audio/speech', what: 'speech', body, signal });
  connected();
  used('characters', [...text].length);
  yield* readAudioBody(response, { vendor: server.vendor, rateHz: PCM_RATE_HZ, signal });
}
