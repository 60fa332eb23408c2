import { join, resolve } from 'node:path';
import { cacheFolder, ROOT, type Config } from '../config.js';
import type { Clock } from '../domain/clock.js';
import type { LanguageModel } from '../domain/llm.js';
import type { Meter } from '../domain/observer.js';
import type { ProviderLimits } from '../domain/provider.js';
import type { RealtimeModel } from '../domain/realtime.js';
import type { SpeechToText } from '../domain/stt.js';
import type { TextToSpeech } from '../domain/tts.js';
import { createDemoModel } from '../providers/llm/demo.js';
import { createOpenAiModel } from '../providers/llm/openai.js';
import type { PluginHost } from '../providers/livekit-plugin/host.js';
import { LiveKitPluginLanguageModel } from '../providers/livekit-plugin/llm.js';
import { LiveKitPluginSpeechToText } from '../providers/livekit-plugin/stt.js';
import { LiveKitPluginTextToSpeech } from '../providers/livekit-plugin/tts.js';
import { OpenAiRealtime } from '../providers/realtime/model.js';
import type { RealtimeVendorOptions } from '../providers/realtime/vendors.js';
import { createOpenAiTranscriber } from '../providers/stt/openai.js';
import { PocketSphinx } from '../providers/stt/pocketsphinx.js';
import { Sherpa } from '../providers/stt/sherpa.js';
import { YandexStt } from '../providers/stt/yandex.js';
import { ElevenLabsTts } from '../providers/tts/elevenlabs.js';
import { Espeak } from '../providers/tts/espeak.js';
import { Flite } from '../providers/tts/flite.js';
import { createOpenAiVoice } from '../providers/tts/openai.js';
import { YandexTts } from '../providers/tts/yandex.js';
import { ZvukogramTts } from '../providers/tts/zvukogram.js';
import { keyVariable, type PartConfig } from '../robots/requirements.js';
import type { DeadlinesConfig, LlmConfig, RealtimeConfig, SttConfig, TtsConfig } from '../robots/schema/providers.js';

/** What the providers of one robot are made from. */
export interface Workshop {
  readonly config: Config;
  /** A variable of the robot's .env or of the node's environment. */
  env(name: string): string | undefined;
  /** Runs plugins of LiveKit's agents. */
  pluginHost(plugin: string): PluginHost;
  readonly language: string;
  readonly clock: Clock;
  readonly meter: Meter;
}

/** What OpenAI's own realtime sessions write down the caller's words with, where the robot names nothing. */
const TRANSCRIPTION = 'gpt-4o-mini-transcribe';

/** The deadlines the robot names, over `usual`. */
export function limitsOf(usual: ProviderLimits, own: DeadlinesConfig | undefined): ProviderLimits {
  return {
    connectMs: own?.connect_ms ?? usual.connectMs,
    firstMs: own?.first_ms ?? usual.firstMs,
    gapMs: own?.gap_ms ?? usual.gapMs,
    totalMs: own?.total_ms ?? usual.totalMs,
  };
}

const keyOf = (part: PartConfig, { env }: Workshop): string | undefined => {
  const name = keyVariable(part);
  return name === undefined ? undefined : env(name);
};

export function makeSpeechToText(part: SttConfig, shop: Workshop): SpeechToText {
  const { config, clock, language } = shop;
  const apiKey = keyOf(part, shop);
  switch (part.provider) {
    case 'yandex':
      return new YandexStt({ ...grpcServer(part.base_url ?? config.YANDEX_STT_URL), apiKey: apiKey ?? '', folderId: config.YANDEX_FOLDER_ID, model: part.model, clock });
    case 'openai':
      return createOpenAiTranscriber({ vendor: 'openai', apiKey, baseUrl: part.base_url ?? config.OPENAI_BASE_URL, model: part.model });
    case 'local':
      return createOpenAiTranscriber({ vendor: 'local', apiKey, baseUrl: part.base_url ?? config.LOCAL_STT_URL, model: part.model });
    case 'pocketsphinx': {
      const pocketSphinx = new PocketSphinx({ python: join(cacheFolder(config), 'pocketsphinx', 'bin', 'python'), script: join(ROOT, 'sidecars/pocketsphinx.py'), clock });
      pocketSphinx.warm();
      return pocketSphinx;
    }
    case 'sherpa':
      return new Sherpa({ modelDir: resolve(ROOT, part.model_dir), language, script: join(ROOT, 'sidecars/sherpa.mjs'), node: process.execPath, clock });
    case 'livekit':
      return new LiveKitPluginSpeechToText({ host: shop.pluginHost(part.plugin), plugin: part.plugin, options: part.options ?? {}, language });
  }
}

