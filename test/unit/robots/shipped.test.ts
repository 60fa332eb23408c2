import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../../../voice-node/config.js';
import { faultText } from '../../../voice-node/robots/faults.js';
import { RobotFolder } from '../../../voice-node/robots/folder.js';
import { missingFor } from '../../../voice-node/robots/requirements.js';
import { ROBOT_SCHEMA } from '../../../voice-node/robots/schema/robot.js';
import { durationMs } from '../../../voice-node/robots/sounds.js';
import { readWav } from '../../../voice-node/dsp/wav.js';
import { world } from './farm.js';

const folder = join(ROOT, 'robots');
const surveyed = RobotFolder.survey({ folder, readAudio: readWav });
const KEYS = { OPENAI_API_KEY: 'k', YANDEX_API_KEY: 'k', YANDEX_FOLDER_ID: 'f' };

describe('the robots that come with the node', () => {
  it('are all right', () => {
    expect(surveyed.flatMap(({ faults }) => faults.map(faultText))).toEqual([]);
    expect(surveyed.map(({ name }) => name)).toEqual(expect.arrayContaining(['consultant', 'echo', 'llm_script_russian', 'pipeline_russian', 'realtime_russian', 'tone']));
  });

  it.each(surveyed.flatMap(({ robot }) => robot ?? []).map((robot) => [robot.name, robot] as const))('%s', (name, robot) => {
    const { mode, description, language } = robot.config;
    expect(description?.length).toBeGreaterThan(20);
    // Keys and programs are all they may lack.
    expect(missingFor(robot, world(KEYS, { program: () => true, pocketsphinx: () => true }))).toEqual([]);
    // Its own keys are nobody else's business.
    expect(existsSync(join(folder, name, '.env')) ? [] : robot.env).toEqual(existsSync(join(folder, name, '.env')) ? [] : {});
    if (mode === 'echo' || mode === 'tone') return;
    const words = [robot.greeting?.text ?? '', robot.fallback?.text ?? '', robot.prompt];
    for (const text of words) {
      expect(text).not.toBe('');
      expect([text, /[а-яё]/i.test(text)]).toEqual([text, language === 'ru-RU']);
    }
    // Instructions for speech: short, and written as one would say them.
    expect(robot.prompt.length).toBeLessThan(2500);
    expect(robot.prompt).not.toMatch(/^\s*[-*#\d]/m);
  });

  it('have recordings one can hear, none of them long', () => {
    const sounds = surveyed.flatMap(({ robot }) => [...(robot?.tracks ?? []), ...(['greeting', 'fallback'] as const).flatMap((kind) => (robot?.[kind]?.audio === undefined ? [] : [[`${robot.name} ${kind}`, robot[kind].audio] as const]))]);
    expect(sounds.length).toBeGreaterThanOrEqual(14);
    for (const [name, audio] of sounds) {
      const rms = Math.sqrt(audio.samples.reduce((sum, x) => sum + x * x, 0) / audio.samples.length);
      const dbfs = 20 * Math.log10(rms / 32_768);
      expect([name, dbfs > -30 && dbfs < -15, durationMs(audio) > 1500 && durationMs(audio) < 10_000]).toEqual([name, true, true]);
    }
  });
});

describe('the README', () => {
  it('shows a config.json that is one', () => {
    const [, json] = /## Robots[\s\S]*?```json\n([\s\S]*?)```/.exec(readFileSync(join(ROOT, 'README.md'), 'utf8')) ?? [];
    expect(ROBOT_SCHEMA.parse(JSON.parse(json ?? ''))).toMatchObject({ mode: 'pipeline' });
  });
});
