import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseEnv } from 'node:util';
import { z } from 'zod';
import { VoiceNodeError } from './domain/errors.js';
import { isOrigin } from './domain/origin.js';

/** The root of the checkout or of the installed package: above voice-node/ in source, above dist/ when built. */
export const ROOT = fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? '../' : '../../', import.meta.url));

const whole = (min: number, max: number, unit: string) =>
  z
    .string()
    .regex(/^-?\d+$/, `expected a whole number from ${min} to ${max} ${unit}`.trim())
    .transform(Number)
    .refine((value) => value >= min && value <= max, `expected ${min} to ${max} ${unit}`.trim());

const PROBABILITY = 'expected a number from 0.01 to 0.99, such as 0.5';
const probability = z
  .string()
  .regex(/^0?\.\d{1,6}$/, PROBABILITY)
  .transform(Number)
  .refine((value) => value >= 0.01 && value <= 0.99, PROBABILITY);

const url = (...schemes: string[]) =>
  z.string().refine(
    (value) => URL.canParse(value) && schemes.includes(new URL(value).protocol),
    `expected a URL beginning with ${schemes.map((scheme) => `${scheme}//`).join(' or ')}`,
  );

const robotName = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,63}$/, 'expected a robot name: small letters, digits, - and _, at most 64');

const secret = z.string().min(1).optional();

/** gRPC knows no path, and keys have a variable of their own. */
const grpcServer = z.string().refine(isOrigin, 'expected a server such as https://stt.example:443, or http://127.0.0.1:50051 without TLS; no path, no password');

/** Origins, separated by commas or blanks. */
const origins = z
  .string()
  .default('')
  .transform((value) => value.split(/[\s,]+/).filter((each) => each !== ''))
  .refine((list) => list.every(isOrigin), 'expected origins such as https://crm.example.com, separated by commas')
  .transform((list): readonly string[] => list.map((each) => new URL(each).origin));

