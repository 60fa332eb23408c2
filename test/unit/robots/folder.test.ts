import { renameSync, statSync, utimesSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WIRE_RATE_HZ, type Audio } from '../../../voice-node/domain/audio.js';
import { VoiceNodeError } from '../../../voice-node/domain/errors.js';
import { RobotFolder } from '../../../voice-node/robots/folder.js';
import { readWav, writeWav } from '../../../voice-node/dsp/wav.js';
import { MemoryLog } from '../call/rig.js';
import { ECHO, Farm, PIPELINE, SCRIPT, sineWav } from './farm.js';

let farm: Farm;
let log: MemoryLog;
beforeEach(() => {
  farm = new Farm();
  log = new MemoryLog();
});
afterEach(() => farm.dispose());

const opened = (): RobotFolder => {
  const robots = farm.open();
  robots.reportTo(log);
  return robots;
};
const said = (): unknown[] => log.lines.splice(0).map(({ level, fields, message }) => [level, fields['robot'], message, ...(fields['faults'] === undefined ? [] : [fields['faults']])]);

describe('a robot', () => {
  it('is its config, prompt, recordings and .env', () => {
    farm.write({
      'shop/config.json': `\uFEFF${JSON.stringify({ ...SCRIPT, greeting_text: 'Hello.', fallback_text: 'Sorry.' })}`,
      'shop/prompt.txt': '\uFEFF  Be kind.\nAlways. \n',
      'shop/greeting.wav': sineWav(100),
      'shop/fallback.wav': sineWav(100),
      'shop/tracks/again.wav': sineWav(200, 22_050),
      'shop/tracks/notes.txt': 'who spoke what',
      'shop/.env': '# of the shop\nYANDEX_API_KEY="a b"\nMINE=1\n',
    });
    const robot = farm.open().get('shop');
    expect(robot).toMatchObject({ name: 'shop', prompt: 'Be kind.\nAlways.', env: { YANDEX_API_KEY: 'a b', MINE: '1' }, greeting: { text: 'Hello.' }, fallback: { text: 'Sorry.' } });
    expect([...robot.tracks.keys()]).toEqual(['again']);
    expect(robot.tracks.get('again')).toMatchObject({ rateHz: WIRE_RATE_HZ });
    expect(robot.tracks.get('again')?.samples.length).toBe(9600);
  });

  it('may be no more than a mode', () => {
    farm.write({ 'shop/config.json': ECHO });
    expect(farm.open().get('shop')).toMatchObject({ prompt: '', greeting: undefined, fallback: undefined, env: {}, tracks: new Map() });
  });

  it('may greet with a recording without words, or with words that its voice says', () => {
    farm.write({ 'a/config.json': ECHO, 'a/greeting.wav': sineWav(100), 'b/config.json': { ...PIPELINE, greeting_text: 'Hello.' }, 'b/prompt.txt': 'x' });
    const robots = farm.open();
    expect(robots.get('a').greeting).toMatchObject({ text: undefined, audio: { rateHz: WIRE_RATE_HZ } });
    expect(robots.get('b').greeting).toEqual({ text: 'Hello.', audio: undefined });
  });

  it.each([8000, 11_025, 16_000, 22_050, 24_000, 44_100, 48_000])('has recordings of %i Hz whole, in their place, as loud as they were', (rateHz) => {
    // A burst in the middle of silence: neither moved nor cut by the resampler.
    const samples = new Int16Array(rateHz);
    for (let i = Math.round(0.4 * rateHz); i < 0.6 * rateHz; i++) samples[i] = Math.round(10_000 * Math.sin((2 * Math.PI * 1000 * i) / rateHz));
    farm.write({ 'shop/config.json': ECHO, 'shop/greeting.wav': writeWav({ samples, rateHz }) });
    const { samples: wire } = farm.open().get('shop').greeting?.audio as Audio;
    expect(wire.length).toBe(WIRE_RATE_HZ);
    const loud = [...wire.keys()].filter((i) => Math.abs(wire[i] as number) > 3000);
    expect(Math.abs((loud[0] as number) / 48 - 400)).toBeLessThan(0.6);
    expect(Math.abs((loud.at(-1) as number) / 48 - 600)).toBeLessThan(0.6);
    const middle = wire.subarray(0.45 * WIRE_RATE_HZ, 0.55 * WIRE_RATE_HZ);
    const rms = Math.sqrt(middle.reduce((sum, x) => sum + x * x, 0) / middle.length);
    expect(rms).toBeGreaterThan(10_000 / Math.SQRT2 * 0.99);
    expect(rms).toBeLessThan(10_000 / Math.SQRT2 * 1.01);
  });

  it('keeps the end of a recording that has no silence after it', () => {
    farm.write({ 'shop/config.json': ECHO, 'shop/greeting.wav': sineWav(100, 8000) });
    const { samples } = farm.open().get('shop').greeting?.audio as Audio;
    const rms = (part: Int16Array): number => Math.sqrt(part.reduce((sum, x) => sum + x * x, 0) / part.length);
    expect(samples.length).toBe(4800);
    expect(rms(samples.subarray(-240, -24))).toBeGreaterThan(0.8 * rms(samples.subarray(2000, 3000)));
  });
});

