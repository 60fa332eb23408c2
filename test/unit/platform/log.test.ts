import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { RobotSettings } from '../../../voice-node/cli/robot-settings.js';
import { createLog, Secrets } from '../../../voice-node/platform/log.js';
import { RobotFolder } from '../../../voice-node/robots/folder.js';
import { Farm, PIPELINE } from '../robots/farm.js';

let written: string[];
beforeEach(() => {
  written = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((line) => written.push(String(line)) > 0);
});
afterEach(() => void vi.restoreAllMocks());

const lines = (): Record<string, unknown>[] => written.splice(0).map((line) => JSON.parse(line) as Record<string, unknown>);
const line = (): Record<string, unknown> | undefined => lines()[0];

it('writes a JSON line for each entry from its level on, with the fields of its parents', () => {
  const log = createLog('info');
  const child = log.child({ callId: 'c1' });
  child.debug({}, 'hidden');
  child.info({ n: 1 }, 'shown');
  child.child({ room: 'r' }).error({}, 'bad');
  log.warn({}, 'odd');
  expect(written.every((text) => text.endsWith('\n') && !text.slice(0, -1).includes('\n'))).toBe(true);
  const time = expect.stringMatching(/^\d{4}-.*Z$/) as string;
  expect(lines()).toEqual([
    { level: 'info', time, callId: 'c1', n: 1, msg: 'shown' },
    { level: 'error', time, callId: 'c1', room: 'r', msg: 'bad' },
    { level: 'warn', time, msg: 'odd' },
  ]);
});

it('says nothing when it is told to be silent', () => {
  createLog('silent').error({}, 'no');
  expect(written).toEqual([]);
});

it('hides tokens and secrets wherever they stand, also where JSON writes them differently', () => {
  const secrets = new Secrets();
  secrets.add('', ['a-secret-with-"quotes"-and-\\-in-it', 'longer-pass', 'longer-password', 'short']);
  const token = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjYWxsZXIifQ.c2lnbmF0dXJlLWhlcmU';
  const log = createLog('info', secrets);
  log.info({ deep: { list: ['xa-secret-with-"quotes"-and-\\-in-ity'] }, url: 'https://x/?key=longer-password&a=longer-pass' }, `failed with ${token}`);
  log.child({ key: 'longer-pass' }).warn({ url: `wss://host?access_token=${token}` }, 'a short one');
  expect(lines()).toMatchObject([
    { deep: { list: ['x[secret]y'] }, url: 'https://x/?key=[secret]&a=[secret]', msg: 'failed with [token]' },
    { key: '[secret]', url: 'wss://host?access_token=[token]', msg: 'a short one' },
  ]);
});

it('hides what is added while it is written, from children made before as well, and what was there before', () => {
  const secrets = new Secrets();
  const log = createLog('info', secrets).child({ robot: 'a' });
  secrets.add('a', ['first-key-of-a', 'shared-key']);
  secrets.add('b', ['first-key-of-b', 'shared-key']);
  secrets.add('a', ['second-key-of-a']);
  log.info({ keys: 'first-key-of-a second-key-of-a first-key-of-b shared-key' }, '');
  expect(line()).toMatchObject({ keys: '[secret] [secret] [secret] [secret]' });
});

it('forgets the oldest keys of one robot only, however often they change', () => {
  const secrets = new Secrets();
  secrets.add('a', ['key-of-another']);
  for (let i = 0; i < 1500; i++) secrets.add('b', [`key-number-${i}-of-b`]);
  expect(secrets.scrub('key-of-another key-number-0-of-b key-number-500-of-b key-number-1499-of-b')).toBe('[secret] key-number-0-of-b [secret] [secret]');
});

it('hides keys of a robot from the moment its .env has them, in whatever way they came there', () => {
  const farm = new Farm();
  try {
    farm.write({ 'a/config.json': { ...PIPELINE, stt: { provider: 'openai', api_key_env: 'GROQ' } }, 'a/prompt.txt': 'x', 'a/.env': 'OPENAI_API_KEY=openai-key-1\nGROQ=groq-key-1' });
    const secrets = new Secrets();
    const settings = new RobotSettings({ ROBOTS_DIR: farm.folder });
    const robots = new RobotFolder({ ...settings.folder, onRead: (robot) => secrets.add(robot.name, settings.secrets([robot])) });
    const log = createLog('info', secrets);
    const shown = (text: string): unknown => (log.info({ text }, ''), line()?.['text']);
    expect(shown('openai-key-1 groq-key-1 openai-key-2')).toBe('[secret] [secret] openai-key-2');
    farm.write({ 'a/.env': 'OPENAI_API_KEY=openai-key-2\nGROQ=groq-key-2' });
    robots.get('a');
    expect(shown('openai-key-1 groq-key-1 openai-key-2 groq-key-2')).toBe('[secret] [secret] [secret] [secret]');
    farm.write({ 'new/config.json': PIPELINE, 'new/prompt.txt': 'x', 'new/.env': 'OPENAI_API_KEY=key-of-the-new' });
    robots.all();
    expect(shown('key-of-the-new')).toBe('[secret]');
    // The very first line about a robot is written after that.
    farm.write({ 'key-of-c/config.json': PIPELINE, 'key-of-c/prompt.txt': 'x', 'key-of-c/.env': 'OPENAI_API_KEY=key-of-c' });
    robots.reportTo(log);
    robots.all();
    expect(line()).toMatchObject({ robot: '[secret]', msg: 'a new robot is there' });
  } finally {
    farm.dispose();
  }
});
