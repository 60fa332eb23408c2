import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Vitals } from '../../../voice-node/domain/operations.js';
import { monotonicMs } from '../../../voice-node/domain/time.js';
import { COLD_CALLS, costOfCall, loadOf, loadOfNode, newShard, observe, placesIn, PROBE_MS, SILENT_MS, unseen, WINDOW_MS, type ShardKnowledge } from '../../../voice-node/node/admission.js';

const ROOMS = 24;
const at = monotonicMs;
const vitals = (over: Partial<Vitals> = {}, talking = 0): Vitals => ({
  lateShare: 0,
  loopP99Ms: 1,
  utilisation: 0,
  cpu: 0,
  residentBytes: 0,
  calls: Array.from({ length: talking }, (_, n) => ({ callId: `c${n}`, room: 'r', robot: 'echo', phase: 'listening', turns: 0, lateTicks: 0, ticks: 0, rejoins: 0 })),
  ...over,
});
/** Tells the same every 500 ms from `fromMs` to `toMs`. */
function told(known: ShardKnowledge, fromMs: number, toMs: number, what: Vitals): ShardKnowledge {
  let next = known;
  for (let ms = fromMs; ms <= toMs; ms += 500) next = observe(next, what, at(ms), ROOMS);
  return next;
}
const NONE = { count: 0, unseen: 0 };

describe('a shard of which nothing is known', () => {
  it('takes what a cold shard takes, and not one more of a hundred in the same instant', () => {
    const known = newShard(at(0), ROOMS);
    let count = 0;
    while (placesIn(known, { count, unseen: count }, at(0), ROOMS) > 0) count++;
    expect(count).toBe(COLD_CALLS);
    expect(loadOf(known, { count, unseen: count }, at(0), ROOMS)).toBeCloseTo(1);
  });

  it('takes no more than its rooms, if those are fewer', () => {
    expect(placesIn(newShard(at(0), 3), NONE, at(0), 3)).toBe(3);
  });

  it('that says nothing any more is full', () => {
    const known = newShard(at(0), ROOMS);
    expect(placesIn(known, NONE, at(SILENT_MS), ROOMS)).toBeGreaterThan(0);
    expect(placesIn(known, NONE, at(SILENT_MS + 1), ROOMS)).toBe(0);
    expect(loadOf(known, NONE, at(SILENT_MS + 1), ROOMS)).toBe(1);
  });
});

