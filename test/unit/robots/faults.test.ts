import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { VoiceNodeError } from '../../../voice-node/domain/errors.js';
import { writeWav } from '../../../voice-node/dsp/wav.js';
import { ECHO, Farm, PIPELINE, REALTIME, SCRIPT, sineWav } from './farm.js';

let farm: Farm;
beforeEach(() => void (farm = new Farm()));
afterEach(() => farm.dispose());

/** What is in config.json, and all that is said of it. */
const CONFIGS: readonly (readonly [kind: string, config: string | object, faults: readonly string[]])[] = [
  ['empty file', '', ['shop/config.json: expected JSON: Unexpected end of JSON input']],
  ['text', 'mode: echo', ["shop/config.json: expected JSON: Unexpected token 'm'"]],
  ['comma too many', '{\n  "mode": "echo",\n}', ['shop/config.json: expected JSON: Expected double-quoted property name (line 3, column 1)']],
  ['a key in broken JSON', '{"api_key": "sk-secret-of-mine', ['shop/config.json: expected JSON: Unterminated string (line 1, column 31)']],
  ['a list', [], ['shop/config.json: expected an object {...}, got a list of 0']],
  ['a number', '3', ['shop/config.json: expected an object {...}, got 3']],
  ['null', 'null', ['shop/config.json: expected an object {...}, got null']],
  ['no mode', {}, ['shop/config.json: mode: expected one of echo, tone, pipeline, realtime, llm_script, got nothing']],
  ['unknown mode', { mode: 'parrot' }, ['shop/config.json: mode: expected one of echo, tone, pipeline, realtime, llm_script, got "parrot"']],
  ['unknown keys', { mode: 'echo', voice: 1, colour: 2 }, ['shop/config.json: voice: unknown key', 'shop/config.json: colour: unknown key']],
  ['a key of another spelling', { mode: 'echo', vad: { minSpeechMs: 1 } }, ['shop/config.json: vad.minSpeechMs: unknown key; keys are written like min_speech_ms']],
  ['a key of another mode', { mode: 'echo', stt: 'openai' }, ['shop/config.json: stt: unknown key']],
  ['text for a number', { mode: 'echo', vad: { min_speech_ms: '100' } }, ['shop/config.json: vad.min_speech_ms: expected a number, got "100"']],
  ['a fraction', { mode: 'echo', vad: { min_speech_ms: 1.5 } }, ['shop/config.json: vad.min_speech_ms: expected a whole number, got 1.5']],
  ['too much', { mode: 'echo', vad: { min_speech_ms: 9999 } }, ['shop/config.json: vad.min_speech_ms: expected at most 2000, got 9999']],
  ['too little', { mode: 'echo', vad: { min_silence_ms: -1 } }, ['shop/config.json: vad.min_silence_ms: expected at least 20, got -1']],
  ['one of a few', { mode: 'echo', interruptions: 'never' }, ['shop/config.json: interruptions: expected one of immediate, confirm, off, got "never"']],
  ['a language', { mode: 'echo', language: 'russian' }, ['shop/config.json: language: expected a language such as en-US or ru-RU, got "russian"']],
  ['an empty sentence', { ...PIPELINE, greeting_text: '  ' }, ['shop/config.json: greeting_text: expected a text that is not empty, got ""']],
  ['no provider', { ...PIPELINE, stt: [] }, ['shop/config.json: stt: expected a provider, got a list of 0']],
  ['providers forgotten', { mode: 'pipeline', llm: 'demo', tts: 'flite' }, ['shop/config.json: stt: expected a provider, such as "openai" or {"provider": "openai"}, got nothing']],
  ['unknown provider in short', { ...PIPELINE, tts: 'siri' }, ['shop/config.json: tts.provider: expected one of yandex, elevenlabs, zvukogram, openai, local, flite, espeak, livekit, got "siri"']],
  ['unknown provider of a list', { ...PIPELINE, tts: ['flite', { provider: 'siri' }] }, ['shop/config.json: tts.1.provider: expected one of yandex, elevenlabs, zvukogram, openai, local, flite, espeak, livekit, got "siri"']],
  ['a provider of another kind', { ...PIPELINE, llm: 'flite' }, ['shop/config.json: llm.provider: expected one of openai, azure, yandex, local, demo, livekit, got "flite"']],
  ['a key of a provider', { ...PIPELINE, tts: { provider: 'flite', speed: 2 } }, ['shop/config.json: tts.speed: unknown key']],
  ['a model that must be named', { ...PIPELINE, llm: 'openai' }, ['shop/config.json: llm.model: expected a text, got nothing']],
  ['a voice that must be named', { ...PIPELINE, tts: ['elevenlabs', 'flite'] }, ['shop/config.json: tts.0.voice: expected a text, got nothing']],
  ['a plugin without a name', { ...PIPELINE, stt: 'livekit:' }, ['shop/config.json: stt.plugin: expected the name of a plugin of @livekit/agents, such as deepgram, got ""']],
  ['six providers', { ...PIPELINE, tts: Array<string>(6).fill('flite') }, ['shop/config.json: tts: expected at most 5 of them, got a list of 6']],
  ['no URL', { ...PIPELINE, stt: { provider: 'local', base_url: 'localhost:8000' } }, ['shop/config.json: stt.base_url: expected a URL such as https://host/v1, got "localhost:8000"']],
  ['a password in a URL', { ...PIPELINE, stt: { provider: 'local', base_url: 'ftp://me:hunter2@host/v1' } }, ['shop/config.json: stt.base_url: expected a URL such as https://host/v1, got "ftp://[hidden]@host/v1"']],
  ['a path where there can be none', { ...PIPELINE, tts: [{ provider: 'yandex', base_url: 'https://host/v3' }, 'flite'] }, ['shop/config.json: tts.0.base_url: expected a server such as https://host:443, or http://host:50051 without TLS; no path, no password, got "https://host/v3"']],
  ['a password where there can be none', { ...PIPELINE, stt: { provider: 'yandex', base_url: 'https://me:hunter2@host' } }, ['shop/config.json: stt.base_url: expected a server such as https://host:443, or http://host:50051 without TLS; no path, no password, got "https://[hidden]@host"']],
  ['a key where its name belongs', { ...PIPELINE, stt: { provider: 'openai', api_key_env: 'sk-0123456789' } }, ['shop/config.json: stt.api_key_env: expected the name of an environment variable, such as MY_API_KEY, got 13 characters']],
  ['a deadline', { ...PIPELINE, tts: { provider: 'flite', deadlines: { first_ms: 1 } } }, ['shop/config.json: tts.deadlines.first_ms: expected at least 50, got 1']],
  ['turn detection', { mode: 'realtime', realtime: { provider: 'openai', turn_detection: { type: 'magic' } } }, ['shop/config.json: realtime.turn_detection.type: expected one of server_vad, node, got "magic"']],
  ['one of two kinds', { mode: 'realtime', realtime: { provider: 'openai', transcription: true } }, ['shop/config.json: realtime.transcription: expected a text or false, got true']],
  ['a tool', { ...PIPELINE, tools: [{ name: 'find order', description: 'x', url: 'https://a' }] }, ['shop/config.json: tools.0.name: expected letters, digits, - and _, at most 64, got "find order"']],
  ['a tool everyone has', { ...PIPELINE, tools: [{ name: 'end_call', description: 'x', url: 'https://a' }] }, ['shop/config.json: tools.0.name: end_call is the name of a tool that every robot has, got "end_call"']],
  ['a tool twice', { ...PIPELINE, tools: [0, 1].map(() => ({ name: 'a', description: 'x', url: 'https://a' })) }, ['shop/config.json: tools: expected names that differ, got a list of 2']],
  ['a schema that is none', { ...PIPELINE, tools: [{ name: 'a', description: 'x', url: 'https://a', parameters: { type: 'string' } }] }, ['shop/config.json: tools.0.parameters.type: expected object, got "string"']],
  ['a schema that cannot work', { ...PIPELINE, tools: [{ name: 'a', description: 'x', url: 'https://a', parameters: { type: 'object', required: 'a' } }] }, ['shop/config.json: tools.0.parameters.required: expected a list [...], got "a"']],
  ['a tool of another scheme', { ...PIPELINE, tools: [{ name: 'a', description: 'x', url: 'file:///etc/passwd' }] }, ['shop/config.json: tools.0.url: expected a URL beginning with http:// or https://, got "file:///etc/passwd"']],
  ['the name of a track', { ...SCRIPT, tracks: { again: { description: 'x' }, '../up': { description: 'x' } } }, ['shop/config.json: tracks.../up: expected a name of small letters, digits, - and _, got "../up"']],
  ['several at once', { mode: 'echo', description: 3, vad: { detector: 'ears' }, x: 1 }, ['shop/config.json: description: expected a text, got 3', 'shop/config.json: vad.detector: expected one of silero, webrtc, energy, got "ears"', 'shop/config.json: x: unknown key']],
];

