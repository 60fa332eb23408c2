import { describe, expect, it } from 'vitest';
import { missingFor, requirementsOf, usable, type PartConfig, type PartKind, type Surroundings } from '../../../voice-node/robots/requirements.js';
import type { Robot } from '../../../voice-node/robots/robot.js';
import { LLM_SCHEMA, REALTIME_SCHEMA, STT_SCHEMA, TTS_SCHEMA } from '../../../voice-node/robots/schema/providers.js';
import { ROBOT_SCHEMA } from '../../../voice-node/robots/schema/robot.js';
import { PIPELINE, REALTIME, SCRIPT, world } from './farm.js';

const robotOf = (config: object): Robot => ({ name: 'shop', config: ROBOT_SCHEMA.parse(config), prompt: 'x', greeting: undefined, fallback: undefined, back: undefined, goodbye: undefined, tracks: new Map(), env: {} });

const lackOf = (kind: PartKind, config: unknown, around: Surroundings): string[] => {
  const list: readonly PartConfig[] = kind === 'stt' ? STT_SCHEMA.parse(config) : kind === 'llm' ? LLM_SCHEMA.parse(config) : kind === 'tts' ? TTS_SCHEMA.parse(config) : [REALTIME_SCHEMA.parse(config)];
  return usable(kind, list, around).missing.map(({ text }) => text);
};

/** A provider, what it needs besides nothing, and what is said where it is not there. */
const NEEDS: readonly (readonly [PartKind, unknown, Surroundings, readonly string[]])[] = [
  ['stt', 'openai', world({ OPENAI_API_KEY: 'k' }), ['stt openai: OPENAI_API_KEY is not set']],
  ['stt', { provider: 'openai', api_key_env: 'GROQ_KEY', base_url: 'https://api.groq.com/v1' }, world({ GROQ_KEY: 'k' }), ['stt openai: GROQ_KEY is not set']],
  ['stt', 'yandex', world({ YANDEX_API_KEY: 'k', YANDEX_FOLDER_ID: 'f' }), ['stt yandex: YANDEX_API_KEY is not set', 'stt yandex: YANDEX_FOLDER_ID is not set']],
  ['stt', 'local', world({ LOCAL_STT_URL: 'http://x/v1' }), ['stt local: LOCAL_STT_URL is not set']],
  ['stt', 'pocketsphinx', world({}, { pocketsphinx: () => true }), ['stt pocketsphinx: pocketsphinx is not set up; scripts/up does that']],
  ['stt', { provider: 'sherpa', model_dir: '/models/ru' }, world({}, { npmPackage: (name) => name === 'sherpa-onnx-node', folder: (path) => path === '/models/ru' }), ['stt sherpa: the package sherpa-onnx-node is not installed', 'stt sherpa: there is no folder /models/ru']],
  ['stt', 'livekit:deepgram', world({}, { livekitPlugin: (plugin) => plugin === 'deepgram' }), ['stt livekit:deepgram: the plugin is not installed; scripts/livekit-plugins add deepgram does that']],
  ['llm', { provider: 'openai', model: 'm' }, world({ OPENAI_API_KEY: 'k' }), ['llm openai: OPENAI_API_KEY is not set']],
  ['llm', { provider: 'azure', model: 'm' }, world({ AZURE_OPENAI_API_KEY: 'k', AZURE_OPENAI_ENDPOINT: 'https://x' }), ['llm azure: AZURE_OPENAI_API_KEY is not set', 'llm azure: AZURE_OPENAI_ENDPOINT is not set']],
  ['llm', { provider: 'azure', model: 'm', base_url: 'https://x/openai/v1' }, world({ AZURE_OPENAI_API_KEY: 'k' }), ['llm azure: AZURE_OPENAI_API_KEY is not set']],
  ['llm', 'yandex', world({ YANDEX_API_KEY: 'k', YANDEX_FOLDER_ID: 'f' }), ['llm yandex: YANDEX_API_KEY is not set', 'llm yandex: YANDEX_FOLDER_ID is not set']],
  ['llm', 'local', world({ LOCAL_LLM_URL: 'http://x/v1', LOCAL_LLM_MODEL: 'm' }), ['llm local: LOCAL_LLM_URL is not set', 'llm local: LOCAL_LLM_MODEL is not set']],
  ['llm', { provider: 'local', model: 'm' }, world({ LOCAL_LLM_URL: 'http://x/v1' }), ['llm local: LOCAL_LLM_URL is not set']],
  ['llm', { provider: 'local', model: 'm', base_url: 'http://x/v1', api_key_env: 'K' }, world({ K: 'k' }), ['llm local: K is not set']],
  ['tts', 'yandex', world({ YANDEX_API_KEY: 'k', YANDEX_FOLDER_ID: 'f' }), ['tts yandex: YANDEX_API_KEY is not set', 'tts yandex: YANDEX_FOLDER_ID is not set']],
  ['tts', { provider: 'elevenlabs', voice: 'v' }, world({ ELEVENLABS_API_KEY: 'k' }), ['tts elevenlabs: ELEVENLABS_API_KEY is not set']],
  ['tts', { provider: 'zvukogram', voice: 'v' }, world({ ZVUKOGRAM_TOKEN: 'k', ZVUKOGRAM_EMAIL: 'a@b' }), ['tts zvukogram: ZVUKOGRAM_TOKEN is not set', 'tts zvukogram: ZVUKOGRAM_EMAIL is not set']],
  ['tts', 'openai', world({ OPENAI_API_KEY: 'k' }), ['tts openai: OPENAI_API_KEY is not set']],
  ['tts', 'local', world({ LOCAL_TTS_URL: 'http://x/v1' }), ['tts local: LOCAL_TTS_URL is not set']],
  ['tts', 'flite', world({}, { program: (name) => name === 'flite' }), ['tts flite: the program flite is not on PATH']],
  ['tts', 'espeak', world({}, { program: (name) => name === 'espeak-ng' }), ['tts espeak: the program espeak-ng is not on PATH']],
  ['realtime', { provider: 'openai' }, world({ OPENAI_API_KEY: 'k' }), ['realtime openai: OPENAI_API_KEY is not set']],
  ['realtime', { provider: 'azure', model: 'd' }, world({ AZURE_OPENAI_API_KEY: 'k', AZURE_OPENAI_ENDPOINT: 'https://x' }), ['realtime azure: AZURE_OPENAI_API_KEY is not set', 'realtime azure: AZURE_OPENAI_ENDPOINT is not set']],
  ['realtime', { provider: 'yandex' }, world({ YANDEX_API_KEY: 'k', YANDEX_FOLDER_ID: 'f' }), ['realtime yandex: YANDEX_API_KEY is not set', 'realtime yandex: YANDEX_FOLDER_ID is not set']],
];

