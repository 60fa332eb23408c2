import { ProviderError } from '../../domain/provider.js';
import type { SpeechToText, TranscribeRequest, Transcript } from '../../domain/stt.js';
import { GrpcLink } from '../grpc/link.js';
import { RECOGNIZE, type RecognizeRequest, type RecognizeResponse, type StreamingOptions } from '../grpc/speechkit-stt.js';
import { speechKitHeaders, speechKitLanguage, type SpeechKitOptions } from '../grpc/speechkit.js';
import { SpeechSender } from './yandex-speech.js';
import { UtteranceText } from './yandex-text.js';

/** `address` is `stt.api.cloud.yandex.net:443` where nothing else is said. */
export interface YandexSttOptions extends SpeechKitOptions {
  /** `general` (default), `general:rc` or `general:deprecated`. */
  readonly model?: string | undefined;
}

/** Times come in whole milliseconds. */
const ROUNDING_MS = 1;

/**
 * Yandex SpeechKit v3, streaming. We tell the service where the utterance ends (its "external classifier"): our
 * own hearing has decided that already, and a number dictated with pauses stays one text.
 */
export class YandexStt implements SpeechToText {
  readonly vendor = 'yandex';
  readonly #options: YandexSttOptions;
  readonly #link: GrpcLink;

  constructor(options: YandexSttOptions) {
    const { address = 'stt.api.cloud.yandex.net:443', insecure, rootCertificates, clock } = options;
    this.#options = options;
    this.#link = new GrpcLink({ vendor: 'yandex', what: 'stt', address, insecure, rootCertificates, headers: speechKitHeaders(options), clock });
  }

  async *transcribe(request: TranscribeRequest): AsyncGenerator<Transcript> {
    const text = new UtteranceText();
    let sender: SpeechSender | undefined;
    let shown = '';
    const responses = this.#link.call<RecognizeRequest, RecognizeResponse>({
      method: RECOGNIZE,
      request,
      begun: () => shown !== '',
      send: async (sink) => {
        await sink.write({ sessionOptions: this.#session(request) });
        sender = new SpeechSender(request.speech, this.#options.clock, sink);
        await sender.run();
      },
    });
    const isOver = (): boolean => sender?.isComplete === true;
    let isClosed = false;
    try {
      for await (const response of responses) {
        text.take(response);
        // With an external classifier the utterance ends at what the server had received by then; an end that the
        // server found by itself lies before. The end of the stream may be a while behind the last word.
        isClosed ||= isOver() && (response.eouUpdate?.timeMs ?? -1) >= (sender?.sentMs ?? 0) - ROUNDING_MS;
        if (isClosed && text.isSettled) break;
        if (text.text === '' || text.text === shown) continue;
        shown = text.text;
        yield { text: shown, final: false };
      }
      if (request.signal.aborted) return;
      if (!isOver()) {
        throw new ProviderError(shown === '' ? 'provider_unreachable' : 'provider_broken', 'yandex stt: expected the session to last to the end of speech, the server closed it before');
      }
      yield { text: text.text, final: true };
    } finally {
      if (sender !== undefined && sender.sentMs > 0) request.used('audio_seconds', sender.sentMs / 1000);
    }
  }

  close(): void {
    this.#link.close();
  }

  #session({ speech, language }: TranscribeRequest): StreamingOptions {
    return {
      recognitionModel: {
        model: this.#options.model ?? 'general',
        audioFormat: { rawAudio: { audioEncoding: 'LINEAR16_PCM', sampleRateHertz: speech.rateHz, audioChannelCount: 1 } },
        textNormalization: { textNormalization: 'TEXT_NORMALIZATION_ENABLED', profanityFilter: false, literatureText: false },
        languageRestriction: { restrictionType: 'WHITELIST', languageCode: [speechKitLanguage(language)] },
        audioProcessingType: 'REAL_TIME',
      },
      eouClassifier: { externalClassifier: {} },
    };
  }
}