describe('config.json', () => {
  it.each(CONFIGS)('%s', (_kind, config, expected) => {
    farm.write({ 'shop/config.json': config, 'shop/prompt.txt': 'Be kind.', 'shop/tracks/again.wav': sineWav(100) });
    expect(farm.faults()).toEqual(expected);
  });

  it('a plain spelling of everything is right', () => {
    const providers = { stt: ['yandex', { provider: 'openai' }, 'local', 'pocketsphinx', 'livekit:deepgram'], llm: [{ provider: 'azure', model: 'm' }, 'demo'], tts: { provider: 'yandex', voice: 'alena', speed: 1.2 } };
    const tools = [{ name: 'find_order', description: 'Finds an order.', url: 'https://crm.example.com/orders', parameters: { type: 'object', properties: { id: { type: 'string' } }, required: ['id'] } }];
    farm.write({ 'shop/config.json': { ...PIPELINE, ...providers, tools, greeting_text: 'Hello.' }, 'shop/prompt.txt': 'Be kind.' });
    const { config } = farm.open().get('shop');
    expect(config).toMatchObject({ mode: 'pipeline', language: 'en-US', end_call: true, speculate: true, stt: [{ provider: 'yandex' }, { provider: 'openai' }, { provider: 'local' }, { provider: 'pocketsphinx' }, { provider: 'livekit', plugin: 'deepgram' }] });
  });

  it('whatever JSON it is, it gives faults with a path or a robot, and nothing is thrown', () => {
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), fc.record({ mode: fc.constantFrom('echo', 'pipeline', 'realtime', 'llm_script'), stt: fc.jsonValue(), llm: fc.jsonValue(), tts: fc.jsonValue(), tools: fc.jsonValue(), tracks: fc.jsonValue(), realtime: fc.jsonValue() })), (json) => {
        farm.write({ 'shop/config.json': JSON.stringify(json) });
        for (const fault of farm.faults()) expect(fault).toMatch(/^shop\/(config\.json|prompt\.txt)/);
      }),
      { numRuns: 200 },
    );
  });
});

