import { VoiceNodeError } from '../../domain/errors.js';
import type { RealtimeOptions } from '../../domain/realtime.js';

/** The rate of all audio on these connections. The GA protocol knows no other one for PCM; Yandex takes it as well. */
export const SESSION_RATE_HZ = 24_000;

/** Where the caller's turn ends: the provider's own detector, or our hearing. */
export type TurnDetection =
  | {
      readonly type: 'server_vad';
      /** 0 to 1: how loud speech has to be. */
      readonly threshold: number;
      /** Audio before the speech that belongs to it. */
      readonly prefixPaddingMs: number;
      /** Silence that ends the turn. */
      readonly silenceDurationMs: number;
    }
  | { readonly type: 'node' };

interface Common {
  readonly apiKey: string;
  /** The vendor's voice; undefined: its default. */
  readonly voice?: string | undefined;
  readonly turnDetection: TurnDetection;
  /** Whether speech of the caller stops the answer. */
  readonly interruptResponse: boolean;
  /** The model that writes down what the caller says; undefined: nobody does, except Yandex, which always does. */
  readonly transcription?: string | undefined;
}

/** How to reach a vendor, and what its sessions are set to. */
export type RealtimeVendorOptions =
  | (Common & { readonly vendor: 'openai'; readonly model: string; /** Default https://api.openai.com/v1. */ readonly baseUrl?: string | undefined })
  | (Common & { readonly vendor: 'azure'; /** The deployment. */ readonly model: string; /** `https://<resource>.openai.azure.com/openai/v1`. */ readonly baseUrl: string })
  | (Common & {
      readonly vendor: 'yandex';
      /** The part of `gpt://<folder>/…` after the folder, or the whole of it. Default speech-realtime-250923. */
      readonly model?: string | undefined;
      readonly folderId: string;
      /** Default https://ai.api.cloud.yandex.net/v1. */
      readonly baseUrl?: string | undefined;
    });

export interface Address {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

const YANDEX_MODEL = 'speech-realtime-250923';

/** Throws VoiceNodeError `config_invalid` for a base URL that is none. */
export function addressOf(options: RealtimeVendorOptions): Address {
  switch (options.vendor) {
    case 'openai':
      return { url: urlOf(options.baseUrl ?? 'https://api.openai.com/v1', '/realtime', options.model), headers: { authorization: `Bearer ${options.apiKey}` } };
    case 'azure':
      // The GA address; the one with api-version and deployment is the preview's and was retired in April 2026.
      return { url: urlOf(options.baseUrl, '/realtime', options.model), headers: { 'api-key': options.apiKey } };
    case 'yandex': {
      const model = options.model ?? YANDEX_MODEL;
      const uri = model.startsWith('gpt://') ? model : `gpt://${options.folderId}/${model}`;
      return { url: urlOf(options.baseUrl ?? 'https://ai.api.cloud.yandex.net/v1', '/realtime/openai', uri), headers: { authorization: `Api-Key ${options.apiKey}` } };
    }
  }
}

/** http becomes ws, for a server of one's own; whatever query the base has is kept. */
function urlOf(base: string, path: string, model: string): string {
  if (!URL.canParse(base)) throw new VoiceNodeError('config_invalid', 'realtime base_url: expected a URL such as https://host/v1, got something else');
  const url = new URL(base);
  url.protocol = url.protocol === 'http:' || url.protocol === 'ws:' ? 'ws:' : 'wss:';
  url.pathname = `${url.pathname.replace(/\/+$/, '')}${path}`;
  url.searchParams.set('model', model);
  return url.href;
}

/** The `session` of `session.update`. */
export function sessionOf(vendor: RealtimeVendorOptions, { instructions, tools, language }: RealtimeOptions): Record<string, unknown> {
  const format = { type: 'audio/pcm', rate: SESSION_RATE_HZ };
  const { turnDetection, interruptResponse, transcription, voice } = vendor;
  return {
    // Yandex's sessions are of one type only, and its examples do not name it.
    ...(vendor.vendor === 'yandex' ? {} : { type: 'realtime' }),
    output_modalities: ['audio'],
    instructions,
    tools: tools.map(({ name, description, parameters }) => ({ type: 'function', name, description, parameters })),
    audio: {
      input: {
        format,
        turn_detection: turnDetection.type === 'node' ? null : serverVad(turnDetection, interruptResponse),
        ...(transcription === undefined ? {} : { transcription: { model: transcription, language: language.split('-')[0] } }),
      },
      output: { format, ...(voice === undefined ? {} : { voice }) },
    },
  };
}

const serverVad = (vad: Extract<TurnDetection, { type: 'server_vad' }>, interruptResponse: boolean): Record<string, unknown> => ({
  type: 'server_vad',
  threshold: vad.threshold,
  prefix_padding_ms: vad.prefixPaddingMs,
  silence_duration_ms: vad.silenceDurationMs,
  create_response: true,
  interrupt_response: interruptResponse,
});
