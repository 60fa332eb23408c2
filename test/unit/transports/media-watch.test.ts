import { beforeEach, expect, it } from 'vitest';
import { monotonicMs } from '../../../voice-node/domain/time.js';
import { VirtualClock } from '../../../voice-node/platform/virtual-clock.js';
import { MediaWatch } from '../../../voice-node/transports/livekit/media-watch.js';
import { quiet } from './fake-connections.js';

const zeros = new Int16Array(960);
const noise = Int16Array.from(zeros, (_, i) => (i === 700 ? 1 : 0));
let clock: VirtualClock;
let asked: number;
let told: number[];
let packets: () => Promise<number>;
let expected: boolean;
let watch: MediaWatch;

beforeEach(() => {
  clock = new VirtualClock();
  [asked, told, expected] = [0, [], true];
  packets = () => Promise.resolve(100);
  const source = { expected: () => expected, packets: () => (asked++, packets()) };
  watch = new MediaWatch(clock, quiet, source, 15_000, () => told.push(clock.nowMs()));
});

/** Frames of 20 ms for `ms`. */
async function hear(ms: number, samples: Int16Array): Promise<void> {
  for (let i = 0; i < ms; i += 20) {
    watch.frame(samples);
    await clock.advanceTo(clock.nowMs() + 20);
  }
}

it('asks nothing as long as there is the faintest sound', async () => {
  await hear(60_000, noise);
  expect(asked).toBe(0);
  expect(told).toEqual([]);
});

it.each([
  ['digital silence', zeros],
  ['no frames at all', undefined],
])('tells once after 15 s of %s without a packet', async (_, samples) => {
  await hear(3000, noise);
  if (samples === undefined) await clock.advanceTo(33_000);
  else await hear(30_000, samples);
  expect(told).toHaveLength(1);
  expect(told[0]).toBeGreaterThanOrEqual(18_000);
  expect(told[0]).toBeLessThanOrEqual(21_000);
  expect(clock.pendingTimers).toBe(0);
});

it('takes silence that is sent, a packet every 400 ms, for what it is', async () => {
  packets = () => Promise.resolve(Math.floor(clock.nowMs() / 400));
  await hear(120_000, zeros);
  expect(asked).toBeGreaterThan(30);
  expect(told).toEqual([]);
});

it('waits for nobody who is not there or has muted himself', async () => {
  expected = false;
  await hear(60_000, zeros);
  expect(asked).toBe(0);
  expected = true;
  await hear(14_000, zeros);
  expect(told).toEqual([]);
  await hear(7000, zeros);
  expect(told).toHaveLength(1);
});

/** Time that jumps, as for a process that was stopped: one timer comes far too late. */
class JumpingClock extends VirtualClock {
  jumpMs = 0;
  override nowMs(): ReturnType<VirtualClock['nowMs']> {
    return monotonicMs(super.nowMs() + this.jumpMs);
  }
  override at(...[atMs, task]: Parameters<VirtualClock['at']>): ReturnType<VirtualClock['at']> {
    return super.at(monotonicMs(atMs - this.jumpMs), task);
  }
}

it('a process that stood still for a minute has not listened for a minute', async () => {
  watch.close();
  const jumping = new JumpingClock();
  let count = 100;
  const late = new MediaWatch(jumping, quiet, { expected: () => true, packets: () => Promise.resolve(count) }, 15_000, () => told.push(jumping.nowMs()));
  await jumping.advanceTo(6000);
  jumping.jumpMs = 60_000;
  await jumping.advanceTo(9000);
  expect(told).toEqual([]);
  count++;
  await jumping.advanceTo(12_000);
  count++;
  await jumping.advanceTo(24_000);
  expect(told).toEqual([]);
  await jumping.advanceTo(40_000);
  expect(told).toHaveLength(1);
  late.close();
  expect(jumping.pendingTimers).toBe(0);
});

it('statistics that never come prove nothing, and leave nothing behind', async () => {
  packets = () => new Promise(() => undefined);
  await hear(10_000, zeros);
  watch.close();
  expect(clock.pendingTimers).toBe(0);
  expect(told).toEqual([]);
});
