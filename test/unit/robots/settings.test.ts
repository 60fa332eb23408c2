import fc from 'fast-check';
import { chmodSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RobotSettings } from '../../../voice-node/cli/robot-settings.js';
import { VARIABLES } from '../../../voice-node/config.js';
import { belongsToNode } from '../../../voice-node/robots/env-file.js';
import { RobotFolder } from '../../../voice-node/robots/folder.js';
import { ECHO, Farm, PIPELINE } from './farm.js';

let farm: Farm;
beforeEach(() => void (farm = new Farm()));
afterEach(() => farm.dispose());

const opened = (environment: Readonly<Record<string, string>>): { settings: RobotSettings; robots: RobotFolder } => {
  const settings = new RobotSettings({ ...environment, ROBOTS_DIR: farm.folder });
  return { settings, robots: new RobotFolder(settings.folder) };
};

describe('the settings of a robot', () => {
  it('are its own .env, then the environment, then the defaults', () => {
    farm.write({ 'a/config.json': ECHO, 'b/config.json': ECHO, 'b/.env': 'VAD_MIN_SILENCE_MS=900\nYANDEX_API_KEY=of-b' });
    const { settings, robots } = opened({ VAD_MIN_SILENCE_MS: '700', ANSWER_TIMEOUT_MS: '9000', YANDEX_API_KEY: 'of-all' });
    const pick = (name: string): unknown[] => {
      const { VAD_MIN_SILENCE_MS, ANSWER_TIMEOUT_MS, YANDEX_API_KEY, VAD_PRE_ROLL_MS } = settings.of(robots.get(name));
      return [VAD_MIN_SILENCE_MS, ANSWER_TIMEOUT_MS, YANDEX_API_KEY, VAD_PRE_ROLL_MS];
    };
    expect(pick('a')).toEqual([700, 9000, 'of-all', 400]);
    expect(pick('b')).toEqual([900, 9000, 'of-b', 400]);
    farm.write({ 'b/.env': 'VAD_MIN_SILENCE_MS=901' });
    expect(pick('b')).toEqual([901, 9000, 'of-all', 400]);
  });

  it('are checked when they are read, against those of the node, and secrets are not repeated', () => {
    farm.write({ 'a/config.json': ECHO, 'a/.env': 'VAD=ears\nSOCKS_PROXY=http://me:hunter2@x', 'b/config.json': ECHO, 'b/.env': 'VAD_SILERO_START=0.3' });
    const settings = new RobotSettings({ ROBOTS_DIR: farm.folder, VAD_SILERO_STOP: '0.4' });
    expect(farm.faults(settings.folder)).toEqual([
      'a/.env: VAD: expected one of silero, webrtc, energy, got "ears"',
      'a/.env: SOCKS_PROXY: expected a URL beginning with socks5:// or socks5h://, got "http://[hidden]@x"',
      'b/.env: VAD_SILERO_STOP: expected at most VAD_SILERO_START, which is 0.3, got 0.4',
    ]);
  });

  it('tell whether the schema of a tool is one', () => {
    const tool = (parameters: object): object => ({ ...PIPELINE, tools: [{ name: 'a', description: 'x', url: 'https://a', parameters }] });
    farm.write({ 'a/config.json': tool({ type: 'object', properties: { n: { type: 'whole' } } }), 'a/prompt.txt': 'x', 'b/config.json': tool({ type: 'object', properties: { n: { type: 'integer' } } }), 'b/prompt.txt': 'x' });
    const faults = farm.faults(new RobotSettings({ ROBOTS_DIR: farm.folder }).folder);
    expect(faults).toEqual([expect.stringMatching(/^a\/config\.json: tools\.0\.parameters: expected parameters as JSON Schema, got something else: /)]);
  });

  it('may be any variable but those of the node', () => {
    const node = Object.keys(VARIABLES).filter(belongsToNode);
    expect(node).toEqual(['LIVEKIT_URL', 'LIVEKIT_PUBLIC_URL', 'LIVEKIT_API_KEY', 'LIVEKIT_API_SECRET', 'HOST', 'PORT', 'LOG_LEVEL', 'ROBOT', 'ROBOTS_DIR', 'SHARDS', 'ROOMS_PER_SHARD', 'MAX_CALLS', 'ADMISSION', 'SHARD_RECYCLE_MB', 'JOURNAL', 'NODE_NAME', 'ADMIN_TOKEN', 'DRAIN_TIMEOUT_MS', 'TOOL_URLS', 'CACHE_DIR', 'PHRASE_CACHE_MB']);
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Z][A-Z0-9_]{0,20}$/), fc.stringMatching(/^[a-z0-9]{1,20}$/), (name, value) => {
        fc.pre(!(name in VARIABLES) && !belongsToNode(name));
        farm.write({ 'a/config.json': ECHO, 'a/.env': `${name}=${value}` });
        expect(farm.open().get('a').env).toEqual({ [name]: value });
      }),
      { numRuns: 100 },
    );
  });

  it('name what must not be seen in the log', () => {
    farm.write({ 'a/config.json': { ...PIPELINE, stt: { provider: 'openai', api_key_env: 'GROQ' } }, 'a/prompt.txt': 'x', 'a/.env': 'GROQ=groq-key-of-a\nMY_TOKEN=token-of-a\nPLAIN=word' });
    const { settings, robots } = opened({ OPENAI_API_KEY: 'openai-key', LIVEKIT_API_SECRET: 's'.repeat(32), LIVEKIT_API_KEY: 'devkey', SSH_KEY: 'not ours' });
    expect([...settings.secrets(robots.all())].sort()).toEqual(['groq-key-of-a', 'openai-key', 's'.repeat(32), 'token-of-a']);
  });
});

describe('what is around a robot', () => {
  it('is its .env over the environment; empty is unset; nothing comes from the object itself', () => {
    farm.write({ 'a/config.json': ECHO, 'a/.env': 'A=of a\nB=\n' });
    const { settings, robots } = opened({ A: 'of the node', B: 'of the node', C: ' c ', PATH: '' });
    const { env } = settings.around(robots.get('a'));
    expect([env('A'), env('B'), env('C'), env('D'), env('constructor'), env('')]).toEqual(['of a', undefined, 'c', undefined, undefined, undefined]);
  });

  it('is what can be run from PATH, installed packages, and folders', () => {
    farm.write({ 'a/config.json': ECHO, 'bin/flite': '#!/bin/sh', 'bin/notes': 'x', 'bin/folder/x': '' });
    chmodSync(farm.at('bin/flite'), 0o755);
    const { settings, robots } = opened({ PATH: `/nonexistent::${farm.at('bin')}`, CACHE_DIR: farm.at('cache') });
    for (const name of ['@livekit/agents', '@livekit/agents-plugin-deepgram']) farm.write({ [`cache/livekit-plugins/node_modules/${name}/package.json`]: {}, 'cache/livekit-plugins/load.mjs': '' });
    const { program, npmPackage, folder, livekitPlugin, pocketsphinx } = settings.around(robots.get('a'));
    expect(['flite', 'notes', 'folder', 'none', ''].map(program)).toEqual([true, false, false, false, false]);
    expect(['zod', 'hono', '@livekit/rtc-node', '@livekit/agents-plugin-none'].map(npmPackage)).toEqual([true, true, true, false]);
    expect(['deepgram', 'cartesia'].map(livekitPlugin)).toEqual([true, false]);
    expect(pocketsphinx()).toBe(false);
    expect([farm.at('bin'), farm.at('bin/notes'), 'robots', 'nothing'].map(folder)).toEqual([true, false, true, false]);
  });
});