/** Every variable the node reads, with its default as it would be written in `.env`. */
export const VARIABLES = {
  LIVEKIT_URL: url('ws:', 'wss:').default('ws://127.0.0.1:7880'),
  LIVEKIT_PUBLIC_URL: url('ws:', 'wss:').optional(),
  LIVEKIT_API_KEY: z.string().min(1, 'expected the API key of the LiveKit server').optional(),
  LIVEKIT_API_SECRET: z.string().min(32, 'expected the API secret of the LiveKit server, at least 32 characters').optional(),
  HOST: z.string().min(1, 'expected an address to listen on, such as 127.0.0.1 or 0.0.0.0').default('127.0.0.1'),
  PORT: whole(0, 65535, '').default(8000),
  LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  ROBOT: robotName.default('echo'),
  ROBOTS_DIR: z.string().min(1, 'expected a folder').default('robots'),
  SHARDS: whole(0, 64, 'processes').optional(),
  ROOMS_PER_SHARD: whole(1, 200, 'calls').default(24),
  MAX_CALLS: whole(1, 10_000, 'calls').optional(),
  ADMISSION: z.enum(['lateness', 'count']).default('lateness'),
  SHARD_RECYCLE_MB: whole(0, 1_000_000, 'MB').default(2000),
  JOURNAL: z
    .string()
    .regex(/^(none|file:.+|rediss?:\/\/.+)$/, 'expected none, file:/a/folder, redis://host:6379 or rediss://host:6379')
    .optional(),
  NODE_NAME: z
    .string()
    .regex(/^[a-zA-Z0-9][a-zA-Z0-9._-]{0,63}$/, 'expected a name of letters, digits, dots, - and _, at most 64')
    .optional(),
  ADMIN_TOKEN: z.string().regex(/^[\x21-\x7e]{16,}$/, 'expected at least 16 characters, none of them blank').optional(),
  CALL_RATE_HZ: z.enum(['8000', '16000']).transform((value): 8000 | 16000 => (value === '8000' ? 8000 : 16000)).default(8000),
  REPLY_BITRATE_KBPS: whole(16, 256, 'kbit/s').default(80),
  DENOISE: z.enum(['true', 'false']).transform((value) => value === 'true').default(false),
  TURN_MODEL: z.string().min(1, 'expected an .onnx file').optional(),
  VAD: z.enum(['silero', 'webrtc', 'energy']).default('silero'),
  VAD_MIN_SPEECH_MS: whole(0, 2000, 'ms').default(100),
  VAD_MIN_SILENCE_MS: whole(20, 5000, 'ms').default(500),
  VAD_PRE_ROLL_MS: whole(0, 2000, 'ms').default(400),
  VAD_MAX_UTTERANCE_MS: whole(3000, 600_000, 'ms').default(60_000),
  VAD_SILERO_START: probability.default(0.45),
  VAD_SILERO_STOP: probability.default(0.4),
  VAD_WEBRTC_MODE: z.enum(['0', '1', '2', '3']).transform((value) => Number(value) as 0 | 1 | 2 | 3).default(3),
  VAD_ENERGY_THRESHOLD_RMS: whole(1, 32_767, '').default(200),
  VAD_ENERGY_SPEECH_FRAMES: whole(1, 32, 'frames of 20 ms').default(5),
  VAD_ENERGY_SILENCE_FRAMES: whole(1, 250, 'frames of 20 ms').default(25),
  VAD_ENERGY_INTERRUPT_FRAMES: whole(1, 32, 'frames of 20 ms').default(3),
  REPLY_QUEUE_MS: whole(200, 10_000, 'ms').default(2000),
  ANSWER_TIMEOUT_MS: whole(500, 120_000, 'ms').default(15_000),
  NO_CALLER_TIMEOUT_MS: whole(1000, 3_600_000, 'ms').default(30_000),
  NO_MEDIA_TIMEOUT_MS: whole(5000, 3_600_000, 'ms').default(15_000),
  IDLE_TIMEOUT_MS: whole(1000, 86_400_000, 'ms').default(600_000),
  MAX_CALL_MS: whole(1000, 86_400_000, 'ms').default(7_200_000),
  DRAIN_TIMEOUT_MS: whole(0, 86_400_000, 'ms').default(10_000),
  OPENAI_API_KEY: secret,
  OPENAI_BASE_URL: url('http:', 'https:').default('https://api.openai.com/v1'),
  AZURE_OPENAI_API_KEY: secret,
  AZURE_OPENAI_ENDPOINT: url('http:', 'https:').optional(),
  YANDEX_API_KEY: secret,
  YANDEX_FOLDER_ID: z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/, 'expected the id of a folder, such as b1g0123456789').optional(),
  YANDEX_STT_URL: grpcServer.default('https://stt.api.cloud.yandex.net:443'),
  YANDEX_TTS_URL: grpcServer.default('https://tts.api.cloud.yandex.net:443'),
  YANDEX_LLM_URL: url('http:', 'https:').default('https://llm.api.cloud.yandex.net/v1'),
  YANDEX_REALTIME_URL: url('http:', 'https:').default('https://ai.api.cloud.yandex.net/v1'),
  ELEVENLABS_API_KEY: secret,
  ZVUKOGRAM_TOKEN: secret,
  ZVUKOGRAM_EMAIL: z.string().regex(/^\S+@\S+$/, 'expected an e-mail address').optional(),
  LOCAL_LLM_URL: url('http:', 'https:').optional(),
  LOCAL_LLM_MODEL: z.string().min(1).optional(),
  LOCAL_STT_URL: url('http:', 'https:').optional(),
  LOCAL_TTS_URL: url('http:', 'https:').optional(),
  LOCAL_API_KEY: secret,
  SOCKS_PROXY: url('socks5:', 'socks5h:').optional(),
  TOOL_URLS: origins,
  CACHE_DIR: z.string().min(1, 'expected a folder').optional(),
  PHRASE_CACHE_MB: whole(0, 100_000, 'MB').default(200),
} as const;

