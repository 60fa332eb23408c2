import type { Audio } from '../../domain/audio.js';
import type { Clock } from '../../domain/clock.js';
import { VoiceNodeError } from '../../domain/errors.js';
import type { SpeakRequest, TextToSpeech } from '../../domain/tts.js';
import { readAudioBody } from '../http/audio-body.js';
import { createConnections, type Connections } from '../http/connections.js';
import { send } from '../http/request.js';
import { SocksProxy } from '../net/socks.js';
import { voiceSettings } from './elevenlabs-messages.js';
import { StreamInput } from './elevenlabs-stream.js';

export interface ElevenLabsOptions {
  readonly apiKey: string;
  /** The voice's id. */
  readonly voice: string;
  /** Default `eleven_flash_v2_5`, the quickest. */
  readonly model?: string | undefined;
  /** Whether to speak a text while it is still being written, over a WebSocket. Whole texts go over HTTP either way. */
  readonly stream?: boolean | undefined;
  /** 0.7 to 1.2; default 1. */
  readonly speed?: number | undefined;
  /** Default `https://api.elevenlabs.io`. */
  readonly baseUrl?: string | undefined;
  /** `socks5h://user:password@host:port`. */
  readonly socksProxy?: string | undefined;
  readonly clock: Clock;
}

/** Half the rate of the wire, and open to every account (44.1 kHz is not). */
const RATE_HZ = 24_000;
const MIN_SPEED = 0.7;
const MAX_SPEED = 1.2;
/** Models that may be told the language; others refuse the request (elevenlabs-docs, `language_code`). */
const MULTILINGUAL = /^eleven_(?:flash|turbo)_v2_5$/;

/** ElevenLabs: one request a text over HTTP, or a text in pieces over a WebSocket. Throws `argument_invalid` for options nobody can speak by. */
export class ElevenLabsTts implements TextToSpeech {
  readonly vendor = 'elevenlabs';
  readonly takesStream: boolean;
  readonly voiceKey: string;
  readonly #options: ElevenLabsOptions;
  readonly #model: string;
  readonly #proxy: SocksProxy | undefined;
  readonly #connections: Connections;

  constructor(options: ElevenLabsOptions) {
    const { voice, model = 'eleven_flash_v2_5', stream = false, speed, socksProxy } = options;
    if (speed !== undefined && !(speed >= MIN_SPEED && speed <= MAX_SPEED)) {
      throw new VoiceNodeError('argument_invalid', `elevenlabs tts: expected a speed from ${MIN_SPEED} to ${MAX_SPEED}, got ${speed}`);
    }
    this.#options = options;
    this.#model = model;
    this.takesStream = stream;
    this.voiceKey = ['elevenlabs', model, voice, speed ?? 1, RATE_HZ].join('/');
    this.#proxy = socksProxy === undefined ? undefined : new SocksProxy(socksProxy);
    this.#connections = createConnections(this.#proxy?.dispatcher);
  }

  speak(request: SpeakRequest): AsyncIterable<Audio> {
    return typeof request.text === 'string' ? this.#speakText(request, request.text) : this.#speakPieces(request, request.text);
  }

  close(): void {
    this.#connections.close();
  }

  async *#speakText(request: SpeakRequest, text: string): AsyncGenerator<Audio> {
    const { signal } = request;
    const { speed } = this.#options;
    const response = await send({
      vendor: this.vendor,
      what: 'speech',
      fetch: this.#connections.fetch,
      url: this.#url('stream', {}),
      headers: { ...this.#headers(), 'content-type': 'application/json' },
      body: JSON.stringify({ text, model_id: this.#model, ...this.#language(request.language), ...(speed !== undefined && { voice_settings: voiceSettings(speed) }) }),
      signal,
    });
    request.connected();
    request.used('characters', text.length);
    yield* readAudioBody(response, { vendor: this.vendor, signal, rateHz: RATE_HZ });
  }

  async *#speakPieces(request: SpeakRequest, text: AsyncIterable<string>): AsyncGenerator<Audio> {
    if (request.signal.aborted) return;
    const { speed, clock } = this.#options;
    const url = this.#url('stream-input', { model_id: this.#model, ...this.#language(request.language) }).replace(/^http/, 'ws');
    const stream = new StreamInput({ url, headers: this.#headers(), rateHz: RATE_HZ, speed, proxy: this.#proxy, clock }, request);
    yield* stream.speak(text);
  }

  #url(endpoint: string, query: Record<string, string>): string {
    const { baseUrl = 'https://api.elevenlabs.io', voice } = this.#options;
    const parameters = new URLSearchParams({ output_format: `pcm_${RATE_HZ}`, ...query });
    return `${baseUrl.replace(/\/+$/, '')}/v1/text-to-speech/${encodeURIComponent(voice)}/${endpoint}?${parameters.toString()}`;
  }

  #headers(): Record<string, string> {
    return { 'xi-api-key': this.#options.apiKey };
  }

  #language(language: string): { language_code: string } | Record<string, never> {
    return MULTILINGUAL.test(this.#model) ? { language_code: language.replace(/-.*$/, '') } : {};
  }
}
