import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { setup } from './shards-rig.js';
import { vitalsOf } from './told.js';

describe('the shards of a node', () => {
  it('are started, told of by name, and given out when they are ready', () => {
    const { shards, made, lines, newest } = setup(3);
    expect(made.map(({ name }) => name)).toEqual(['1', '2', '3']);
    expect(shards.slots.map(({ name }) => name)).toEqual(['1', '2', '3']);
    expect(shards.up()).toEqual([]);
    newest('2').listener.ready();
    newest('3').listener.ready();
    newest('2').listener.vitals(vitalsOf({ lateShare: 0.01 }));
    newest('2').listener.said('a', { by: 'caller', text: 'x' });
    newest('2').listener.identity('a', 'robot-a');
    expect(lines).toEqual(['ready 2', 'ready 3', 'vitals 2 …', 'said 2 a …', 'identity 2 a robot-a']);
    expect(shards.up().map(({ name }) => name)).toEqual(['2', '3']);
  });

  it('are seen with the process that is in them, and asked for its metrics', async () => {
    const { shards, states, newest, begin, lines } = setup(2);
    newest('1').listener.ready();
    begin('1', 'a');
    begin('1', 'b');
    newest('1').hangUp('a', 'idle');
    expect(newest('1').begun).toEqual(['a', 'b']);
    expect(lines).toEqual(['ready 1', 'ended 1 a idle']);
    expect(states()).toEqual([
      { name: '1', pid: 1, state: 'ready' },
      { name: '2', pid: 2, state: 'starting' },
    ]);
    expect(shards.slots.map(({ generation }) => generation)).toEqual([1, 1]);
    expect(await Promise.all(shards.up().map((slot) => slot.metrics()))).toEqual([[1]]);
  });

  it('that die are replaced: at once, then later and later, and at once again after 30 s of life', async () => {
    const { clock, newest, made } = setup(1);
    const delays: number[] = [];
    for (let death = 0; death < 9; death++) {
      const before = made.length;
      newest('1').listener.ready();
      newest('1').die('exit code 1');
      const diedMs = clock.nowMs();
      while (made.length === before) await clock.advanceTo(clock.nowMs() + 10);
      delays.push(Math.floor((clock.nowMs() - diedMs) / 100) * 100);
    }
    expect(delays).toEqual([0, 200, 400, 800, 1600, 3200, 5000, 5000, 5000]);
    newest('1').listener.ready();
    await clock.advanceTo(clock.nowMs() + 30_000);
    newest('1').die('signal SIGSEGV');
    const before = made.length;
    await clock.advanceTo(clock.nowMs());
    expect(made.length).toBe(before + 1);
  });

  it('are not thought healthy for the time that they took to start', async () => {
    const { clock, newest, made } = setup(1);
    newest('1').die('exit code 1');
    await clock.advanceTo(0);
    // 30 s are what a start may take: it never took a call.
    await clock.advanceTo(40_000);
    newest('1').die('not ready within 30 s');
    await clock.advanceTo(40_190);
    expect(made.length).toBe(2);
    await clock.advanceTo(40_200);
    expect(made.length).toBe(3);
  });

  it('that die are gone at once, and their death is told before another is started', async () => {
    const { shards, states, clock, newest, lines, made, begin } = setup(2);
    newest('1').listener.ready();
    newest('1').listener.vitals(vitalsOf());
    begin('1', 'a');
    const dead = newest('1');
    dead.die('signal SIGKILL');
    expect(lines.at(-1)).toBe('died 1 signal SIGKILL');
    expect(made.length).toBe(2);
    expect(shards.up()).toEqual([]);
    expect(states()[0]).toEqual({ name: '1', pid: undefined, state: 'dead' });
    await expect(shards.slots[0]?.metrics()).rejects.toMatchObject({ code: 'shard_failed' });
    await clock.advanceTo(0);
    expect(states()[0]).toEqual({ name: '1', pid: 3, state: 'starting' });
    expect(shards.slots[0]?.generation).toBe(2);
    // The dead are not heard.
    dead.listener.ended('a', 'idle');
    dead.listener.ready();
    dead.listener.died('again');
    expect(states()[0]).toEqual({ name: '1', pid: 3, state: 'starting' });
    await clock.advanceTo(10_000);
    expect(made.length).toBe(3);
  });

  it('that cannot be made are tried again', async () => {
    const { states, clock, newest, lines, made, log, breakDown } = setup(1);
    breakDown(true);
    newest('1').die('exit code 1');
    await clock.advanceTo(1000);
    expect(lines).toEqual(['died 1 exit code 1']);
    const reasons = log.lines.flatMap(({ message, fields }) => (message === 'a shard has died' ? [fields.reason] : []));
    expect(reasons).toEqual(['exit code 1', 'it could not be made: out of processes', 'it could not be made: out of processes', 'it could not be made: out of processes']);
    expect(states()[0]?.state).toBe('dead');
    breakDown(false);
    await clock.advanceTo(5000);
    expect([made.length, states()[0]?.state]).toEqual([2, 'starting']);
  });

  it.each(['stop', 'kill'] as const)('stay ended after %s', async (how) => {
    const { shards, clock, newest, made, lines } = setup(3);
    newest('1').listener.ready();
    newest('3').die('exit code 1');
    await shards[how]();
    await clock.advanceTo(60_000);
    expect(made.length).toBe(3);
    expect(made.every(({ dead }) => dead)).toBe(true);
    const word = how === 'stop' ? 'stopped' : 'killed';
    expect(lines.slice(-2)).toEqual([`died 1 ${word}`, `died 2 ${word}`]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('are always as many as there should be, and never more, whatever dies when', async () => {
    const step = fc.record({ slot: fc.nat(2), what: fc.constantFrom('ready', 'die', 'wait'), ms: fc.nat(8000) });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const { shards, clock, newest, made } = setup(3);
        for (const { slot, what, ms } of steps) {
          const shard = newest(String(slot + 1));
          if (what === 'ready' && !shard.dead) shard.listener.ready();
          if (what === 'die') shard.die('chance');
          if (what === 'wait') await clock.advanceTo(clock.nowMs() + ms);
          const living = made.filter(({ dead }) => !dead);
          expect(new Set(living.map(({ name }) => name)).size).toBe(living.length);
          expect(shards.up().every((each) => living.some(({ name }) => name === each.name))).toBe(true);
        }
        await clock.advanceTo(clock.nowMs() + 5000);
        expect(made.filter(({ dead }) => !dead).map(({ name }) => name).sort()).toEqual(['1', '2', '3']);
        const restarts = shards.slots.reduce((sum, { generation }) => sum + generation - 1, 0);
        expect(restarts).toBe(made.length - 3);
      }),
      { numRuns: 60 },
    );
  });
});
