import { describe, expect, it } from 'vitest';
import { setup } from './shards-rig.js';
import { vitalsOf } from './told.js';

describe('a shard that has grown too large', () => {
  const LIMIT = 500e6;
  const large = vitalsOf({ residentBytes: LIMIT + 1 });

  it('takes no more calls, ends when it is empty, and another takes its place at once', async () => {
    const { shards, open, begin, clock, newest, made, log, lines } = setup(2, LIMIT);
    for (const name of ['1', '2']) newest(name).listener.ready();
    begin('1', 'a');
    begin('1', 'b');
    newest('1').listener.vitals(vitalsOf({ residentBytes: LIMIT }));
    expect(open().length).toBe(2);
    newest('1').listener.vitals(large);
    newest('1').listener.vitals(large);
    expect(open()).toEqual(['2']);
    expect(lines.filter((line) => line.startsWith('retiring'))).toEqual(['retiring 1']);
    expect(shards.up().map(({ name }) => name)).toEqual(['1', '2']);
    newest('1').listener.ended('a', 'caller_left');
    expect(made[0]?.dead).toBe(false);
    newest('1').listener.ended('b', 'caller_left');
    expect(made[0]?.dead).toBe(true);
    await clock.advanceTo(0);
    expect(made.length).toBe(3);
    newest('1').listener.ready();
    expect(open()).toEqual(['1', '2']);
    expect(log.at('error')).toEqual([]);
  });

  it('waits while another one is replaced', async () => {
    const { open, begin, clock, newest, made } = setup(2, LIMIT);
    for (const name of ['1', '2']) newest(name).listener.ready();
    for (const name of open()) begin(name, name);
    for (const name of ['1', '2']) newest(name).listener.vitals(large);
    expect(open()).toEqual(['2']);
    newest('1').listener.ended('1', 'idle');
    await clock.advanceTo(0);
    newest('1').listener.ready();
    newest('2').listener.vitals(large);
    expect(open()).toEqual(['1']);
    // One that dies meanwhile makes room for the next as well.
    newest('2').die('signal SIGKILL');
    newest('1').listener.vitals(large);
    await clock.advanceTo(10);
    expect(made.map(({ name }) => name)).toEqual(['1', '2', '1', '2', '1']);
  });

  it('that is the only one goes on until nobody is on the line', async () => {
    const { open, begin, clock, newest, made } = setup(1, LIMIT);
    newest('1').listener.ready();
    begin('1', 'a');
    newest('1').listener.vitals(large);
    expect(open()).toEqual(['1']);
    newest('1').listener.ended('a', 'caller_left');
    newest('1').listener.vitals(large);
    expect(made[0]?.dead).toBe(true);
    await clock.advanceTo(0);
    newest('1').listener.ready();
    expect(open()).toEqual(['1']);
  });

  it('stays where there is no limit', () => {
    const { open, newest } = setup(1);
    newest('1').listener.ready();
    newest('1').listener.vitals(vitalsOf({ residentBytes: 1e15 }));
    expect(open().length).toBe(1);
  });
});