/** Files of the robot, and all that is said of them. */
const FILES: readonly (readonly [kind: string, files: Readonly<Record<string, string | Uint8Array | object>>, faults: readonly (string | RegExp)[]])[] = [
  ['a robot without config.json', { 'prompt.txt': 'x' }, ['shop/config.json: expected the description of the robot, there is no such file']],
  ['no prompt', { 'config.json': REALTIME }, ['shop/prompt.txt: mode realtime needs one: it tells the model who it is; got none']],
  ['an empty prompt', { 'config.json': PIPELINE, 'prompt.txt': ' \n\t' }, ['shop/prompt.txt: expected words that tell the model who it is, got an empty file']],
  ['a prompt in another encoding', { 'config.json': PIPELINE, 'prompt.txt': Uint8Array.of(0xcf, 0xf0, 0xe8) }, ['shop/prompt.txt: expected UTF-8, got other bytes']],
  ['a prompt like a book', { 'config.json': ECHO, 'prompt.txt': 'x'.repeat(70_000) }, ['shop/prompt.txt: expected at most 65536 bytes, got 70000']],
  ['a greeting nobody can say', { 'config.json': { ...ECHO, greeting_text: 'Hello.' } }, ['shop/config.json: greeting_text: expected a greeting.wav with these words: mode echo has no voice of its own to say them']],
  ['an apology nobody can say', { 'config.json': { ...SCRIPT, fallback_text: 'Sorry.' }, 'tracks/again.wav': sineWav(100) }, ['shop/config.json: fallback_text: expected a fallback.wav with these words: mode llm_script has no voice of its own to say them']],
  ['a good-bye nobody can say', { 'config.json': { ...SCRIPT, back_text: 'I am back.', goodbye_text: 'Bye.' }, 'back.wav': sineWav(100), 'tracks/again.wav': sineWav(100) }, ['shop/config.json: goodbye_text: expected a goodbye.wav with these words: mode llm_script has no voice of its own to say them']],
  ['a greeting that is no WAV', { 'config.json': { ...ECHO, greeting_text: 'Hello.' }, 'greeting.wav': 'ID3 this is mp3' }, ['shop/greeting.wav: expected a WAV file (RIFF ... WAVE), got "ID3 "']],
  ['a greeting without sound', { 'config.json': ECHO, 'greeting.wav': sineWav(0) }, ['shop/greeting.wav: expected a recording, got one without a sample']],
  ['a greeting that never ends', { 'config.json': ECHO, 'greeting.wav': sineWav(121_000, 8000) }, ['shop/greeting.wav: expected at most 120 s, got 121.0 s']],
  ['a rate nobody uses', { 'config.json': ECHO, 'fallback.wav': writeWav({ samples: new Int16Array(100), rateHz: 12_345 }) }, [/^shop\/fallback\.wav: .*12345/]],
  ['a language that a provider does not know', { 'config.json': { ...PIPELINE, language: 'ru-RU', stt: ['yandex', 'pocketsphinx'] }, 'prompt.txt': 'x' }, ['shop/config.json: stt: pocketsphinx knows English only, and language is ru-RU', 'shop/config.json: tts: flite knows English only, and language is ru-RU']],
  ['no recording for a track', { 'config.json': { ...SCRIPT, tracks: { again: { description: 'x' }, hello: { description: 'y' } } }, 'tracks/again.wav': sineWav(100) }, ['shop/config.json: tracks.hello: expected the recording tracks/hello.wav, there is none']],
  ['no description for a recording', { 'config.json': SCRIPT, 'tracks/again.wav': sineWav(100), 'tracks/hello.wav': sineWav(100) }, ['shop/tracks/hello.wav: expected a description in config.json under tracks.hello, there is none']],
  ['a recording with the name of what every object has', { 'config.json': SCRIPT, 'tracks/again.wav': sineWav(100), 'tracks/constructor.wav': sineWav(100) }, ['shop/tracks/constructor.wav: expected a description in config.json under tracks.constructor, there is none']],
  ['no recordings at all', { 'config.json': SCRIPT }, ['shop/config.json: tracks.again: expected the recording tracks/again.wav, there is none']],
  ['a fallback that is no track', { 'config.json': { ...SCRIPT, fallback_track: 'other' }, 'tracks/again.wav': sineWav(100) }, ['shop/config.json: fallback_track: expected one of the tracks again, got "other"']],
  ['a fallback with the name of what every object has', { 'config.json': { ...SCRIPT, fallback_track: 'constructor' }, 'tracks/again.wav': sineWav(100) }, ['shop/config.json: fallback_track: expected one of the tracks again, got "constructor"']],
  ['the name of a recording', { 'config.json': SCRIPT, 'tracks/again.wav': sineWav(100), 'tracks/Hello World.WAV': sineWav(100) }, ['shop/tracks/Hello World.WAV: expected a name of small letters, digits, - and _, ending in .wav']],
  ['a recording that is a folder', { 'config.json': SCRIPT, 'tracks/again.wav/x': '' }, ['shop/tracks/again.wav: expected a plain file, got something else']],
  ['an .env with what belongs to the node', { 'config.json': ECHO, '.env': 'HOST=1\nLIVEKIT_URL=ws://x\nOPENAI_API_KEY=sk-1\nMINE=2' }, ['shop/.env: HOST: belongs to the node; expected it in the environment or in the root .env', 'shop/.env: LIVEKIT_URL: belongs to the node; expected it in the environment or in the root .env']],
  ['an .env with a line that is none', { 'config.json': ECHO, '.env': '# keys\n\nexport A=1\nsk-secret\nB = 2 # x' }, ['shop/.env: line 4: expected NAME=value, the name of letters, digits and _']],
  ['an .env with a name that is none', { 'config.json': ECHO, '.env': 'MY-KEY=1' }, ['shop/.env: line 1: expected NAME=value, the name of letters, digits and _']],
  ['an .env with lines in a value', { 'config.json': ECHO, '.env': 'A="1\nfree text\n2"\nMY-KEY="sk-1"' }, ['shop/.env: expected NAME=value, the name of letters, digits and _']],
  ['all at once', { 'config.json': { ...SCRIPT, x: 1 }, '.env': 'HOST=1', 'greeting.wav': '' }, ['shop/config.json: x: unknown key', 'shop/.env: HOST: belongs to the node; expected it in the environment or in the root .env', 'shop/greeting.wav: expected a WAV file (RIFF ... WAVE), got an empty file']],
];

