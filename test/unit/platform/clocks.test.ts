import { describe, expect, it } from 'vitest';
import { withDeadline } from '../../../voice-node/domain/deadline.js';
import { monotonicMs } from '../../../voice-node/domain/time.js';
import { systemClock } from '../../../voice-node/platform/clock.js';
import { VirtualClock } from '../../../voice-node/platform/virtual-clock.js';

describe('virtual time', () => {
  it('fires timers in the order of their time, then of their making', async () => {
    const clock = new VirtualClock();
    const order: string[] = [];
    clock.at(monotonicMs(20), () => order.push(`c ${clock.nowMs()}`));
    clock.at(monotonicMs(10), () => order.push(`a ${clock.nowMs()}`));
    clock.at(monotonicMs(20), () => order.push(`d ${clock.nowMs()}`));
    clock.at(monotonicMs(10.5), () => order.push(`b ${clock.nowMs()}`));
    clock.at(monotonicMs(30), () => order.push('late'));
    await clock.advanceTo(25);
    expect(order).toEqual(['a 10', 'b 10.5', 'c 20', 'd 20']);
    expect(clock.nowMs()).toBe(25);
    expect(clock.pendingTimers).toBe(1);
  });

  it('runs what a timer starts, promises too, before the next one', async () => {
    const clock = new VirtualClock();
    const order: string[] = [];
    clock.at(monotonicMs(10), () => {
      void (async () => {
        for (let i = 0; i < 50; i++) await Promise.resolve();
        order.push('promise');
        clock.at(monotonicMs(11), () => order.push('nested'));
      })();
    });
    clock.at(monotonicMs(12), () => order.push('next'));
    await clock.advanceTo(100);
    expect(order).toEqual(['promise', 'nested', 'next']);
  });

  it('cancels, takes the past for now, and never goes back', async () => {
    const clock = new VirtualClock(1_000_000);
    await clock.advanceTo(50);
    const seen: number[] = [];
    clock.at(monotonicMs(10), () => seen.push(clock.nowMs()));
    const timer = clock.at(monotonicMs(60), () => seen.push(-1));
    timer.cancel();
    timer.cancel();
    await clock.advanceTo(40);
    expect(clock.nowMs()).toBe(50);
    await clock.advanceTo(70);
    expect(seen).toEqual([50]);
    expect(clock.wallMs()).toBe(1_000_070);
  });
});

describe('the system clock', () => {
  it('runs a task not before its time, and a cancelled one never', async () => {
    const beginMs = systemClock.nowMs();
    const never = systemClock.at(monotonicMs(beginMs + 1), () => expect.unreachable());
    never.cancel();
    await new Promise<void>((resolve) => systemClock.at(monotonicMs(beginMs + 15), resolve));
    // Timers count whole milliseconds.
    expect(systemClock.nowMs() - beginMs).toBeGreaterThan(14);
    await new Promise<void>((resolve) => systemClock.at(monotonicMs(0), resolve));
    expect(systemClock.wallMs()).toBeGreaterThan(1.6e12);
  });
});

describe('a deadline', () => {
  it('passes on what comes in time, and leaves no timer', async () => {
    const clock = new VirtualClock();
    expect(await withDeadline(clock, Promise.resolve(3), 100, 'transport_timeout', 'it')).toBe(3);
    await expect(withDeadline(clock, Promise.reject(new Error('no')), 100, 'transport_timeout', 'it')).rejects.toThrow('no');
    expect(clock.pendingTimers).toBe(0);
  });

  it('gives up what does not, and forgets what comes later', async () => {
    const clock = new VirtualClock();
    let fail: (error: Error) => void = () => undefined;
    const late = new Promise<never>((_, reject) => (fail = reject));
    const result = expect(withDeadline(clock, late, 100, 'transport_timeout', 'joining')).rejects.toMatchObject({ code: 'transport_timeout', message: 'joining took longer than 100 ms' });
    await clock.advanceTo(100);
    await result;
    fail(new Error('late'));
    await new Promise((resolve) => setImmediate(resolve));
  });
});