describe('what is measured', () => {
  it.each([
    ['late ticks', { lateShare: 0.03 }],
    ['event-loop delay', { loopP99Ms: 25 }],
    ['utilisation', { utilisation: 0.9 }],
  ])('closes the shard by %s alone, not for one bad moment, and opens it again below its bound', (_, bad) => {
    let known = told(newShard(at(0), ROOMS), 500, 3000, vitals({}, 4));
    known = observe(known, vitals(bad, 4), at(3500), ROOMS);
    expect(known.closed).toBe(false);
    known = told(known, 4000, 6500, vitals(bad, 4));
    expect(known.closed).toBe(true);
    expect(placesIn(known, { count: 4, unseen: 0 }, at(6500), ROOMS)).toBe(0);
    known = told(known, 7000, 6500 + WINDOW_MS, vitals({}, 4));
    expect(known.closed).toBe(false);
  });

  it('between the bounds leaves the shard as it was', () => {
    const between = vitals({ utilisation: 0.85 * 0.92 }, 4);
    const fresh = told(newShard(at(0), ROOMS), 500, 6000, between);
    expect(fresh.closed).toBe(false);
    const once = told(told(newShard(at(0), ROOMS), 500, 6000, vitals({ utilisation: 0.95 }, 4)), 6500, 20_000, between);
    expect(once.closed).toBe(true);
  });

  it('counts a stall of any length as no more than twice the bound', () => {
    const known = told(newShard(at(0), ROOMS), 500, 6000, vitals({ loopP99Ms: 5000 }, 4));
    expect(loadOf(known, { count: 4, unseen: 0 }, at(6000), ROOMS)).toBe(2);
  });

  it('says what a call costs', () => {
    const known = told(newShard(at(0), ROOMS), 500, 6000, vitals({ utilisation: 0.85 * 0.6 }, 12));
    // Twelve calls make 0.6 of the bound; the guess weighs as two.
    expect(costOfCall(known, at(6000))).toBeCloseTo((0.6 + 2 / 16) / 14, 6);
    const calls = { count: 12, unseen: 0 };
    expect(placesIn(known, calls, at(6000), ROOMS)).toBe(Math.min(known.ceiling - 12, Math.floor(0.4 / ((0.6 + 2 / 16) / 14))));
    expect(placesIn(known, { ...calls, unseen: 3 }, at(6000), ROOMS, true)).toBe(Math.floor(0.4 / ((0.6 + 2 / 16) / 14) - 3));
  });

  it('never makes nonsense of nonsense', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ lateShare: fc.double(), loopP99Ms: fc.double(), utilisation: fc.double() }), { maxLength: 40 }), fc.integer({ min: 1, max: 60 }), (all, rooms) => {
        let known = newShard(at(0), rooms);
        all.forEach((one, n) => (known = observe(known, vitals(one, n), at(n * 500), rooms)));
        const nowMs = at(all.length * 500);
        const places = placesIn(known, { count: 3, unseen: 1 }, nowMs, rooms);
        expect(Number.isInteger(places) && places >= 0 && places <= rooms).toBe(true);
        expect(loadOf(known, { count: 3, unseen: 1 }, nowMs, rooms)).toBeGreaterThan(0);
        expect(known.ceiling).toBeGreaterThanOrEqual(1);
        expect(known.samples.length).toBeLessThanOrEqual(32);
      }),
    );
  });
});

describe('the ceiling', () => {
  it('grows while nobody notices, and only where there are calls to show it', () => {
    const idle = told(newShard(at(0), ROOMS), 500, 60_000, vitals({}, 2));
    expect(idle.ceiling).toBe(COLD_CALLS);
    const busy = told(newShard(at(0), ROOMS), 500, 60_000, vitals({ utilisation: 0.3 }, COLD_CALLS));
    expect(busy.ceiling).toBe(COLD_CALLS + 8);
  });

  it('comes down below what was too much, and tries again after a while, one call first', () => {
    let known = told(newShard(at(0), ROOMS), 500, 6000, vitals({ lateShare: 0.1 }, 10));
    expect(known.ceiling).toBe(9);
    known = told(known, 6500, 9500, vitals({}, 9));
    expect(known.closed).toBe(false);
    expect(placesIn(known, { count: 9, unseen: 0 }, at(9500), ROOMS)).toBe(0);
    expect(placesIn(known, { count: 8, unseen: 0 }, at(9500), ROOMS)).toBe(1);
    // A call that has lost its process has been carried before.
    expect(placesIn(known, { count: 9, unseen: 0 }, at(9500), ROOMS, true)).toBeGreaterThan(0);
    known = told(known, 10_000, 9500 + PROBE_MS, vitals({}, 9));
    expect(known.ceiling).toBe(10);
  });
});

describe('a call that nobody has measured yet', () => {
  it('counts in full until it talks, then less and less', () => {
    expect(unseen(undefined, at(1e9))).toBe(1);
    expect(unseen(at(1000), at(1000))).toBe(1);
    expect(unseen(at(1000), at(1000 + WINDOW_MS / 2))).toBe(0.5);
    expect(unseen(at(1000), at(1000 + 2 * WINDOW_MS))).toBe(0);
  });
});

describe('the load of a node', () => {
  it('is the mean of its shards, or how many calls there are', () => {
    expect(loadOfNode([], 0, 10)).toBe(1);
    expect(loadOfNode([0, 0.5], 1, 100)).toBe(0.25);
    expect(loadOfNode([0, 5], 1, 100)).toBe(0.5);
    expect(loadOfNode([0.1], 9, 10)).toBe(0.9);
  });
});