export function makeLanguageModel(part: LlmConfig, shop: Workshop): LanguageModel {
  const { config } = shop;
  if (part.provider === 'demo') return createDemoModel();
  if (part.provider === 'livekit') return new LiveKitPluginLanguageModel({ host: shop.pluginHost(part.plugin), plugin: part.plugin, options: part.options ?? {} });
  const common = { apiKey: keyOf(part, shop), temperature: part.temperature, maxTokens: part.max_tokens };
  switch (part.provider) {
    case 'openai':
      return createOpenAiModel({ ...common, vendor: 'openai', baseUrl: part.base_url ?? config.OPENAI_BASE_URL, model: part.model });
    case 'azure':
      return createOpenAiModel({ ...common, vendor: 'azure', baseUrl: part.base_url ?? azureBase(config), model: part.model });
    case 'yandex':
      return createOpenAiModel({ ...common, vendor: 'yandex', baseUrl: part.base_url ?? config.YANDEX_LLM_URL, project: config.YANDEX_FOLDER_ID, model: part.model });
    case 'local':
      return createOpenAiModel({ ...common, vendor: 'local', baseUrl: part.base_url ?? config.LOCAL_LLM_URL, model: part.model ?? config.LOCAL_LLM_MODEL });
  }
}

export function makeTextToSpeech(part: TtsConfig, shop: Workshop): TextToSpeech {
  const { config, clock } = shop;
  const apiKey = keyOf(part, shop);
  switch (part.provider) {
    case 'yandex':
      return new YandexTts({ ...grpcServer(part.base_url ?? config.YANDEX_TTS_URL), apiKey: apiKey ?? '', folderId: config.YANDEX_FOLDER_ID, voice: part.voice, role: part.role, speed: part.speed, clock });
    case 'elevenlabs':
      return new ElevenLabsTts({ apiKey: apiKey ?? '', voice: part.voice, model: part.model, stream: part.stream, speed: part.speed, socksProxy: config.SOCKS_PROXY, clock });
    case 'zvukogram':
      return new ZvukogramTts({ token: config.ZVUKOGRAM_TOKEN ?? '', email: config.ZVUKOGRAM_EMAIL ?? '', voice: part.voice, speed: part.speed, pitch: part.pitch, clock });
    case 'openai':
      return createOpenAiVoice({ vendor: 'openai', apiKey, baseUrl: part.base_url ?? config.OPENAI_BASE_URL, model: part.model, voice: part.voice, speed: part.speed });
    case 'local':
      return createOpenAiVoice({ vendor: 'local', apiKey, baseUrl: part.base_url ?? config.LOCAL_TTS_URL, model: part.model, voice: part.voice, speed: part.speed });
    case 'flite':
      return new Flite({ voice: part.voice });
    case 'espeak':
      return new Espeak({ voice: part.voice, speed: part.speed });
    case 'livekit':
      return new LiveKitPluginTextToSpeech({ host: shop.pluginHost(part.plugin), plugin: part.plugin, options: part.options ?? {} });
  }
}

export function makeRealtimeModel(part: RealtimeConfig, shop: Workshop): RealtimeModel {
  const { clock, meter } = shop;
  const own = part.deadlines;
  const limits: Partial<ProviderLimits> = {
    ...(own?.connect_ms === undefined ? {} : { connectMs: own.connect_ms }),
    ...(own?.first_ms === undefined ? {} : { firstMs: own.first_ms }),
    ...(own?.gap_ms === undefined ? {} : { gapMs: own.gap_ms }),
    ...(own?.total_ms === undefined ? {} : { totalMs: own.total_ms }),
  };
  return new OpenAiRealtime({ vendor: realtimeVendor(part, shop), clock, meter, limits, sessionMaxMs: part.session_max_ms });
}

function realtimeVendor(part: RealtimeConfig, shop: Workshop): RealtimeVendorOptions {
  const { config } = shop;
  const turns = part.turn_detection;
  const common = {
    apiKey: keyOf(part, shop) ?? '',
    voice: part.voice,
    interruptResponse: part.interrupt_response,
    transcription: part.transcription === false ? undefined : (part.transcription ?? (part.provider === 'openai' ? TRANSCRIPTION : undefined)),
    turnDetection:
      turns.type === 'node'
        ? { type: 'node' as const }
        : { type: 'server_vad' as const, threshold: turns.threshold, prefixPaddingMs: turns.prefix_padding_ms, silenceDurationMs: turns.silence_duration_ms },
  };
  switch (part.provider) {
    case 'openai':
      return { ...common, vendor: 'openai', model: part.model ?? 'gpt-realtime', baseUrl: part.base_url ?? config.OPENAI_BASE_URL };
    case 'azure':
      return { ...common, vendor: 'azure', model: part.model ?? 'gpt-realtime', baseUrl: part.base_url ?? azureBase(config) ?? '' };
    case 'yandex':
      return { ...common, vendor: 'yandex', model: part.model, folderId: config.YANDEX_FOLDER_ID ?? '', baseUrl: part.base_url ?? config.YANDEX_REALTIME_URL };
  }
}

const azureBase = (config: Config): string | undefined =>
  config.AZURE_OPENAI_ENDPOINT === undefined ? undefined : `${config.AZURE_OPENAI_ENDPOINT.replace(/\/+$/, '').replace(/\/openai\/v1$/, '')}/openai/v1`;

/** Of an address that was checked when it was read. A URL does not repeat the usual port of its scheme, gRPC wants it. */
function grpcServer(base: string): { readonly address: string; readonly insecure: boolean } {
  const { protocol, hostname, port } = new URL(base);
  const insecure = protocol === 'http:';
  return { address: `${hostname}:${port || (insecure ? 80 : 443)}`, insecure };
}
