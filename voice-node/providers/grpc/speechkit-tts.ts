import { methodOf } from './api.js';

/**
 * The part of Yandex SpeechKit TTS v3 that we speak: `speechkit.tts.v3.Synthesizer/UtteranceSynthesis`. Field
 * numbers from yandex/cloud/ai/tts/v3/{tts,tts_service}.proto of github.com/yandex-cloud/cloudapi.
 */
export interface SynthesizeRequest {
  readonly model?: string;
  readonly text: string;
  /** Each says one thing. */
  readonly hints: readonly ({ readonly voice: string } | { readonly role: string } | { readonly speed: number })[];
  readonly outputAudioSpec: { readonly rawAudio: { readonly audioEncoding: 'LINEAR16_PCM'; readonly sampleRateHertz: number } };
  readonly loudnessNormalizationType: 'LUFS';
  /** Lets the server cut a text that is longer than one utterance may be. */
  readonly unsafeMode: boolean;
}

export interface SynthesizeResponse {
  readonly audioChunk?: { readonly data?: Buffer };
}

export const SYNTHESIZE = methodOf<SynthesizeRequest, SynthesizeResponse>({
  package: 'speechkit.tts.v3',
  service: 'Synthesizer',
  method: 'UtteranceSynthesis',
  request: 'UtteranceSynthesisRequest',
  response: 'UtteranceSynthesisResponse',
  streamsRequest: false,
  messages: {
    UtteranceSynthesisRequest: {
      model: ['string', 1],
      text: ['string', 2],
      hints: ['Hints', 4, 'repeated'],
      outputAudioSpec: ['AudioFormatOptions', 5],
      loudnessNormalizationType: ['LoudnessNormalizationType', 6],
      unsafeMode: ['bool', 7],
    },
    Hints: { voice: ['string', 1], speed: ['double', 3], role: ['string', 5] },
    AudioFormatOptions: { rawAudio: ['RawAudio', 1] },
    RawAudio: { audioEncoding: ['AudioEncoding', 1], sampleRateHertz: ['int64', 2] },
    UtteranceSynthesisResponse: { audioChunk: ['AudioChunk', 1] },
    AudioChunk: { data: ['bytes', 1] },
  },
  enums: {
    AudioEncoding: { AUDIO_ENCODING_UNSPECIFIED: 0, LINEAR16_PCM: 1 },
    LoudnessNormalizationType: { LOUDNESS_NORMALIZATION_TYPE_UNSPECIFIED: 0, MAX_PEAK: 1, LUFS: 2 },
  },
});
