import { CALL_ENDS, REFUSALS } from '../../voice-node/domain/observer.js';
import type { LiveCallView, NodeView, Operations, ShardView } from '../../voice-node/domain/operations.js';

const none = <T extends string>(names: readonly T[]): Record<T, number> => Object.fromEntries(names.map((name) => [name, 0])) as Record<T, number>;

export const liveCall = (changes: Partial<LiveCallView> = {}): LiveCallView => ({
  callId: 'call-0123456789ab',
  room: 'session-abcdefghijklmnopqrstuv',
  robot: 'echo',
  phase: 'listening',
  turns: 3,
  responseMs: 412.4,
  slowestResponseMs: 980,
  bargeInMs: 118.2,
  lateTicks: 2,
  ticks: 9000,
  rejoins: 0,
  shard: '1',
  ageMs: 95_000,
  ...changes,
});

export const shardView = (changes: Partial<ShardView> = {}): ShardView => ({
  name: '1',
  pid: 4711,
  state: 'ready',
  calls: 1,
  lateShare: 0.0012,
  loopP99Ms: 3.4,
  utilisation: 0.31,
  cpu: 0.42,
  residentBytes: 181_000_000,
  restarts: 0,
  ...changes,
});

/** The books of a node that never was: calls end when they are hung up, draining is remembered. */
export class FakeOperations implements Operations {
  calls: LiveCallView[];
  shards: ShardView[];
  draining = false;
  readonly #changes: Partial<NodeView>;
  readonly hungUp: string[] = [];

  constructor(calls: readonly LiveCallView[] = [], shards: readonly ShardView[] = [shardView()], changes: Partial<NodeView> = {}) {
    this.calls = [...calls];
    this.shards = [...shards];
    this.#changes = changes;
  }

  view(): NodeView {
    const ended = { ...none(CALL_ENDS), caller_left: 12, hung_up: this.hungUp.length };
    const refused = { ...none(REFUSALS), full: 2 };
    return {
      node: 'node-1',
      ready: !this.draining,
      draining: this.draining,
      load: 0.37,
      live: this.calls.length,
      maxCalls: 48,
      offered: this.calls.length + this.hungUp.length + 14,
      ended,
      refused,
      shards: this.shards,
      calls: this.calls,
      ...this.#changes,
    };
  }

  hangUp(callId: string): boolean {
    if (!this.calls.some((call) => call.callId === callId)) return false;
    this.calls = this.calls.filter((call) => call.callId !== callId);
    this.hungUp.push(callId);
    return true;
  }

  drain(): void {
    this.draining = true;
  }
}
