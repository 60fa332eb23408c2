import type { CallEnd, Refusal } from './observer.js';

/** A call as its shard sees it. Plain JSON, no words of anybody. */
export interface CallView {
  readonly callId: string;
  readonly room: string;
  readonly robot: string;
  /** Where it stands: connecting, waiting, listening, hearing, thinking, speaking, rejoining, ended. */
  readonly phase: string;
  readonly turns: number;
  /** Last and slowest time from the end of speech to the first audible frame of the answer, in ms. */
  readonly responseMs?: number;
  readonly slowestResponseMs?: number;
  /** Last time from the caller's first voiced frame to the robot's silence, in ms. */
  readonly bargeInMs?: number;
  /** Playout ticks that came 20 ms or more late, and all of them. */
  readonly lateTicks: number;
  readonly ticks: number;
  /** How often the line was made again. */
  readonly rejoins: number;
}

/** How a shard is doing, told every VITALS_MS. What its callers would notice comes first. */
export interface Vitals {
  /** Of the playout ticks since the last time, the part that came 20 ms or more late: 0 to 1. */
  readonly lateShare: number;
  /** Delay of the event loop since the last time, 99th percentile, in ms. */
  readonly loopP99Ms: number;
  /** Part of the time that the event loop was busy: 0 to 1. */
  readonly utilisation: number;
  /** CPU time of the process since the last time over the time that passed, in cores. */
  readonly cpu: number;
  readonly residentBytes: number;
  readonly calls: readonly CallView[];
}

export const VITALS_MS = 500;

/** A call as an operator sees it. */
export interface LiveCallView extends CallView {
  readonly shard: string;
  /** Since it was accepted. */
  readonly ageMs: number;
}

export interface ShardView extends Omit<Vitals, 'calls'> {
  readonly name: string;
  readonly pid?: number;
  readonly state: 'starting' | 'ready' | 'dead';
  readonly calls: number;
  /** How often its process was started again. */
  readonly restarts: number;
}

/** The node at a glance. The books balance: offered = live + the sum of ended + the sum of refused. */
export interface NodeView {
  readonly node: string;
  readonly ready: boolean;
  /** Why not. */
  readonly reason?: string;
  readonly draining: boolean;
  /** How near to what it can carry: 0 to 1. */
  readonly load: number;
  readonly live: number;
  readonly maxCalls: number;
  readonly offered: number;
  readonly ended: Readonly<Record<CallEnd, number>>;
  readonly refused: Readonly<Record<Refusal, number>>;
  readonly shards: readonly ShardView[];
  readonly calls: readonly LiveCallView[];
}

/** What an operator may do with a node. */
export interface Operations {
  view(): NodeView;
  /** False where there is no such call. */
  hangUp(callId: string): boolean;
  /** No new calls; those in progress go on to their end or the node's deadline, then the process ends. */
  drain(): void;
}
