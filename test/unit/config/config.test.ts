import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { describe, expect, it } from 'vitest';
import { loadConfig, requireKeys, ROOT, VARIABLES, type Config, type Environment } from '../../../voice-node/config.js';
import { VoiceNodeError } from '../../../voice-node/domain/errors.js';

function faultOf(environment: Environment): VoiceNodeError {
  try {
    loadConfig(environment);
  } catch (error) {
    if (error instanceof VoiceNodeError) return error;
    throw error;
  }
  throw new Error(`expected ${JSON.stringify(environment)} to be refused`);
}

interface Case {
  readonly default: Config[keyof Config];
  readonly good: Readonly<Record<string, Config[keyof Config]>>;
  readonly bad: readonly string[];
}

const whole = (fallback: number | undefined, min: number, max: number): Case => ({
  default: fallback,
  good: { [String(min)]: min, [String(max)]: max, [` ${min} `]: min },
  bad: [String(min - 1), String(max + 1), 'many', '1.5', '1e3', '0x10', '99999999999999999999'],
});
const oneOf = (fallback: Config[keyof Config], good: Case['good']): Case => ({ default: fallback, good, bad: ['other', `${String(fallback)}x`] });
const words = (...names: readonly string[]): Case['good'] => Object.fromEntries(names.map((name) => [name, name]));
const url = (fallback: string | undefined): Case => ({
  default: fallback,
  good: words('ws://10.0.0.1:7880', 'wss://livekit.example/path'),
  bad: ['http://127.0.0.1:7880', 'localhost:7880', '/socket', 'nonsense'],
});
const web = (fallback: string | undefined): Case => ({ default: fallback, good: words('http://127.0.0.1:11434/v1', 'https://llm.example/v1'), bad: ['ws://127.0.0.1', 'llm.example', 'nonsense'] });
const grpc = (fallback: string): Case => ({ default: fallback, good: words('http://127.0.0.1:50051', 'https://stt.example', 'http://[::1]:9000'), bad: ['127.0.0.1:50051', 'stt.example:443', 'grpc://stt.example', 'https://stt.example/v3', 'https://stt.example?key=1', 'nonsense'] });
const secret: Case = { default: undefined, good: words('k-0123'), bad: [] };
const probability = (fallback: number): Case => ({ default: fallback, good: { '0.4': 0.4, '.45': 0.45, '0.40': 0.4 }, bad: ['0', '1', '0.001', '0,5', '-0.5', '2', 'half'] });

