import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { runRobots } from '../../../voice-node/cli/robots.js';
import { VoiceNodeError } from '../../../voice-node/domain/errors.js';
import { ECHO, Farm } from './farm.js';

let farm: Farm;
beforeEach(() => {
  farm = new Farm().write({ 'echo/config.json': ECHO });
  vi.stubEnv('ROBOTS_DIR', farm.folder);
  vi.stubEnv('ROBOT', 'echo');
  vi.stubEnv('PATH', '');
});
afterEach(() => {
  farm.dispose();
  vi.unstubAllEnvs();
});

function run(...args: string[]): { code: number; text: string } {
  const out = new PassThrough();
  const code = runRobots(args, out);
  return { code, text: String(out.read() ?? '') };
}

const LACKING = { mode: 'pipeline', stt: [{ provider: 'openai', api_key_env: 'NO_SUCH_KEY' }, 'pocketsphinx'], llm: ['demo'], tts: [{ provider: 'local', base_url: 'http://127.0.0.1:1/v1' }, 'flite'] };

describe('voice-node robots', () => {
  it('lists all of them, whatever their state', () => {
    vi.stubEnv('CACHE_DIR', farm.at('cache'));
    farm.write({ 'shop/config.json': LACKING, 'shop/prompt.txt': 'x', 'torn/config.json': '{' });
    const { code, text } = run();
    expect(code).toBe(0);
    expect(text.split('\n').slice(0, -2)).toEqual([
      'robot   mode      providers                 state',
      '------  --------  ------------------------  ------------------------------------------------------------------',
      'echo *  echo                                ready',
      'shop    pipeline  stt openai, pocketsphinx  stt openai: NO_SUCH_KEY is not set',
      '                  llm demo                  stt pocketsphinx: pocketsphinx is not set up; scripts/up does that',
      '                  tts local, flite',
      'torn    ?                                   broken, 1 fault: see robots check',
    ]);
  });

  it('takes no other words', () => {
    expect(() => run('dance')).toThrow('robots: expected check or nothing, got "dance"; usage: voice-node robots [check [name...] [--json]]');
    expect(() => run('--colour')).toThrow(VoiceNodeError);
  });
});

describe('voice-node robots check', () => {
  it('ends with 0 where all can take calls', () => {
    expect(run('check')).toEqual({ code: 0, text: 'ready    echo\n1 of 1 can take calls; 0 lack something; 0 broken\n' });
  });

  it('ends with 1 where one lacks something, and names it', () => {
    vi.stubEnv('CACHE_DIR', farm.at('cache'));
    farm.write({ 'shop/config.json': LACKING, 'shop/prompt.txt': 'x' });
    const { code, text } = run('check');
    expect(code).toBe(1);
    expect(text.split('\n').slice(1, -2)).toEqual([
      'missing  shop',
      '           stt openai: NO_SUCH_KEY is not set',
      '           stt pocketsphinx: pocketsphinx is not set up; scripts/up does that',
      '           left out: tts flite: the program flite is not on PATH',
    ]);
    farm.write({ 'shop/.env': 'NO_SUCH_KEY=1' });
    expect(run('check').code).toBe(0);
  });

  it('ends with 2 where one is broken, whatever else, with every fault', () => {
    farm.write({ 'shop/config.json': { mode: 'x', y: 1 }, 'shop/.env': 'VAD=ears', 'torn/config.json': '' });
    const { code, text } = run('check');
    expect(code).toBe(2);
    expect(text).toContain('broken   shop\n           shop/config.json: mode: expected one of');
    expect(text).toContain('           shop/.env: VAD: expected one of silero, webrtc, energy, got "ears"\n');
    expect(text).toContain('broken   torn\n           torn/config.json: expected JSON: ');
    expect(text).toContain('1 of 3 can take calls; 0 lack something; 2 broken');
  });

  it('looks only at those that are named', () => {
    farm.write({ 'torn/config.json': '' });
    expect(run('check', 'echo', 'echo').text).toBe('ready    echo\n1 of 1 can take calls; 0 lack something; 0 broken\n');
    expect(run('check', 'echo').code).toBe(0);
    expect(run('check', 'torn').code).toBe(2);
    expect(() => run('check', 'hal')).toThrow('robots check: expected one of echo, torn, got "hal"');
  });

  it('sees that the default does not exist', () => {
    vi.stubEnv('ROBOT', 'hal');
    const { code, text } = run('check');
    expect([code, text.split('\n')[0]]).toEqual([2, 'ROBOT: expected one of echo, got "hal"']);
  });

  it('says the same as JSON', () => {
    farm.write({ 'torn/config.json': { mode: 'echo', vad: { detector: 'ears' } }, 'shop/config.json': { mode: 'realtime', realtime: { provider: 'openai', api_key_env: 'NO_SUCH_KEY' } }, 'shop/prompt.txt': 'x' });
    const { code, text } = run('check', '--json');
    expect(code).toBe(2);
    const nothing = { missing: [], notes: [], faults: [] };
    expect(JSON.parse(text)).toEqual({
      default: 'echo',
      faults: [],
      robots: [
        { ...nothing, name: 'echo', state: 'ready', mode: 'echo', providers: {} },
        { ...nothing, name: 'shop', state: 'missing', mode: 'realtime', providers: { realtime: ['openai'] }, missing: ['realtime openai: NO_SUCH_KEY is not set'] },
        { ...nothing, name: 'torn', state: 'broken', providers: {}, faults: [{ file: 'torn/config.json', path: 'vad.detector', message: 'expected one of silero, webrtc, energy, got "ears"' }] },
      ],
    });
  });
});
