import { methodOf } from './api.js';

/**
 * The part of Yandex SpeechKit STT v3 that we speak: `speechkit.stt.v3.Recognizer/RecognizeStreaming`. Field
 * numbers from yandex/cloud/ai/stt/v3/{stt,stt_service}.proto of github.com/yandex-cloud/cloudapi.
 */
export type RecognizeRequest =
  /** First. */
  | { readonly sessionOptions: StreamingOptions }
  | { readonly chunk: { readonly data: Uint8Array } }
  | { readonly silenceChunk: { readonly durationMs: number } }
  /** Ends the utterance; for sessions with an external classifier. */
  | { readonly eou: Record<string, never> };

export interface StreamingOptions {
  readonly recognitionModel: {
    readonly model: string;
    readonly audioFormat: { readonly rawAudio: { readonly audioEncoding: 'LINEAR16_PCM'; readonly sampleRateHertz: number; readonly audioChannelCount: 1 } };
    readonly textNormalization: { readonly textNormalization: 'TEXT_NORMALIZATION_ENABLED'; readonly profanityFilter: boolean; readonly literatureText: boolean };
    readonly languageRestriction: { readonly restrictionType: 'WHITELIST'; readonly languageCode: readonly string[] };
    readonly audioProcessingType: 'REAL_TIME';
  };
  readonly eouClassifier: { readonly externalClassifier: Record<string, never> };
}

export interface AlternativeUpdate {
  readonly alternatives?: readonly { readonly text?: string }[];
}

/** One of the events, and where the server is. Whatever else comes is skipped. */
export interface RecognizeResponse {
  readonly audioCursors?: { readonly finalIndex?: number };
  /** The text since the last final; replaces the partial before it. */
  readonly partial?: AlternativeUpdate;
  /** Will not change any more. */
  readonly final?: AlternativeUpdate;
  /** After the finals of an utterance: where in the audio it ended. */
  readonly eouUpdate?: { readonly timeMs?: number };
  /** A final once more, normalised: punctuation, capitals, numbers. */
  readonly finalRefinement?: { readonly finalIndex?: number; readonly normalizedText?: AlternativeUpdate };
}

export const RECOGNIZE = methodOf<RecognizeRequest, RecognizeResponse>({
  package: 'speechkit.stt.v3',
  service: 'Recognizer',
  method: 'RecognizeStreaming',
  request: 'StreamingRequest',
  response: 'StreamingResponse',
  streamsRequest: true,
  messages: {
    StreamingRequest: { sessionOptions: ['StreamingOptions', 1], chunk: ['AudioChunk', 2], silenceChunk: ['SilenceChunk', 3], eou: ['Eou', 4] },
    StreamingOptions: { recognitionModel: ['RecognitionModelOptions', 1], eouClassifier: ['EouClassifierOptions', 2] },
    RecognitionModelOptions: {
      model: ['string', 1],
      audioFormat: ['AudioFormatOptions', 2],
      textNormalization: ['TextNormalizationOptions', 3],
      languageRestriction: ['LanguageRestrictionOptions', 4],
      audioProcessingType: ['AudioProcessingType', 5],
    },
    AudioFormatOptions: { rawAudio: ['RawAudio', 1] },
    RawAudio: { audioEncoding: ['AudioEncoding', 1], sampleRateHertz: ['int64', 2], audioChannelCount: ['int64', 3] },
    TextNormalizationOptions: { textNormalization: ['TextNormalization', 1], profanityFilter: ['bool', 2], literatureText: ['bool', 3] },
    LanguageRestrictionOptions: { restrictionType: ['LanguageRestrictionType', 1], languageCode: ['string', 2, 'repeated'] },
    EouClassifierOptions: { externalClassifier: ['ExternalEouClassifier', 2] },
    ExternalEouClassifier: {},
    AudioChunk: { data: ['bytes', 1] },
    SilenceChunk: { durationMs: ['int64', 1] },
    Eou: {},
    StreamingResponse: {
      audioCursors: ['AudioCursors', 2],
      partial: ['AlternativeUpdate', 4],
      final: ['AlternativeUpdate', 5],
      eouUpdate: ['EouUpdate', 6],
      finalRefinement: ['FinalRefinement', 7],
    },
    AudioCursors: { finalIndex: ['int64', 5] },
    AlternativeUpdate: { alternatives: ['Alternative', 1, 'repeated'] },
    Alternative: { text: ['string', 2] },
    EouUpdate: { timeMs: ['int64', 2] },
    FinalRefinement: { finalIndex: ['int64', 1], normalizedText: ['AlternativeUpdate', 2] },
  },
  enums: {
    AudioProcessingType: { AUDIO_PROCESSING_TYPE_UNSPECIFIED: 0, REAL_TIME: 1, FULL_DATA: 2 },
    AudioEncoding: { AUDIO_ENCODING_UNSPECIFIED: 0, LINEAR16_PCM: 1 },
    TextNormalization: { TEXT_NORMALIZATION_UNSPECIFIED: 0, TEXT_NORMALIZATION_ENABLED: 1, TEXT_NORMALIZATION_DISABLED: 2 },
    LanguageRestrictionType: { LANGUAGE_RESTRICTION_TYPE_UNSPECIFIED: 0, WHITELIST: 1, BLACKLIST: 2 },
  },
});
