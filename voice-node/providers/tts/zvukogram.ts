import type { Audio } from '../../domain/audio.js';
import type { Clock } from '../../domain/clock.js';
import { VoiceNodeError } from '../../domain/errors.js';
import { ProviderError } from '../../domain/provider.js';
import type { SpeakRequest, TextToSpeech } from '../../domain/tts.js';
import { readAudioBody } from '../http/audio-body.js';
import { readJson } from '../http/body.js';
import { createConnections, type Connections } from '../http/connections.js';
import { send } from '../http/request.js';
import { pause } from '../net/pause.js';
import { readResult, type Result } from './zvukogram-result.js';
import { splitText } from './zvukogram-text.js';

export interface ZvukogramOptions {
  readonly token: string;
  /** Of the account the token belongs to. */
  readonly email: string;
  /** Its name in the service's list, such as `Алена`. */
  readonly voice: string;
  /** 0.1 to 2; default 1. */
  readonly speed?: number | undefined;
  /** -20 to 20; default 0. */
  readonly pitch?: number | undefined;
  /** Default `https://zvukogram.com`. */
  readonly baseUrl?: string | undefined;
  readonly clock: Clock;
}

const RATE_HZ = 24_000;
const MAX_CHARS = 1000;
/** The service advises 2 s; a caller waits, so the first questions come sooner. */
const POLL_MS = [300, 600, 1200, 2000] as const;
const MAX_JSON_BYTES = 65_536;
const RANGES = { speed: [0.1, 2], pitch: [-20, 20] } as const;

/**
 * Zvukogram: a text becomes a file, and the file is fetched. Nothing is heard before the whole of a part is made,
 * so it is for sentences. Throws `argument_invalid` for options nobody can speak by.
 */
export class ZvukogramTts implements TextToSpeech {
  readonly vendor = 'zvukogram';
  readonly takesStream = false;
  readonly voiceKey: string;
  readonly #options: ZvukogramOptions;
  readonly #baseUrl: string;
  readonly #connections: Connections = createConnections();

  constructor(options: ZvukogramOptions) {
    for (const name of ['speed', 'pitch'] as const) {
      const value = options[name];
      const [min, max] = RANGES[name];
      if (value !== undefined && !(value >= min && value <= max)) throw new VoiceNodeError('argument_invalid', `zvukogram tts: expected a ${name} from ${min} to ${max}, got ${value}`);
    }
    const { voice, speed = 1, pitch = 0, baseUrl = 'https://zvukogram.com' } = options;
    this.#options = options;
    this.#baseUrl = baseUrl.replace(/\/+$/, '');
    this.voiceKey = ['zvukogram', voice, speed, pitch, RATE_HZ].join('/');
  }

  async *speak(request: SpeakRequest): AsyncGenerator<Audio> {
    const { text, language, signal } = request;
    if (typeof text !== 'string') throw new VoiceNodeError('argument_invalid', 'zvukogram tts: expected a whole text, got a stream of pieces');
    let isConnected = false;
    const connected = (): void => {
      if (!isConnected) request.connected();
      isConnected = true;
    };
    for (const part of splitText(text, MAX_CHARS, language)) {
      const file = await this.#make(part, { ...request, connected });
      const response = await send({ vendor: this.vendor, what: 'an audio file', fetch: this.#connections.fetch, url: file, signal });
      yield* readAudioBody(response, { vendor: this.vendor, signal, rateHz: RATE_HZ });
    }
  }

  close(): void {
    this.#connections.close();
  }

  /** Where the audio of one part is. */
  async #make(part: string, request: SpeakRequest): Promise<URL> {
    const { voice, speed, pitch, clock } = this.#options;
    const parameters = {
      voice,
      text: part,
      format: 'wav',
      sample_rate: String(RATE_HZ),
      channels: '1',
      ...(speed !== undefined && { speed: String(speed) }),
      ...(pitch !== undefined && { pitch: String(pitch) }),
    };
    let result = await this.#ask('text', parameters, request);
    request.used('characters', part.length);
    for (let turn = 0; result.type === 'working'; turn++) {
      await pause(clock, POLL_MS[turn] ?? POLL_MS[POLL_MS.length - 1] ?? 0, request.signal);
      request.signal.throwIfAborted();
      result = await this.#ask('result', { id: result.id }, request);
    }
    return this.#fileUrl(result.file);
  }

  async #ask(method: 'text' | 'result', parameters: Readonly<Record<string, string>>, { signal, connected }: SpeakRequest): Promise<Result> {
    const { token, email } = this.#options;
    const response = await send({
      vendor: this.vendor,
      what: 'speech',
      fetch: this.#connections.fetch,
      url: `${this.#baseUrl}/index.php?r=api/${method}`,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ token, email, ...parameters }).toString(),
      signal,
    });
    connected();
    return readResult(await readJson(response, { vendor: this.vendor, what: 'a status and a file', signal, maxBytes: MAX_JSON_BYTES }));
  }

  /** Somebody else says where we are to go: over TLS, or to the server we have asked. */
  #fileUrl(file: string): URL {
    const base = new URL(this.#baseUrl);
    const wrong = (came: string): ProviderError => new ProviderError('provider_protocol', `zvukogram tts: expected the https URL of a file, got ${came}`);
    let url: URL;
    try {
      url = new URL(file, base);
    } catch {
      throw wrong('something that is no URL');
    }
    if (url.protocol !== 'https:' && url.origin !== base.origin) throw wrong(`one that begins with ${url.protocol}`);
    return url;
  }
}