describe('look-ups', () => {
  it('know the robots that were found, and no other name', () => {
    farm.write({ 'b/config.json': ECHO, 'a/config.json': ECHO, 'outside.json': ECHO });
    const robots = farm.open();
    expect(robots.names).toEqual(['a', 'b']);
    for (const name of ['', '.', '..', '../a', 'a/', 'A', 'a\0', '/etc', 'constructor', '__proto__', 'x'.repeat(5000)]) {
      expect([name, robots.has(name), robots.find(name)]).toEqual([name, false, undefined]);
      expect(() => robots.get(name)).toThrow(VoiceNodeError);
    }
    expect(() => robots.get('c')).toThrow('expected one of a, b, got "c"');
  });

  it('give the same robot as long as nothing changes, and read nothing again', () => {
    farm.write({ 'shop/config.json': SCRIPT, 'shop/tracks/again.wav': sineWav(100) });
    let reads = 0;
    const robots = farm.open({ readAudio: (bytes, name) => (reads++, readWav(bytes, name)) });
    const robot = robots.get('shop');
    for (let i = 0; i < 5; i++) expect([robots.get('shop') === robot, robots.all()[0] === robot]).toEqual([true, true]);
    expect(reads).toBe(1);
  });
});

describe('a change', () => {
  it('counts for the next call, whichever file it is in', () => {
    farm.write({ 'shop/config.json': SCRIPT, 'shop/prompt.txt': 'one', 'shop/tracks/again.wav': sineWav(100) });
    const robots = opened();
    const first = robots.get('shop');
    farm.write({ 'shop/prompt.txt': 'two' });
    expect(robots.get('shop').prompt).toBe('two');
    farm.write({ 'shop/config.json': { ...SCRIPT, description: 'new' } });
    expect(robots.get('shop').config.description).toBe('new');
    farm.write({ 'shop/.env': 'A=1' });
    expect(robots.get('shop').env).toEqual({ A: '1' });
    farm.remove('shop/.env');
    expect(robots.get('shop').env).toEqual({});
    farm.write({ 'shop/greeting.wav': sineWav(100) });
    expect(robots.get('shop').greeting?.audio?.samples.length).toBe(4800);
    farm.write({ 'shop/tracks/again.wav': sineWav(200) });
    expect(robots.get('shop').tracks.get('again')?.samples.length).toBe(9600);
    expect(said()).toEqual(Array(6).fill(['info', 'shop', 'a robot has changed; its next call goes by that']));
    // A call that goes on has what it began with.
    expect([first.prompt, first.tracks.get('again')?.samples.length]).toEqual(['one', 4800]);
  });

  it('is seen where neither size nor time of the file tell of it', () => {
    farm.write({ 'shop/config.json': ECHO, 'shop/prompt.txt': 'one' });
    const robots = farm.open();
    const { atime, mtime } = statSync(farm.at('shop/prompt.txt'));
    farm.write({ 'shop/other': 'two' });
    utimesSync(farm.at('shop/other'), atime, mtime);
    renameSync(farm.at('shop/other'), farm.at('shop/prompt.txt'));
    expect(robots.get('shop').prompt).toBe('two');
  });

  it('decodes only the recordings that have changed', () => {
    farm.write({ 'shop/config.json': { ...SCRIPT, tracks: { again: { description: 'x' }, b: { description: 'x' } } }, 'shop/tracks/again.wav': sineWav(100), 'shop/tracks/b.wav': sineWav(100) });
    const read: string[] = [];
    const robots = farm.open({ readAudio: (bytes, name) => (read.push(name), readWav(bytes, name)) });
    const { tracks } = robots.get('shop');
    farm.write({ 'shop/tracks/b.wav': sineWav(200), 'shop/prompt.txt': 'new' });
    expect(robots.get('shop').tracks.get('again')).toBe(tracks.get('again'));
    expect(read).toEqual(['tracks/again.wav', 'tracks/b.wav', 'tracks/b.wav']);
  });

  it('that is no good leaves the last good robot, is told once, and is forgotten when it is mended', () => {
    farm.write({ 'shop/config.json': { ...ECHO, description: 'good' } });
    const robots = opened();
    const good = robots.get('shop');
    farm.write({ 'shop/config.json': '{"mode": "ech', 'shop/.env': 'PORT=1' });
    for (let i = 0; i < 3; i++) expect([robots.get('shop') === good, robots.names]).toEqual([true, ['shop']]);
    const faults = ['shop/config.json: expected JSON: Unterminated string (line 1, column 14)', 'shop/.env: PORT: belongs to the node; expected it in the environment or in the root .env'];
    expect(said()).toEqual([['warn', 'shop', 'a robot was changed and is not right; its last good state stays', faults]]);
    farm.write({ 'shop/config.json': { mode: 'x' } });
    expect(robots.get('shop')).toBe(good);
    expect(said()).toHaveLength(1);
    farm.write({ 'shop/config.json': { ...ECHO, description: 'better' } });
    farm.remove('shop/.env');
    expect(robots.get('shop').config.description).toBe('better');
    expect(said()).toEqual([['info', 'shop', 'a robot has changed; its next call goes by that']]);
  });

  it('that leaves a robot without its config.json is no good', () => {
    farm.write({ 'shop/config.json': ECHO, 'shop/prompt.txt': 'x' });
    const robots = opened();
    farm.remove('shop/config.json');
    expect(robots.has('shop')).toBe(true);
    expect(said()).toEqual([['warn', 'shop', 'a robot was changed and is not right; its last good state stays', ['shop/config.json: expected the description of the robot, there is no such file']]]);
  });

  it('may be a new robot, a wrong one, and one that is gone', () => {
    farm.write({ 'a/config.json': ECHO });
    const robots = opened();
    expect(robots.has('b')).toBe(false);
    farm.write({ 'b/config.json': ECHO, 'c/config.json': { mode: 'x' } });
    expect(robots.get('b').name).toBe('b');
    expect(robots.names).toEqual(['a', 'b']);
    expect(said()).toEqual([
      ['info', 'b', 'a new robot is there'],
      ['warn', 'c', 'a robot is not right and takes no calls', [expect.stringMatching(/^c\/config\.json: mode: /)]],
    ]);
    farm.remove('a');
    expect([robots.has('a'), robots.names]).toEqual([false, ['b']]);
    expect(said()).toEqual([['info', 'a', 'a robot is gone']]);
    farm.write({ 'c/config.json': ECHO });
    expect(robots.names).toEqual(['b', 'c']);
  });

  it('may be that the whole folder is away for a while', () => {
    farm.write({ 'robots/a/config.json': ECHO });
    const robots = new RobotFolder({ folder: farm.at('robots'), readAudio: readWav });
    robots.reportTo(log);
    const robot = robots.get('a');
    renameSync(farm.at('robots'), farm.at('elsewhere'));
    for (let i = 0; i < 3; i++) expect([robots.get('a') === robot, robots.names]).toEqual([true, ['a']]);
    expect(said()).toEqual([['warn', undefined, 'the folder of the robots cannot be read; the robots stay as they are']]);
    renameSync(farm.at('elsewhere'), farm.at('robots'));
    expect(robots.get('a')).toBe(robot);
    expect(said()).toEqual([]);
  });
});

