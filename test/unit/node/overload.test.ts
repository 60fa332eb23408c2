import { describe, expect, it } from 'vitest';
import { COLD_CALLS } from '../../../voice-node/node/admission.js';
import { balances, deskRig, type LoadModel } from './desk-rig.js';

/**
 * A shard as a queue with one server: each call brings work at a fixed rate, and what waits grows as rho / (1 - rho)
 * (M/M/1) until nothing is on time any more. `capacity` calls make the utilisation of the bound.
 */
const queue =
  (capacity: number): LoadModel =>
  (talking) => {
    const rho = (0.85 * talking) / capacity;
    const waitMs = rho < 1 ? (1.5 * rho) / (1 - rho) : 400;
    return { utilisation: Math.min(1, rho), loopP99Ms: 1 + 2 * waitMs, lateShare: rho < 0.95 ? 0 : Math.min(1, 4 * (rho - 0.95)) };
  };

/** The work is done in threads that nobody measures: all is well up to the capacity, and late beyond it. */
const cliff =
  (capacity: number): LoadModel =>
  (talking) => ({ utilisation: Math.min(1, (0.35 * talking) / capacity), loopP99Ms: 3, lateShare: talking <= capacity ? 0 : Math.min(1, 0.05 * (talking - capacity)) });

/** Calls last from 20 to 60 s; as many are offered as make five times what two shards carry. */
async function flood(model: LoadModel, capacity: number, seconds: number) {
  const rig = deskRig({ roomsPerShard: 40 });
  for (const shard of rig.made) shard.model = model;
  const endsMs = new Map<string, number>();
  let seed = 7;
  const random = (): number => (seed = (seed * 48271) % 2147483647) / 2147483647;
  const perTick = (5 * 2 * capacity) / 40 / 2;
  let owed = 0;
  let room = 0;
  const most: number[] = [];
  const mean: number[] = [];
  const joins: (() => void)[] = [];
  const tick = async (offered: number): Promise<void> => {
    for (const [callId, endMs] of endsMs) {
      if (rig.clock.nowMs() < endMs) continue;
      endsMs.delete(callId);
      rig.where(callId)?.end(callId, 'caller_left');
    }
    for (owed += offered; owed >= 1; owed--) {
      const offer = await rig.desk.offer(`room-${room++}`);
      if ('refused' in offer) continue;
      void rig.desk.assigned(offer.callId, 't', '');
      endsMs.set(offer.callId, rig.clock.nowMs() + 20_000 + 40_000 * random());
    }
    // A call connects within half a second, and its caller is there.
    for (const join of joins.splice(0)) join();
    for (const shard of rig.made) {
      const waiting = [...shard.calls].filter(([, call]) => call.phase === 'connecting').map(([callId]) => callId);
      if (waiting.length > 0) joins.push(() => waiting.forEach((callId) => shard.calls.has(callId) && ((shard.calls.get(callId) as { phase: string }).phase = 'listening')));
    }
    const counts = rig.made.map((shard) => shard.calls.size);
    most.push(Math.max(...counts));
    mean.push(counts.reduce((sum, count) => sum + count, 0) / counts.length);
  };
  for (let n = 0; n < seconds * 2; n++) {
    await rig.run(500);
    await tick(perTick);
  }
  return { rig, most, mean, tick };
}

const average = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

describe('offered five times what fits', () => {
  it.each([
    ['a queue that carries 20 calls', queue(20), 20],
    ['a queue that carries 30 calls', queue(30), 30],
    ['threads that carry 18 calls', cliff(18), 18],
    ['threads that carry 30 calls', cliff(30), 30],
  ])('%s comes near to that and is never overrun by more than a few', async (_, model, capacity) => {
    const { rig, most, mean } = await flood(model, capacity, 240);
    const settled = mean.slice(-240);
    expect(Math.max(...most) - capacity).toBeLessThanOrEqual(3);
    expect(average(settled)).toBeGreaterThan(0.8 * capacity);
    expect(average(settled)).toBeLessThanOrEqual(capacity + 0.5);
    expect(balances(rig)).toBe(true);
    expect(rig.meter.refusals.filter((reason) => reason === 'full').length).toBeGreaterThan(200);
  });

  it('a machine that carries fewer than a cold shard takes is overrun by the difference, once', async () => {
    const { most } = await flood(cliff(8), 8, 240);
    expect(Math.max(...most)).toBeLessThanOrEqual(COLD_CALLS);
    expect(Math.max(...most.slice(-240))).toBeLessThanOrEqual(8 + 2);
  });

  it('takes calls again within five seconds after the load drops', async () => {
    const { rig, tick } = await flood(queue(20), 20, 60);
    for (const shard of rig.made) {
      // Whatever callers noticed, at its worst.
      shard.model = () => ({ utilisation: 1, loopP99Ms: 500, lateShare: 1 });
    }
    await rig.run(5000);
    expect(rig.desk.isOpen).toBe(false);
    expect(rig.desk.readiness().reason).toMatch(/the callers would notice/);
    for (const shard of rig.made) {
      shard.model = queue(20);
      for (const callId of [...shard.calls.keys()].slice(5)) shard.end(callId, 'caller_left');
    }
    await rig.run(5000);
    await tick(0);
    expect(rig.desk.isOpen).toBe(true);
    expect('refused' in (await rig.desk.offer('one more'))).toBe(false);
  });

  it('takes of a hundred in the same instant no more than fit', async () => {
    const rig = deskRig();
    const offers = await Promise.all(Array.from({ length: 100 }, (_, n) => rig.desk.offer(`burst-${n}`)));
    expect(offers.filter((offer) => !('refused' in offer))).toHaveLength(2 * COLD_CALLS);
    expect(rig.desk.view().shards.map(({ calls }) => calls)).toEqual([COLD_CALLS, COLD_CALLS]);
    expect(rig.desk.live).toBe(2 * COLD_CALLS);
    expect(balances(rig)).toBe(true);
  });
});
