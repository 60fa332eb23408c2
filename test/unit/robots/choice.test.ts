import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RobotChoice } from '../../../voice-node/robots/choice.js';
import { requirementsOf } from '../../../voice-node/robots/requirements.js';
import { MemoryLog } from '../call/rig.js';
import { ECHO, Farm, REALTIME, world } from './farm.js';

let farm: Farm;
let log: MemoryLog;
beforeEach(() => {
  log = new MemoryLog();
  farm = new Farm().write({ 'echo/config.json': ECHO, 'tone/config.json': { mode: 'tone', description: 'Answers with a tone.' }, 'shop/config.json': REALTIME, 'shop/prompt.txt': 'x' });
});
afterEach(() => farm.dispose());

/** Keys come from the robot's .env alone. */
const choiceOf = (defaultName = 'echo'): RobotChoice =>
  new RobotChoice({ robots: farm.open(), defaultName, log, missing: (robot) => requirementsOf(robot, world(robot.env)).missing });
const taking = (choice: RobotChoice, metadata: string): string => choice.forRoom(metadata, { callId: 'c1' }).name;
const said = (): unknown[] => log.lines.splice(0).map(({ level, fields, message }) => [level, fields, message]);

describe('which robot takes a call', () => {
  it('is the one the room names, else the default', () => {
    const choice = choiceOf();
    for (const [metadata, robot] of [['{"robot":"tone"}', 'tone'], [' {"robot":"tone"}', 'tone'], ['{"robot":"echo"}', 'echo'], ['{"robot":"tone","opened_by":"caller"}', 'tone'], ['', 'echo'], ['{}', 'echo'], ['{"robot":3}', 'echo'], ['{"robot"', 'echo'], ['tone', 'echo']] as const) {
      expect([metadata, taking(choice, metadata)]).toEqual([metadata, robot]);
    }
    expect(said()).toEqual([]);
  });

  it('is the default where the named one does not exist, which is said without repeating a page of it', () => {
    const choice = choiceOf();
    expect(taking(choice, JSON.stringify({ robot: '../echo' }))).toBe('echo');
    expect(said()).toEqual([['warn', { callId: 'c1', wanted: '../echo', robot: 'echo' }, 'the room names a robot that does not exist; the default takes the call']]);
    taking(choice, JSON.stringify({ robot: 'x'.repeat(5000) }));
    expect(log.lines[0]?.fields['wanted']).toBe('x'.repeat(80));
  });

  it('is the default where the named one lacks something, and itself as soon as it is there', () => {
    const choice = choiceOf();
    expect(taking(choice, '{"robot":"shop"}')).toBe('echo');
    expect(said()).toEqual([['warn', { callId: 'c1', wanted: 'shop', robot: 'echo', missing: ['realtime openai: OPENAI_API_KEY is not set'] }, 'the room names a robot that cannot take calls; the default takes the call']]);
    farm.write({ 'shop/.env': 'OPENAI_API_KEY=sk-1' });
    expect(taking(choice, '{"robot":"shop"}')).toBe('shop');
    expect(said()).toEqual([]);
  });

  it('is the default as it could last take calls, whatever happens to its folder', () => {
    farm.write({ 'shop/.env': 'OPENAI_API_KEY=sk-1' });
    const choice = choiceOf('shop');
    const first = choice.forRoom('', {});
    farm.write({ 'shop/prompt.txt': 'new' });
    const second = choice.forRoom('', {});
    expect([first.prompt, second.prompt]).toEqual(['x', 'new']);
    farm.remove('shop/.env');
    expect(choice.forRoom('', {})).toBe(second);
    expect(said()).toEqual([['warn', { robot: 'shop', missing: ['realtime openai: OPENAI_API_KEY is not set'] }, 'the default robot cannot take calls any more; it goes on as it was']]);
    farm.remove('shop');
    expect(choice.forRoom('{"robot":"nobody"}', {})).toBe(second);
    expect(taking(choice, '{"robot":"echo"}')).toBe('echo');
  });
});

describe('the robots that are offered', () => {
  it('are all, with what they lack', () => {
    const choice = choiceOf();
    const missing = [{ thing: 'OPENAI_API_KEY', text: 'realtime openai: OPENAI_API_KEY is not set' }];
    const shop = { name: 'shop', mode: 'realtime', ready: false, missing };
    const echo = { name: 'echo', mode: 'echo', ready: true, missing: [] };
    expect(choice.offers()).toEqual([echo, shop, { name: 'tone', mode: 'tone', description: 'Answers with a tone.', ready: true, missing: [] }]);
    farm.write({ 'shop/.env': 'OPENAI_API_KEY=sk-1' });
    farm.remove('tone');
    expect(choice.offers()).toEqual([echo, { ...shop, ready: true, missing: [] }]);
  });
});

describe('the default', () => {
  it('must be there and able to take calls when the node starts', () => {
    expect(() => choiceOf('hal')).toThrow('ROBOT: expected one of echo, shop, tone, got "hal"');
    expect(() => choiceOf('shop')).toThrow('ROBOT: expected a robot that can take calls, got "shop", which lacks something:\n  realtime openai: OPENAI_API_KEY is not set');
  });
});
