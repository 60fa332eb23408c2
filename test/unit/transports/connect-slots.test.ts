import { expect, it } from 'vitest';
import { VirtualClock } from '../../../voice-node/platform/virtual-clock.js';
import { ConnectSlots } from '../../../voice-node/transports/livekit/connect-slots.js';

const never = new AbortController().signal;

it('gives a slot to whoever came first, and what is given back twice counts once', async () => {
  const clock = new VirtualClock();
  const slots = new ConnectSlots(1);
  const order: number[] = [];
  const giveBack = await slots.take(clock, 1000, never);
  const others = [1, 2, 3].map(async (name) => {
    const back = await slots.take(clock, 1000, never);
    order.push(name);
    return back;
  });
  giveBack();
  giveBack();
  await clock.advanceTo(1);
  expect(order).toEqual([1]);
  (await others[0])?.();
  await clock.advanceTo(2);
  expect(order).toEqual([1, 2]);
  (await others[1])?.();
  (await others[2])?.();
  expect(slots.waiting).toBe(0);
  expect(clock.pendingTimers).toBe(0);
});

it('nobody waits longer than he said, nor after he has left; his place goes to the next one', async () => {
  const clock = new VirtualClock();
  const slots = new ConnectSlots(1);
  const giveBack = await slots.take(clock, 1000, never);
  const late = expect(slots.take(clock, 500, never)).rejects.toMatchObject({ code: 'transport_timeout' });
  const gone = new AbortController();
  const left = expect(slots.take(clock, 5000, gone.signal)).rejects.toMatchObject({ code: 'transport_lost' });
  await clock.advanceTo(500);
  await late;
  gone.abort();
  await left;
  expect(slots.waiting).toBe(0);
  giveBack();
  (await slots.take(clock, 10, never))();
  expect(clock.pendingTimers).toBe(0);
});

it('a turn that comes in the very moment of giving up is not lost', async () => {
  const clock = new VirtualClock();
  const slots = new ConnectSlots(1);
  const giveBack = await slots.take(clock, 1000, never);
  const gone = new AbortController();
  const waiting = slots.take(clock, 1000, gone.signal);
  gone.abort();
  giveBack();
  await expect(waiting).rejects.toThrow();
  const back = await slots.take(clock, 10, never);
  back();
  expect(slots.waiting).toBe(0);
});