const SCHEMA = z.object(VARIABLES);

export type Config = Readonly<z.output<typeof SCHEMA>>;

export type Environment = Readonly<Record<string, string | undefined>>;

/** The process's environment over the root `.env`. */
export function readEnvironment(): Environment {
  const file = `${ROOT}.env`;
  return { ...(existsSync(file) ? parseEnv(readFileSync(file, 'utf8')) : {}), ...process.env };
}

/**
 * The configuration, checked and frozen. Throws one VoiceNodeError `config_invalid` that names every faulty
 * variable, what is allowed and what came; secrets are not repeated. An empty variable counts as unset.
 */
export function loadConfig(environment: Environment = readEnvironment()): Config {
  const given: Record<string, string> = {};
  for (const name of Object.keys(VARIABLES)) {
    const value = environment[name]?.trim();
    if (value !== undefined && value !== '') given[name] = value;
  }
  const parsed = SCHEMA.safeParse(given);
  const faults = parsed.success ? [] : parsed.error.issues.map((issue) => faultOf(issue, given));
  faults.push(...crossFaults(given));
  if (parsed.success && faults.length === 0) return Object.freeze(parsed.data);
  throw new VoiceNodeError('config_invalid', `${faults.length} setting${faults.length === 1 ? ' is' : 's are'} wrong:\n${faults.join('\n')}`);
}

function faultOf(issue: z.core.$ZodIssue, given: Readonly<Record<string, string>>): string {
  const name = String(issue.path[0]);
  const wanted = issue.code === 'invalid_value' ? `expected one of ${issue.values.join(', ')}` : issue.message;
  return `  ${name}: ${wanted}, got ${shown(name, given[name] ?? '')}`;
}

/** What is fine by itself but not together; variables that are wrong by themselves are left to the schema. */
function crossFaults(given: Readonly<Record<string, string>>): string[] {
  const start = VARIABLES.VAD_SILERO_START.safeParse(given.VAD_SILERO_START);
  const stop = VARIABLES.VAD_SILERO_STOP.safeParse(given.VAD_SILERO_STOP);
  if (!start.success || !stop.success || stop.data <= start.data) return [];
  return [`  VAD_SILERO_STOP: expected at most VAD_SILERO_START, which is ${start.data}, got ${stop.data}`];
}

/** A value as it may be shown: no secret, no password inside a URL, not a page long. */
function shown(name: string, value: string): string {
  if (/SECRET|KEY|TOKEN/.test(name)) return `${value.length} characters`;
  return JSON.stringify(value.replace(/\/\/[^/]*@/, '//[hidden]@').slice(0, 80));
}

/**
 * The environment of a process with media in it: ours, with two arenas for malloc. glibc has eight for each core, and
 * what some thousand short-lived threads of native code leave in each is never given back.
 */
export const mediaEnvironment = (): NodeJS.ProcessEnv => ({ MALLOC_ARENA_MAX: '2', ...process.env });

/** Where the node keeps what it can make again. */
export const cacheFolder = (config: Config): string => config.CACHE_DIR ?? join(homedir(), '.cache', 'voice-node');

export interface Keys {
  readonly apiKey: string;
  readonly apiSecret: string;
}

/** The keys of the LiveKit server. Throws `config_invalid` naming what is missing. */
export function requireKeys(config: Config): Keys {
  const { LIVEKIT_API_KEY: apiKey, LIVEKIT_API_SECRET: apiSecret } = config;
  const missing = [apiKey === undefined ? 'LIVEKIT_API_KEY' : '', apiSecret === undefined ? 'LIVEKIT_API_SECRET' : ''].filter((name) => name !== '');
  if (apiKey === undefined || apiSecret === undefined) {
    throw new VoiceNodeError('config_invalid', `${missing.join(' and ')}: expected the keys of the LiveKit server in the environment or in .env, got nothing`);
  }
  return { apiKey, apiSecret };
}