describe('the files of a robot', () => {
  it.each(FILES)('%s', (_kind, files, expected) => {
    farm.write(Object.fromEntries(Object.entries(files).map(([name, content]) => [`shop/${name}`, content])));
    expect(farm.faults()).toEqual(expected.map((each) => (typeof each === 'string' ? each : (expect.stringMatching(each) as string))));
  });

  it('never lead out of its folder', () => {
    farm.write({ 'secret.txt': 'root:x', 'secret.wav': sineWav(100), 'shop/config.json': SCRIPT, 'shop/inside.wav': sineWav(100), 'shop/tracks/.keep': '' });
    symlinkSync('../secret.txt', farm.at('shop/prompt.txt'));
    symlinkSync(farm.at('secret.wav'), farm.at('shop/tracks/again.wav'));
    const fault = 'expected a file inside the folder of the robot, got a link that leads out of it';
    expect(farm.faults()).toEqual([`shop/prompt.txt: ${fault}`, `shop/tracks/again.wav: ${fault}`]);
    farm.remove('shop/prompt.txt');
    farm.remove('shop/tracks/again.wav');
    symlinkSync('../inside.wav', farm.at('shop/tracks/again.wav'));
    expect(farm.faults()).toEqual([]);
  });

  it('are plain: nobody waits at a pipe', () => {
    farm.write({ 'shop/config.json': ECHO });
    execFileSync('mkfifo', [farm.at('shop/prompt.txt')]);
    expect(farm.faults()).toEqual(['shop/prompt.txt: expected a plain file, got something else']);
  });

  it('have a name that can be one, together with all other faults', () => {
    farm.write({ 'My Shop/config.json': ECHO, 'shop/config.json': { mode: 'x' }, 'echo/config.json': ECHO, 'notes/readme.md': 'no robot', '.git/config.json': '' });
    mkdirSync(farm.at('empty'));
    const expected = ['My Shop: expected a folder name of small letters, digits, - and _, at most 64', expect.stringMatching(/^shop\/config\.json: mode: /)];
    expect(farm.faults()).toEqual(expected);
    expect(() => farm.open()).toThrow(VoiceNodeError);
    expect(() => farm.open()).toThrow(/My Shop: .*\nshop\/config\.json: mode/);
  });

  it('are not more than anyone could want', () => {
    const names = Array.from({ length: 201 }, (_, i) => `t${i}`);
    farm.write({ 'shop/config.json': { ...SCRIPT, fallback_track: 't0', tracks: Object.fromEntries(names.map((name) => [name, { description: name }])) } });
    farm.write(Object.fromEntries(names.map((name) => [`shop/tracks/${name}.wav`, sineWav(1)])));
    expect(farm.faults()).toEqual(['shop/tracks: expected at most 200 recordings, got more']);
  });
});

describe('the folder', () => {
  it('has to be there', () => {
    farm.dispose();
    expect(() => farm.open()).toThrow(/^ROBOTS_DIR: expected a folder of robots, got .*, which does not exist$/);
  });
});