describe('what a provider needs', () => {
  it.each(NEEDS)('%s %j', (kind, config, enough, missing) => {
    expect(lackOf(kind, config, enough)).toEqual([]);
    expect(lackOf(kind, config, world())).toEqual(missing);
  });

  it('is nothing for the demonstration', () => {
    expect(lackOf('llm', 'demo', world())).toEqual([]);
  });
});

describe('what a robot needs', () => {
  it('is one usable provider of each kind; the others are left out', () => {
    const robot = robotOf({ ...PIPELINE, stt: ['yandex', 'openai'], llm: ['local', 'demo'], tts: ['flite', 'espeak'] });
    const around = world({ OPENAI_API_KEY: 'k' }, { program: (name) => name === 'espeak-ng' });
    const { parts, missing, notes } = requirementsOf(robot, around);
    expect(parts.map(({ kind, usable: list }) => [kind, list.map(({ provider }) => provider)])).toEqual([['stt', ['openai']], ['llm', ['demo']], ['tts', ['espeak']]]);
    expect(missing).toEqual([]);
    expect(notes).toEqual(['left out: stt yandex: YANDEX_API_KEY is not set', 'left out: stt yandex: YANDEX_FOLDER_ID is not set', 'left out: llm local: LOCAL_LLM_URL is not set', 'left out: llm local: LOCAL_LLM_MODEL is not set', 'left out: tts flite: the program flite is not on PATH']);
  });

  it('is everything that stands in the way of a kind without a usable one', () => {
    const robot = robotOf({ ...PIPELINE, stt: ['yandex', 'openai'] });
    const around = world({ YANDEX_API_KEY: 'k' });
    expect(missingFor(robot, around)).toEqual(['stt yandex: YANDEX_FOLDER_ID is not set', 'stt openai: OPENAI_API_KEY is not set', 'llm openai: OPENAI_API_KEY is not set', 'tts flite: the program flite is not on PATH']);
    expect(requirementsOf(robot, around).missing.map(({ thing }) => thing)).toEqual(['YANDEX_FOLDER_ID', 'OPENAI_API_KEY', 'OPENAI_API_KEY', 'flite']);
  });

  it('is that its tools may be reached, by origin', () => {
    const tool = (name: string, url: string): object => ({ name, url, description: 'x' });
    const robot = robotOf({ ...REALTIME, tools: [tool('a', 'https://crm.example.com/a?x=1'), tool('b', 'https://crm.example.com:444/b'), tool('c', 'http://crm.example.com/c')] });
    const around = world({ OPENAI_API_KEY: 'k' }, { toolOrigins: ['https://crm.example.com'] });
    expect(missingFor(robot, around)).toEqual(['tool b: https://crm.example.com:444 is not on TOOL_URLS', 'tool c: http://crm.example.com is not on TOOL_URLS']);
  });

  it('is nothing for echo and tone; no voice for recordings', () => {
    for (const mode of ['echo', 'tone']) expect(missingFor(robotOf({ mode }), world())).toEqual([]);
    expect(missingFor(robotOf(SCRIPT), world({ YANDEX_API_KEY: 'k', YANDEX_FOLDER_ID: 'f' }))).toEqual([]);
  });
});
