import { z } from 'zod';
import { isOrigin } from '../../domain/origin.js';

/** The four deadlines of a provider's stream, in ms. */
const deadlines = z.strictObject({
  connect_ms: z.int().min(50).max(60_000).optional(),
  first_ms: z.int().min(50).max(120_000).optional(),
  gap_ms: z.int().min(50).max(120_000).optional(),
  total_ms: z.int().min(100).max(600_000).optional(),
});

const common = { deadlines: deadlines.optional() };

const baseUrl = z.url({ protocol: /^https?$/, error: 'expected a URL such as https://host/v1' }).optional();
/** Of a gRPC server, which has no path. */
const grpcUrl = z.string().refine(isOrigin, 'expected a server such as https://host:443, or http://host:50051 without TLS; no path, no password').optional();
const model = z.string().min(1).max(200);
/** Name of the variable that holds the key, where it is not the vendor's usual one. */
const keyVariable = z.string().regex(/^[A-Z][A-Z0-9_]{0,63}$/, 'expected the name of an environment variable, such as MY_API_KEY').optional();

const livekit = z.strictObject({
  ...common,
  provider: z.literal('livekit'),
  plugin: z.string().regex(/^[a-z][a-z0-9-]{0,40}$/, 'expected the name of a plugin of @livekit/agents, such as deepgram'),
  options: z.record(z.string(), z.json()).optional(),
});

/** Where nothing stands at all. */
const forgotten = {
  error: ({ input }: { readonly input?: unknown }): string | undefined => (input === undefined ? 'expected a provider, such as "openai" or {"provider": "openai"}' : undefined),
};

const stt = z.discriminatedUnion('provider', [
  z.strictObject({ ...common, provider: z.literal('yandex'), model: model.optional(), base_url: grpcUrl, api_key_env: keyVariable }),
  z.strictObject({ ...common, provider: z.literal('openai'), model: model.optional(), base_url: baseUrl, api_key_env: keyVariable }),
  z.strictObject({ ...common, provider: z.literal('local'), model: model.optional(), base_url: baseUrl, api_key_env: keyVariable }),
  z.strictObject({ ...common, provider: z.literal('pocketsphinx') }),
  z.strictObject({ ...common, provider: z.literal('sherpa'), model_dir: z.string().min(1).max(1000) }),
  livekit,
], forgotten);

const sampling = {
  temperature: z.number().min(0).max(2).optional(),
  max_tokens: z.int().min(1).max(100_000).optional(),
};

const llm = z.discriminatedUnion('provider', [
  z.strictObject({ ...common, ...sampling, provider: z.literal('openai'), model, base_url: baseUrl, api_key_env: keyVariable }),
  z.strictObject({ ...common, ...sampling, provider: z.literal('azure'), model, base_url: baseUrl, api_key_env: keyVariable }),
  z.strictObject({ ...common, ...sampling, provider: z.literal('yandex'), model: model.optional(), base_url: baseUrl, api_key_env: keyVariable }),
  z.strictObject({ ...common, ...sampling, provider: z.literal('local'), model: model.optional(), base_url: baseUrl, api_key_env: keyVariable }),
  z.strictObject({ ...common, provider: z.literal('demo') }),
  livekit,
], forgotten);

const voice = z.string().min(1).max(200);
const speed = z.number().min(0.1).max(4).optional();

const tts = z.discriminatedUnion('provider', [
  z.strictObject({ ...common, provider: z.literal('yandex'), voice: voice.optional(), role: z.string().min(1).max(60).optional(), speed, base_url: grpcUrl, api_key_env: keyVariable }),
  z.strictObject({ ...common, provider: z.literal('elevenlabs'), voice, model: model.optional(), stream: z.boolean().optional(), speed }),
  z.strictObject({ ...common, provider: z.literal('zvukogram'), voice, speed, pitch: z.number().min(-20).max(20).optional() }),
  z.strictObject({ ...common, provider: z.literal('openai'), model: model.optional(), voice: voice.optional(), speed, base_url: baseUrl, api_key_env: keyVariable }),
  z.strictObject({ ...common, provider: z.literal('local'), model: model.optional(), voice: voice.optional(), speed, base_url: baseUrl, api_key_env: keyVariable }),
  z.strictObject({ ...common, provider: z.literal('flite'), voice: voice.optional() }),
  z.strictObject({ ...common, provider: z.literal('espeak'), voice: voice.optional(), speed }),
  livekit,
], forgotten);

/** When the provider itself decides where the caller's turn ends, or leaves that to our own hearing. */
const turnDetection = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('server_vad'),
    threshold: z.number().min(0).max(1).default(0.6),
    prefix_padding_ms: z.int().min(0).max(5000).default(300),
    silence_duration_ms: z.int().min(100).max(10_000).default(1200),
  }),
  z.strictObject({ type: z.literal('node') }),
]);

export const REALTIME_SCHEMA = z.strictObject({
  ...common,
  provider: z.enum(['openai', 'azure', 'yandex']),
  /** OpenAI: the model; Azure: the deployment; Yandex: the part of `gpt://<folder>/…` after the folder. */
  model: model.optional(),
  voice: voice.optional(),
  base_url: baseUrl,
  api_key_env: keyVariable,
  turn_detection: turnDetection.default({ type: 'server_vad', threshold: 0.6, prefix_padding_ms: 300, silence_duration_ms: 1200 }),
  /** Whether speech of the caller stops the answer. */
  interrupt_response: z.boolean().default(true),
  /** Model that writes down what the caller says; false: nobody does. */
  transcription: z.union([model, z.literal(false)]).optional(),
  /** How long a session may last before it is renewed; default is the vendor's limit less a margin. */
  session_max_ms: z.int().min(10_000).max(86_400_000).optional(),
});

/** `"flite"` is short for `{"provider":"flite"}`, `"livekit:deepgram"` for the plugin of that name. */
function spelledOut(value: unknown): unknown {
  const object: unknown = typeof value === 'string' ? { provider: value } : value;
  if (typeof object !== 'object' || object === null || !('provider' in object) || typeof object.provider !== 'string') return object;
  const [provider, plugin] = object.provider.split(/:(.*)/s);
  return provider === 'livekit' && plugin !== undefined ? { ...object, provider, plugin } : object;
}

/** One provider, or several in the order in which they are tried. Always a list afterwards. */
const several = <T extends z.ZodType>(schema: T) =>
  z.preprocess((value) => (Array.isArray(value) ? value : [value]).map(spelledOut), z.array(schema).min(1, 'expected a provider').max(5));

export const STT_SCHEMA = several(stt);
export const LLM_SCHEMA = several(llm);
export const TTS_SCHEMA = several(tts);

export type SttConfig = z.output<typeof stt>;
export type LlmConfig = z.output<typeof llm>;
export type TtsConfig = z.output<typeof tts>;
export type RealtimeConfig = z.output<typeof REALTIME_SCHEMA>;
export type DeadlinesConfig = z.output<typeof deadlines>;
