import type { Audio } from '../../domain/audio.js';
import { VoiceNodeError } from '../../domain/errors.js';
import { ProviderError } from '../../domain/provider.js';
import type { SpeakRequest, TextToSpeech } from '../../domain/tts.js';
import { GrpcLink } from '../grpc/link.js';
import { SYNTHESIZE, type SynthesizeRequest, type SynthesizeResponse } from '../grpc/speechkit-tts.js';
import { speechKitHeaders, speechKitLanguage, type SpeechKitOptions } from '../grpc/speechkit.js';
import { PcmPieces } from '../http/pcm-pieces.js';

/** `address` is `tts.api.cloud.yandex.net:443` where nothing else is said. */
export interface YandexTtsOptions extends SpeechKitOptions {
  /** Default: a voice of the language of the text. */
  readonly voice?: string | undefined;
  /** Manner of speaking, where the voice has several: `neutral`, `good`, `friendly`, ... */
  readonly role?: string | undefined;
  /** 0.1 to 3; default 1. */
  readonly speed?: number | undefined;
}

const ADDRESS = 'tts.api.cloud.yandex.net:443';
/** The rate of the wire: nothing is left for our resampler to do. */
const RATE_HZ = 48_000;
/** Longer texts the server has to cut (SpeechKit docs, "Quotas and limits": 250 characters, 5000 when cut). */
const UTTERANCE_CHARS = 250;
const MAX_SPEED = 3;
const MIN_SPEED = 0.1;

/** Where the robot names none; without a hint the server speaks Russian (SpeechKit docs, "List of voices"). */
const VOICES: Readonly<Record<string, string>> = { de: 'lea', en: 'john', he: 'naomi', kk: 'amira', ru: 'marina', uz: 'nigora' };

/** Yandex SpeechKit v3. One text a request; the audio streams. Throws `argument_invalid` for a speed nobody can speak at. */
export class YandexTts implements TextToSpeech {
  readonly vendor = 'yandex';
  readonly takesStream = false;
  readonly voiceKey: string;
  readonly #options: YandexTtsOptions;
  readonly #link: GrpcLink;

  constructor(options: YandexTtsOptions) {
    const { address = ADDRESS, voice, role, speed, insecure, rootCertificates, clock } = options;
    if (speed !== undefined && !(speed >= MIN_SPEED && speed <= MAX_SPEED)) {
      throw new VoiceNodeError('argument_invalid', `yandex tts: expected a speed from ${MIN_SPEED} to ${MAX_SPEED}, got ${speed}`);
    }
    this.#options = options;
    // Another server may have other voices by the same names.
    this.voiceKey = ['yandex', 'v3', voice ?? '', role ?? '', speed ?? 1, RATE_HZ, ...(address === ADDRESS ? [] : [address])].join('/');
    this.#link = new GrpcLink({ vendor: 'yandex', what: 'tts', address, insecure, rootCertificates, headers: speechKitHeaders(options), clock });
  }

  async *speak(request: SpeakRequest): AsyncGenerator<Audio> {
    const { text } = request;
    if (typeof text !== 'string') throw new VoiceNodeError('argument_invalid', 'yandex tts: expected a whole text, got a stream of pieces');
    const pieces = new PcmPieces(RATE_HZ);
    let begun = false;
    const responses = this.#link.call<SynthesizeRequest, SynthesizeResponse>({
      method: SYNTHESIZE,
      request,
      begun: () => begun,
      send: async (sink) => {
        await sink.write(this.#request(text, request.language));
        sink.end();
      },
    });
    for await (const { audioChunk } of responses) {
      const bytes = audioChunk?.data;
      if (bytes === undefined || bytes.length === 0) continue;
      if (!begun) request.used('characters', text.length);
      begun = true;
      const piece = pieces.push(bytes);
      if (piece !== undefined) yield piece;
    }
    if (request.signal.aborted) return;
    const last = pieces.flush();
    if (last !== undefined) yield last;
    else if (!begun) throw new ProviderError('provider_protocol', 'yandex tts: expected audio, got an answer without any');
  }

  close(): void {
    this.#link.close();
  }

  #request(text: string, language: string): SynthesizeRequest {
    const { role, speed } = this.#options;
    const voice = this.#options.voice ?? VOICES[speechKitLanguage(language).slice(0, 2)];
    return {
      text,
      hints: [...(voice === undefined ? [] : [{ voice }]), ...(role === undefined ? [] : [{ role }]), ...(speed === undefined ? [] : [{ speed }])],
      outputAudioSpec: { rawAudio: { audioEncoding: 'LINEAR16_PCM', sampleRateHertz: RATE_HZ } },
      loudnessNormalizationType: 'LUFS',
      unsafeMode: text.length > UTTERANCE_CHARS,
    };
  }
}