const CASES: Readonly<Record<keyof typeof VARIABLES, Case>> = {
  LIVEKIT_URL: url('ws://127.0.0.1:7880'),
  LIVEKIT_PUBLIC_URL: url(undefined),
  LIVEKIT_API_KEY: { default: undefined, good: words('APIkey'), bad: [] },
  LIVEKIT_API_SECRET: { default: undefined, good: words('s'.repeat(32)), bad: ['s'.repeat(31)] },
  HOST: { default: '127.0.0.1', good: words('0.0.0.0', '::1'), bad: [] },
  PORT: whole(8000, 0, 65_535),
  LOG_LEVEL: oneOf('info', words('debug', 'info', 'warn', 'error', 'silent')),
  ROBOT: { default: 'echo', good: words('tone', 'my-robot_2'), bad: ['../etc', 'Echo', 'a b', '-x', 'x'.repeat(65)] },
  ROBOTS_DIR: { default: 'robots', good: words('/srv/robots'), bad: [] },
  SHARDS: whole(undefined, 0, 64),
  ROOMS_PER_SHARD: whole(24, 1, 200),
  MAX_CALLS: whole(undefined, 1, 10_000),
  ADMISSION: oneOf('lateness', words('lateness', 'count')),
  SHARD_RECYCLE_MB: whole(2000, 0, 1_000_000),
  JOURNAL: { default: undefined, good: words('none', 'file:/srv/journal', 'redis://127.0.0.1:6379', 'rediss://u:p@h/1'), bad: ['file:', 'http://h', 'memory'] },
  NODE_NAME: { default: undefined, good: words('node-1', 'a.example'), bad: ['-x', 'a b', 'x'.repeat(65)] },
  ADMIN_TOKEN: { default: undefined, good: words('0123456789abcdef'), bad: ['short', '0123456789 abcdef'] },
  CALL_RATE_HZ: oneOf(8000, { 8000: 8000, 16000: 16_000 }),
  DENOISE: { default: false, good: { true: true, false: false }, bad: ['yes', '1', 'TRUE'] },
  TURN_MODEL: { default: undefined, good: words('/srv/smart-turn.onnx'), bad: [] },
  VAD: oneOf('silero', words('silero', 'webrtc', 'energy')),
  VAD_MIN_SPEECH_MS: whole(100, 0, 2000),
  VAD_MIN_SILENCE_MS: whole(500, 20, 5000),
  VAD_PRE_ROLL_MS: whole(400, 0, 2000),
  VAD_MAX_UTTERANCE_MS: whole(60_000, 3000, 600_000),
  VAD_SILERO_START: probability(0.45),
  VAD_SILERO_STOP: probability(0.4),
  VAD_WEBRTC_MODE: oneOf(3, { 0: 0, 1: 1, 2: 2, 3: 3 }),
  VAD_ENERGY_THRESHOLD_RMS: whole(200, 1, 32_767),
  VAD_ENERGY_SPEECH_FRAMES: whole(5, 1, 32),
  VAD_ENERGY_SILENCE_FRAMES: whole(25, 1, 250),
  VAD_ENERGY_INTERRUPT_FRAMES: whole(3, 1, 32),
  REPLY_BITRATE_KBPS: whole(80, 16, 256),
  REPLY_QUEUE_MS: whole(2000, 200, 10_000),
  ANSWER_TIMEOUT_MS: whole(15_000, 500, 120_000),
  NO_CALLER_TIMEOUT_MS: whole(30_000, 1000, 3_600_000),
  NO_MEDIA_TIMEOUT_MS: whole(15_000, 5000, 3_600_000),
  IDLE_TIMEOUT_MS: whole(600_000, 1000, 86_400_000),
  MAX_CALL_MS: whole(7_200_000, 1000, 86_400_000),
  DRAIN_TIMEOUT_MS: whole(10_000, 0, 86_400_000),
  OPENAI_API_KEY: secret,
  OPENAI_BASE_URL: web('https://api.openai.com/v1'),
  AZURE_OPENAI_API_KEY: secret,
  AZURE_OPENAI_ENDPOINT: web(undefined),
  YANDEX_API_KEY: secret,
  YANDEX_FOLDER_ID: { default: undefined, good: words('b1g0123456789'), bad: ['b1g/x', 'a b', 'x'.repeat(65)] },
  YANDEX_STT_URL: grpc('https://stt.api.cloud.yandex.net:443'),
  YANDEX_TTS_URL: grpc('https://tts.api.cloud.yandex.net:443'),
  YANDEX_LLM_URL: web('https://llm.api.cloud.yandex.net/v1'),
  YANDEX_REALTIME_URL: web('https://ai.api.cloud.yandex.net/v1'),
  ELEVENLABS_API_KEY: secret,
  ZVUKOGRAM_TOKEN: secret,
  ZVUKOGRAM_EMAIL: { default: undefined, good: words('a@b.example'), bad: ['a.b.example', 'a b@c'] },
  LOCAL_LLM_URL: web(undefined),
  LOCAL_LLM_MODEL: { default: undefined, good: words('qwen3:4b'), bad: [] },
  LOCAL_STT_URL: web(undefined),
  LOCAL_TTS_URL: web(undefined),
  LOCAL_API_KEY: secret,
  SOCKS_PROXY: { default: undefined, good: words('socks5://127.0.0.1:1080', 'socks5h://user:word@proxy:1080'), bad: ['http://proxy:1080', 'proxy:1080'] },
  TOOL_URLS: {
    default: [],
    good: { 'https://a.example, http://127.0.0.1:9000/': ['https://a.example', 'http://127.0.0.1:9000'], 'https://a.example:443': ['https://a.example'] },
    bad: ['a.example', 'https://a.example/path', 'ftp://a.example', 'https://a.example/?x=1'],
  },
  CACHE_DIR: { default: undefined, good: words('/var/cache/voice-node'), bad: [] },
  PHRASE_CACHE_MB: whole(200, 0, 100_000),
};

