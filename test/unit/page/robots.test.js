// @ts-check
import { describe, expect, it } from 'vitest';
import { aboutRobot, readRobots } from '../../../static/robots.js';

const DETAILS = [
  { name: 'echo', mode: 'echo', ready: true },
  { name: 'offline', mode: 'pipeline', description: 'Needs  no\nkey.', ready: true },
  { name: 'russian', mode: 'pipeline', description: 'Отвечает по-русски.', ready: false, missing: ['A_KEY', 'B_KEY', 'flite', 'x.wav'] },
  { name: 'bare', mode: 'of_a_newer_node', ready: false },
];

describe('readRobots', () => {
  it('works with the names alone, as an older node gives them', () => {
    const { choices, preferred } = readRobots({ robots: ['echo', 'tone'], default: 'tone' });
    expect(choices.map(({ name, label, ready }) => [name, label, ready])).toEqual([['echo', 'echo', true], ['tone', 'tone', true]]);
    expect(preferred).toBe('tone');
  });

  it('says what a robot lacks that cannot take calls', () => {
    const { choices } = readRobots({ robots: DETAILS.map(({ name }) => name), default: 'echo', details: DETAILS });
    expect(choices.map(({ label }) => label)).toEqual(['echo', 'offline', 'russian (needs A_KEY, B_KEY and 2 more)', 'bare (not ready)']);
    expect(choices.map(({ ready }) => ready)).toEqual([true, true, false, false]);
    expect(choices.map(aboutRobot)).toEqual(['Repeats what you say.', 'Needs no key.', 'Отвечает по-русски. It cannot take calls yet: A_KEY, B_KEY, flite, x.wav missing.', 'It cannot take calls yet.']);
  });

  it('prefers a robot that can take calls to a default that cannot', () => {
    const robots = DETAILS.map(({ name }) => name);
    expect(readRobots({ robots, default: 'russian', details: DETAILS }).preferred).toBe('echo');
    expect(readRobots({ robots: ['russian', 'bare'], default: 'bare', details: DETAILS }).preferred).toBe('bare');
    expect(readRobots({ robots, default: 'unknown', details: DETAILS }).preferred).toBe('echo');
  });

  it('makes nothing of an answer that is none', () => {
    for (const answer of [null, undefined, 5, 'echo', [], {}, { robots: 'echo' }, { robots: [5, null, {}, ''] }]) {
      expect(readRobots(answer)).toEqual({ choices: [], preferred: null });
    }
    const odd = readRobots({ robots: ['a', 'a', 7], default: 7, details: [null, 5, { name: 'a', mode: 7, description: {}, missing: 'x', ready: 'yes' }] });
    expect(odd.choices).toEqual([{ name: 'a', label: 'a', mode: '', description: '', ready: true, missing: [] }]);
  });

  it('is bounded, whatever comes', () => {
    const long = 'x'.repeat(100_000);
    const details = [{ name: long, mode: long, description: long, ready: false, missing: Array.from({ length: 500 }, () => long) }];
    const { choices } = readRobots({ robots: [long, ...Array.from({ length: 5000 }, (_, i) => `r${i}`)], details });
    expect(choices).toHaveLength(200);
    const [first] = choices;
    expect(first?.label.length).toBeLessThan(300);
    expect(aboutRobot(first).length).toBeLessThan(2500);
  });
});
