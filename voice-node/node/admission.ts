import type { CallView, Vitals } from '../domain/operations.js';
import { VITALS_MS } from '../domain/operations.js';
import type { MonotonicMs } from '../domain/time.js';

/*
 * How many calls a shard may carry, from what its callers would notice. Pure functions on the time given.
 *
 * Three rules, each for something the others cannot see:
 * - What is measured (late ticks, event-loop delay, utilisation) closes the shard while it is over its bound.
 * - Calls that cannot be in the measurement yet are added to it with the cost that a call was measured to have.
 * - A ceiling on the number of calls, which grows only while nobody notices anything: where the processor's time goes
 *   to native threads, nothing is measured at all until it is too much.
 */

/** What is measured counts as the mean over this time: a single collection of garbage closes nothing. */
export const WINDOW_MS = 3000;
/** Load 1: this part of the playout ticks came 20 ms or more late, which is a gap that can be heard. */
export const LATE_BOUND = 0.02;
/** Load 1: 99th percentile of the event loop's delay. Two ticks of playout; the line buffers as much. */
export const LOOP_BOUND_MS = 20;
/** Load 1: part of the time that the event loop is busy. Waiting grows as 1/(1 - u): beyond this, steeply. */
export const UTILISATION_BOUND = 0.85;
/** A shard that was over its bound is open again when it is this far below: no flutter. */
export const OPEN_AGAIN = 0.85;
/** A single measurement counts as no more than this: a stall of seconds must not keep the node closed after it is over. */
export const WORST_LOAD = 2;
/**
 * A shard of which nothing is known takes this many calls at once: with 16 echo calls a process was measured to be busy
 * for a third of the time. Where a machine carries fewer, a first burst overruns it by the difference, once.
 */
export const COLD_CALLS = 16;
/** The guess of a call's cost counts as much as the measured cost of this many calls. */
const COLD_WEIGHT = 2;
/** Beyond those, the ceiling is raised by this many calls for every window in which nobody noticed anything. */
export const GROWTH_CALLS = 4;
/** Once callers did notice, it takes this long without until one more call is tried, then two, then four. */
export const PROBE_MS = 30_000;
/** A shard that has told nothing for this long gets no call: four measurements are missing. */
export const SILENT_MS = 4 * VITALS_MS;

/** Whatever a shard sends. */
const MOST_SAMPLES = 32;

/** One measurement, each part of it as a load: 1 is its bound. */
interface Sample {
  readonly atMs: MonotonicMs;
  readonly late: number;
  readonly loop: number;
  readonly utilisation: number;
  /** Calls with a caller in them. */
  readonly talking: number;
}

/** What is known about a shard. Immutable; samples of the last WINDOW_MS, at most MOST_SAMPLES. */
export interface ShardKnowledge {
  readonly bornMs: MonotonicMs;
  readonly heardMs: MonotonicMs;
  readonly samples: readonly Sample[];
  /** Over its bound, and not yet far enough below again. */
  readonly closed: boolean;
  readonly ceiling: number;
  /** By how much the ceiling is raised next. */
  readonly step: number;
  /** Whether its callers ever noticed anything. */
  readonly noticed: boolean;
  readonly calmSinceMs: MonotonicMs;
}

/** The calls that a shard has, or is to get. */
export interface ShardCalls {
  readonly count: number;
  /** How many of them are not in the measurement: the sum of `unseen`. */
  readonly unseen: number;
}

/** A shard whose process has just come up. */
export function newShard(nowMs: MonotonicMs, rooms: number): ShardKnowledge {
  return { bornMs: nowMs, heardMs: nowMs, samples: [], closed: false, ceiling: Math.min(COLD_CALLS, rooms), step: GROWTH_CALLS, noticed: false, calmSinceMs: nowMs };
}

/** Phases of a call that cost next to nothing: nobody is heard, nothing is played. */
export const isQuiet = (view: CallView): boolean => ['connecting', 'waiting', 'rejoining', 'ended'].includes(view.phase);

/**
 * What is known after a measurement.
 *
 * @param rooms the most calls that the shard may have, 1 or more
 */
export function observe(known: ShardKnowledge, vitals: Vitals, nowMs: MonotonicMs, rooms: number): ShardKnowledge {
  const sample: Sample = {
    atMs: nowMs,
    late: asLoad(vitals.lateShare, LATE_BOUND),
    loop: asLoad(vitals.loopP99Ms, LOOP_BOUND_MS),
    utilisation: asLoad(vitals.utilisation, UTILISATION_BOUND),
    talking: vitals.calls.filter((view) => !isQuiet(view)).length,
  };
  const next = { ...known, heardMs: nowMs, samples: [...recent(known, nowMs), sample].slice(-MOST_SAMPLES) };
  const mean = means(next, nowMs);
  const felt = Math.max(mean.late, mean.loop);
  const measured = Math.max(felt, mean.utilisation);
  const closed = measured >= 1 || (known.closed && measured > OPEN_AGAIN);
  return { ...next, closed, ...ceilingAfter(next, felt, sample, rooms) };
}

