import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import type { Clock, Timer } from '../../../voice-node/domain/clock.js';
import { monotonicMs, type MonotonicMs } from '../../../voice-node/domain/time.js';
import { ChildShard } from '../../../voice-node/node/child-shard.js';
import { VirtualClock } from '../../../voice-node/platform/virtual-clock.js';
import { MemoryLog } from '../call/rig.js';
import { requestOf } from './stub-call.js';
import { told } from './told.js';

const STUB = fileURLToPath(new URL('./stub-shard.mjs', import.meta.url));

/** Virtual time that can leap, as it does for a process that was stopped: what was due in between is late, and due once. */
class LeapingClock implements Clock {
  readonly inner = new VirtualClock();
  #leapMs = 0;
  nowMs = (): MonotonicMs => monotonicMs(this.inner.nowMs() + this.#leapMs);
  wallMs = (): ReturnType<Clock['wallMs']> => this.inner.wallMs();
  at = (atMs: MonotonicMs, task: () => void): Timer => this.inner.at(monotonicMs(atMs - this.#leapMs), task);
  leap(ms: number): void {
    this.#leapMs += ms;
  }
}

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

function setup(manner = 'good') {
  const clock = new LeapingClock();
  const log = new MemoryLog();
  const news = told();
  const spawn = (): ChildProcess => {
    const child = fork(STUB, [manner], { execArgv: [] });
    children.push(child);
    return child;
  };
  const shard = new ChildShard({ name: '1', spawn, clock, log }, news.listener);
  return { ...news, clock: clock.inner, leap: (ms: number) => clock.leap(ms), log, shard };
}

const lives = (pid: number | undefined): boolean => {
  try {
    return process.kill(pid ?? NaN, 0);
  } catch {
    return false;
  }
};

describe('a shard in a process of its own', () => {
  it('gets ready, carries out what it is told, tells what happens, and stops in order', async () => {
    const { line, lines, nextVitals, shard, clock } = setup();
    expect(lines).toEqual([]);
    const first = nextVitals();
    await line('ready');
    expect((await first).residentBytes).toBeGreaterThan(1e6);
    expect(lives(shard.pid)).toBe(true);
    const { callId, ...rest } = { ...requestOf('a'), past: [{ by: 'caller' as const, text: 'hello' }] };
    shard.begin({ callId, ...rest });
    expect(await line('said')).toBe(`said a robot: began ${JSON.stringify(rest)}`);
    shard.hangUp('a', 'hung_up');
    await line('said a robot: {"type":"hang_up","callId":"a","end":"hung_up"}');
    shard.sayGoodbye('a');
    await line('said a robot: {"type":"say_goodbye","callId":"a"}');
    await shard.stop();
    expect(lines.at(-1)).toBe('died stopped');
    expect(lives(shard.pid)).toBe(false);
    expect(clock.pendingTimers).toBe(0);
    // To no effect, and without a complaint.
    shard.begin(requestOf('late'));
    shard.kill();
    await shard.stop();
    expect(lines.filter((each) => each.startsWith('died')).length).toBe(1);
  });

  it.each([
    ['is killed from outside', 'good', 'died signal SIGKILL'],
    ['ends itself', 'exits', 'died exit code 7'],
  ])('that %s is dead once', async (_, manner, reason) => {
    const { line, lines, shard, clock } = setup(manner);
    await line('ready');
    if (manner === 'good') process.kill(shard.pid ?? NaN, 'SIGKILL');
    else shard.begin(requestOf('a'));
    expect(await line('died')).toBe(reason);
    expect(lines.filter((each) => each.startsWith('died')).length).toBe(1);
    expect(clock.pendingTimers).toBe(0);
    await expect(shard.metrics()).rejects.toMatchObject({ code: 'shard_failed' });
  });

  it('that is killed by us is dead when it is gone', async () => {
    const { line, lines, shard } = setup();
    await line('ready');
    shard.kill();
    expect(lines).toEqual(['ready']);
    expect(await line('died')).toBe('died killed');
    expect(lives(shard.pid)).toBe(false);
  });

  it('has its last word heard before it is dead', async () => {
    for (let round = 0; round < 5; round++) {
      const { line, lines, shard } = setup('last');
      await line('ready');
      shard.begin(requestOf('a'));
      await line('died');
      expect(lines).toEqual(['ready', 'ended a caller_left', 'died signal SIGKILL']);
    }
  });

  it('that cannot be started is dead, but not before it is there', async () => {
    const clock = new VirtualClock();
    const { listener, lines } = told();
    const spawn = (): never => {
      throw new Error('spawn EAGAIN');
    };
    const shard = new ChildShard({ name: '1', spawn, clock, log: new MemoryLog() }, listener);
    expect(lines).toEqual([]);
    await clock.advanceTo(0);
    expect(lines).toEqual(['died it could not be started: spawn EAGAIN']);
    await shard.stop();
  });

  it('of a program that is not there is dead', async () => {
    const { listener, line } = told();
    const spawn = (): ChildProcess => fork(STUB, [], { execPath: '/nowhere/node' });
    const shard = new ChildShard({ name: '1', spawn, clock: new VirtualClock(), log: new MemoryLog() }, listener);
    expect(await line('died')).toMatch(/could not be started: .*ENOENT/);
    await shard.stop();
  });
});

describe('a shard whose event loop stands still', () => {
  it.each(['stuck', 'stopped'])('(%s) is killed after 10 s', async (manner) => {
    const { line, lines, shard, clock } = setup(manner === 'stuck' ? 'stuck' : 'good');
    await line('ready');
    shard.begin(requestOf('a'));
    await line('said');
    if (manner === 'stopped') process.kill(shard.pid ?? NaN, 'SIGSTOP');
    await clock.advanceTo(9_900);
    expect(lives(shard.pid)).toBe(true);
    expect(lines.at(-1)).toMatch(/^said/);
    await clock.advanceTo(11_000);
    expect(await line('died')).toBe('died no sign of life for 10 s');
    expect(lives(shard.pid)).toBe(false);
  });

  it('is not blamed for the time that main stood still as well', async () => {
    const { line, shard, clock, leap } = setup();
    await line('ready');
    for (let round = 0; round < 9; round++) {
      leap(60_000);
      await clock.advanceTo(1000 * (round + 1));
    }
    expect(lives(shard.pid)).toBe(true);
    // And is not forgiven what it does not tell afterwards.
    await clock.advanceTo(30_000);
    await line('died no sign of life');
  });

  it('is killed where it does not get ready within 30 s', async () => {
    const { line, shard, clock } = setup('silent');
    await clock.advanceTo(29_900);
    expect(lives(shard.pid)).toBe(true);
    await clock.advanceTo(30_000);
    expect(await line('died')).toBe('died not ready within 30 s');
  });

  it('is killed where it does not stop', async () => {
    const { line, shard, clock } = setup('stubborn');
    await line('ready');
    const stopped = shard.stop();
    await clock.advanceTo(14_900);
    expect(lives(shard.pid)).toBe(true);
    await clock.advanceTo(15_000);
    await stopped;
    expect(await line('died')).toBe('died it did not stop within 15000 ms');
  });

  it('is killed where it closes its channel', async () => {
    const { line, shard, clock } = setup('cut');
    await line('ready');
    const child = children.at(-1) as ChildProcess;
    const cut = new Promise((resolve) => child.once('disconnect', resolve));
    shard.begin(requestOf('a'));
    await cut;
    shard.begin(requestOf('b'));
    await clock.advanceTo(clock.nowMs() + 1000);
    expect(await line('died')).toBe('died its channel closed');
  });
});

describe('what a shard tells', () => {
  it('is dropped where it is not understood, and the rest is heard', async () => {
    const { line, lines, vitals, shard, log } = setup('rude');
    await line('ready');
    shard.begin(requestOf('a'));
    await line('said');
    expect(lines.length).toBe(2);
    expect(vitals.length).toBe(1);
    expect(log.at('error').filter((each) => each === 'a message of a shard was not understood').length).toBe(5);
    await shard.stop();
  });

  it('of calls that are not there is dropped', async () => {
    const { line, lines, shard, log } = setup('foreign');
    await line('ready');
    shard.begin(requestOf('a'));
    expect(await line('said')).toBe('said a robot: mine');
    expect(lines.length).toBe(2);
    expect(log.at('error').length).toBe(3);
    await shard.stop();
  });

  it('may throw in who listens, and the next is heard', async () => {
    const clock = new VirtualClock();
    const log = new MemoryLog();
    const news = told();
    const listener = { ...news.listener, ready: () => { throw new Error('a bug'); } };
    const spawn = (): ChildProcess => fork(STUB, ['good'], { execArgv: [] });
    const shard = new ChildShard({ name: '1', spawn, clock, log }, listener);
    await news.nextVitals();
    expect(log.at('error')).toEqual(['a bug in what listens to a shard']);
    await shard.stop();
  });

  it('about its metrics is one answer for all who ask at once', async () => {
    const { line, shard } = setup();
    await expect(shard.metrics()).rejects.toMatchObject({ code: 'shard_failed' });
    await line('ready');
    expect(await Promise.all([shard.metrics(), shard.metrics()])).toEqual([[{ asked: 0 }], [{ asked: 0 }]]);
    expect(await shard.metrics()).toEqual([{ asked: 1 }]);
    await shard.stop();
  });

  it('about its metrics is waited for for 1 s, or until it dies', async () => {
    const { line, shard, clock } = setup('mute');
    await line('ready');
    const late = shard.metrics();
    await clock.advanceTo(clock.nowMs() + 1000);
    await expect(late).rejects.toMatchObject({ code: 'shard_failed', message: 'shard 1 told no metrics within 1000 ms' });
    const never = shard.metrics();
    shard.kill();
    await expect(never).rejects.toMatchObject({ code: 'shard_failed', message: 'shard 1 is gone' });
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('a call that the other side would not understand', () => {
  it('has failed, and is told like any other end', async () => {
    const { line, lines, shard, clock, log } = setup();
    await line('ready');
    shard.begin({ ...requestOf('a'), metadata: 'x'.repeat(1_000_000) });
    expect(lines).toEqual(['ready']);
    await clock.advanceTo(clock.nowMs());
    expect(lines).toEqual(['ready', 'ended a failed']);
    expect(log.at('error')).toEqual(['a call could not be begun']);
    await shard.stop();
  });
});