describe('every variable', () => {
  it.each(Object.entries(CASES))('%s: its default, what is good, what is bad', (name, { default: fallback, good, bad }) => {
    const key = name as keyof Config;
    expect(loadConfig({})[key]).toEqual(fallback);
    expect(loadConfig({ [name]: '' })[key]).toEqual(fallback);
    expect(loadConfig({ [name]: '  ' })[key]).toEqual(fallback);
    for (const [text, value] of Object.entries(good)) expect(loadConfig({ [name]: text })[key]).toEqual(value);
    for (const text of bad) {
      const { code, message } = faultOf({ [name]: text });
      expect(code).toBe('config_invalid');
      const lines = message.split('\n');
      expect(lines).toHaveLength(2);
      expect(lines[1]).toMatch(new RegExp(`^  ${name}: expected .*, got `));
      if (!/SECRET|TOKEN/.test(name)) expect(lines[1]).toContain(JSON.stringify(text.slice(0, 64)).slice(1, -1));
    }
  });

  it('is in .env.example, in the same order, with its default or nothing', () => {
    const lines = readFileSync(`${ROOT}.env.example`, 'utf8').split('\n');
    const entries = lines.flatMap((line) => /^# ([A-Z][A-Z0-9_]*)=(.*)$/.exec(line)?.slice(1) ?? []);
    const names = entries.filter((_, i) => i % 2 === 0);
    expect(names).toEqual(Object.keys(VARIABLES));
    // Each one has its comment above it, or above the group it is in.
    expect(lines.filter((line) => line.startsWith('#')).length).toBeGreaterThan(1.7 * names.length);
    const shown = parseEnv(entries.reduce((text, part, i) => text + part + (i % 2 === 0 ? '=' : '\n'), ''));
    for (const [name, value] of Object.entries(loadConfig({}))) expect([name, shown[name]]).toEqual([name, String(value ?? '')]);
    expect(loadConfig(shown)).toEqual(loadConfig({}));
    // Nothing in it is set: a copy changes nothing.
    expect(parseEnv(lines.join('\n'))).toEqual({});
  });
});

describe('the configuration as a whole', () => {
  it('reports all faults at once', () => {
    const { message } = faultOf({ PORT: 'x', VAD: 'ear', LIVEKIT_URL: 'http://a', VAD_SILERO_START: '0.3', VAD_SILERO_STOP: '0.4' });
    expect(message.split('\n')).toEqual([
      '4 settings are wrong:',
      '  LIVEKIT_URL: expected a URL beginning with ws:// or wss://, got "http://a"',
      '  PORT: expected a whole number from 0 to 65535, got "x"',
      '  VAD: expected one of silero, webrtc, energy, got "ear"',
      '  VAD_SILERO_STOP: expected at most VAD_SILERO_START, which is 0.3, got 0.4',
    ]);
    expect(faultOf({ PORT: '-1' }).message).toBe('1 setting is wrong:\n  PORT: expected 0 to 65535, got "-1"');
  });

  it('never shows a secret', () => {
    const secret = 'hunter2-hunter2';
    const { message } = faultOf({ LIVEKIT_API_SECRET: secret, LIVEKIT_URL: `http://user:${secret}@host`, PORT: 'x'.repeat(500) });
    expect(message).not.toContain('hunter2');
    expect(message).toContain('got 15 characters');
    expect(message.length).toBeLessThan(500);
  });

  it('is frozen, and reads nothing else', () => {
    const config = loadConfig({ PORT: '1', SOMETHING: 'else' });
    expect(Object.isFrozen(config)).toBe(true);
    expect(Object.keys(config)).not.toContain('SOMETHING');
  });

  it('asks for the keys by name', () => {
    expect(() => requireKeys(loadConfig({}))).toThrowError(/^LIVEKIT_API_KEY and LIVEKIT_API_SECRET: expected .*, got nothing$/);
    expect(() => requireKeys(loadConfig({ LIVEKIT_API_KEY: 'k' }))).toThrowError(/^LIVEKIT_API_SECRET: /);
    const keys = { LIVEKIT_API_KEY: 'k', LIVEKIT_API_SECRET: 's'.repeat(40) };
    expect(requireKeys(loadConfig(keys))).toEqual({ apiKey: 'k', apiSecret: 's'.repeat(40) });
  });
});