/** How the ceiling moves: below what was too much at once, upwards slowly. */
function ceilingAfter(known: ShardKnowledge, felt: number, { atMs, talking, late, loop }: Sample, rooms: number): Partial<ShardKnowledge> {
  const { ceiling, step, noticed, calmSinceMs } = known;
  if (felt >= 1 && Math.max(late, loop) >= 1 && talking > 0) return { ceiling: Math.max(1, Math.min(ceiling, talking - 1)), step: 1, noticed: true, calmSinceMs: atMs };
  if (felt > OPEN_AGAIN) return { calmSinceMs: atMs };
  // With few calls it says nothing that nobody notices; up to what a cold shard takes there is nothing to be shown.
  if (ceiling >= rooms || (ceiling >= COLD_CALLS && talking < ceiling - GROWTH_CALLS)) return { calmSinceMs: noticed ? calmSinceMs : atMs };
  if (atMs - calmSinceMs < (noticed ? PROBE_MS : WINDOW_MS)) return {};
  return { ceiling: Math.min(rooms, ceiling + step), step: Math.min(GROWTH_CALLS, step * 2), calmSinceMs: atMs };
}

/**
 * The part of a call that is not in the measurement, 0 to 1: all of it before it talks, then less and less, until it has
 * talked for as long as the mean reaches back.
 *
 * @param talksSinceMs when a measurement first showed it with a caller; undefined where none has
 */
export function unseen(talksSinceMs: MonotonicMs | undefined, nowMs: MonotonicMs): number {
  return talksSinceMs === undefined ? 1 : Math.min(1, Math.max(0, 1 - (nowMs - talksSinceMs) / WINDOW_MS));
}

/** What one more call will cost, as a load: measured where there is enough to measure. */
export function costOfCall(known: ShardKnowledge, nowMs: MonotonicMs): number {
  const { utilisation, talking } = means(known, nowMs);
  return (COLD_WEIGHT / COLD_CALLS + utilisation) / (COLD_WEIGHT + talking);
}

/** How near a shard is to what it can carry: 0 is idle, 1 and more is full. */
export function loadOf(known: ShardKnowledge, calls: ShardCalls, nowMs: MonotonicMs, rooms: number): number {
  if (nowMs - known.heardMs > SILENT_MS) return 1;
  const { late, loop, utilisation } = means(known, nowMs);
  const expected = utilisation + calls.unseen * costOfCall(known, nowMs);
  const load = Math.max(late, loop, expected, calls.count / Math.min(rooms, known.ceiling));
  return known.closed ? Math.max(1, load) : load;
}

/**
 * How many more calls a shard may be given at this moment. A call that goes on after its process died (`lifeboat`) has
 * been carried before: it obeys what is measured and the number of rooms, not the ceiling on new ones.
 */
export function placesIn(known: ShardKnowledge, calls: ShardCalls, nowMs: MonotonicMs, rooms: number, lifeboat = false): number {
  if (known.closed || nowMs - known.heardMs > SILENT_MS) return 0;
  const most = lifeboat ? rooms : Math.min(rooms, known.ceiling);
  const cost = costOfCall(known, nowMs);
  const left = 1 - means(known, nowMs).utilisation - calls.unseen * cost;
  // A hair more than nothing: sums of sixteenths are not exact.
  return Math.max(0, Math.min(most - calls.count, Math.floor(left / cost + 1e-9)));
}

/** The load of a node, 0 to 1: the mean of its shards', or how many of the calls it may have there are, if that is more. */
export function loadOfNode(loads: readonly number[], live: number, maxCalls: number): number {
  if (loads.length === 0) return 1;
  const mean = loads.reduce((sum, load) => sum + Math.min(1, load), 0) / loads.length;
  return Math.min(1, Math.max(mean, live / maxCalls));
}

const asLoad = (value: number, bound: number): number => (Number.isFinite(value) ? Math.min(WORST_LOAD, Math.max(0, value / bound)) : 0);

const recent = (known: ShardKnowledge, nowMs: MonotonicMs): readonly Sample[] => known.samples.filter(({ atMs }) => nowMs - atMs < WINDOW_MS);

/** Means over the last WINDOW_MS. A shard that is younger than that counts as idle before. */
function means(known: ShardKnowledge, nowMs: MonotonicMs): Omit<Sample, 'atMs'> {
  const samples = recent(known, nowMs);
  const young = nowMs - known.bornMs < WINDOW_MS;
  const count = Math.max(1, young ? WINDOW_MS / VITALS_MS : 0, samples.length);
  const mean = (of: (sample: Sample) => number): number => samples.reduce((sum, sample) => sum + of(sample), 0) / count;
  return { late: mean((s) => s.late), loop: mean((s) => s.loop), utilisation: mean((s) => s.utilisation), talking: mean((s) => s.talking) };
}