describe('large recordings that come while calls go on', () => {
  /** Pauses that last until they are let go. */
  class Pauses {
    waiting: (() => void)[] = [];
    taken = 0;
    readonly pause = (): Promise<void> => {
      this.taken++;
      return new Promise((resolve) => this.waiting.push(resolve));
    };
    /** Lets `count` of them go, one after the other. */
    async go(count = Infinity): Promise<void> {
      for (let i = 0; i < count && this.waiting.length > 0; i++) {
        this.waiting.splice(0).forEach((resolve) => resolve());
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
  }

  it('are decoded in pieces, with the robot as it was until then, and the same sound', async () => {
    const pauses = new Pauses();
    farm.write({ 'shop/config.json': { ...SCRIPT, tracks: { again: { description: 'x' }, b: { description: 'x' } } }, 'shop/tracks/again.wav': sineWav(9000, 22_050), 'shop/tracks/b.wav': sineWav(100) });
    const robots = farm.open({ pause: pauses.pause });
    robots.reportTo(log);
    const before = robots.get('shop');
    expect(pauses.taken).toBe(0);
    farm.write({ 'shop/tracks/again.wav': sineWav(8000, 22_050, 600), 'shop/prompt.txt': 'new' });
    for (let i = 0; i < 3; i++) expect(robots.get('shop')).toBe(before);
    await pauses.go(4);
    expect(robots.get('shop')).toBe(before);
    await pauses.go();
    const after = robots.get('shop');
    expect([after.prompt, after.tracks.get('again')?.samples.length, pauses.taken]).toEqual(['new', 8 * WIRE_RATE_HZ, 9]);
    expect(after.tracks.get('b')).toBe(before.tracks.get('b'));
    expect(after.tracks.get('again')?.samples).toEqual(farm.open().get('shop').tracks.get('again')?.samples);
    expect(said()).toEqual([['info', 'shop', 'a robot has changed; its next call goes by that']]);
  });

  it('may change once more meanwhile, or be none', async () => {
    const pauses = new Pauses();
    farm.write({ 'shop/config.json': ECHO });
    const robots = farm.open({ pause: pauses.pause });
    robots.reportTo(log);
    farm.write({ 'shop/greeting.wav': sineWav(9000, 22_050) });
    robots.get('shop');
    await pauses.go(2);
    farm.write({ 'shop/greeting.wav': sineWav(10_000, 22_050) });
    expect(robots.get('shop').greeting).toBeUndefined();
    await pauses.go();
    expect(robots.get('shop').greeting?.audio?.samples.length).toBe(10 * WIRE_RATE_HZ);
    said();
    farm.write({ 'shop/greeting.wav': 'x'.repeat(400_000), 'shop/fallback.wav': sineWav(9000, 22_050) });
    robots.get('shop');
    await pauses.go();
    for (let i = 0; i < 3; i++) expect(robots.get('shop').greeting?.audio?.samples.length).toBe(10 * WIRE_RATE_HZ);
    expect(said()).toEqual([['warn', 'shop', 'a robot was changed and is not right; its last good state stays', ['shop/greeting.wav: expected a WAV file (RIFF ... WAVE), got "xxxx"']]]);
    expect(pauses.waiting).toEqual([]);
  });

  it('of a few seconds are there at once', () => {
    farm.write({ 'shop/config.json': ECHO });
    const robots = farm.open({ pause: () => Promise.reject(new Error('nobody has to wait')) });
    farm.write({ 'shop/greeting.wav': sineWav(5000, 16_000) });
    expect(robots.get('shop').greeting?.audio?.samples.length).toBe(5 * WIRE_RATE_HZ);
  });
});

describe('.env', () => {
  it('is checked by whoever knows the settings, as a fault of the robot', () => {
    farm.write({ 'shop/config.json': ECHO, 'shop/.env': 'VAD=ears\nOTHER=1' });
    const checkEnv = (env: Readonly<Record<string, string>>): string[] => (env['VAD'] === 'ears' ? ['VAD: expected one of silero, webrtc, energy, got "ears"'] : []);
    expect(farm.faults({ checkEnv })).toEqual(['shop/.env: VAD: expected one of silero, webrtc, energy, got "ears"']);
    farm.write({ 'shop/.env': 'VAD=silero' });
    expect(farm.faults({ checkEnv })).toEqual([]);
  });
});
