import type { Clock, Timer } from '../domain/clock.js';
import { monotonicMs } from '../domain/time.js';
import type { DeskCall } from './desk-call.js';
import type { DeskShard, DeskShards } from './desk-shards.js';

/**
 * How long a call waits for a shard that has a place. A dead process is replaced within a second or two; only when
 * that takes longer are the callers of another shard made to suffer for it.
 */
export const HOME_WAIT_MS = 2500;
/** With no shard at all for this long, its caller has long hung up: the call is given up. */
export const HOME_LIMIT_MS = 15_000;

interface Seeker {
  readonly call: DeskCall;
  readonly begin: () => void;
  urgent: boolean;
  timer: Timer;
}

/** Finds a shard for calls that have none: at once where there is room, otherwise as soon as there is. */
export class DeskHomes {
  readonly #shards: DeskShards;
  readonly #clock: Clock;
  readonly #seekers = new Map<DeskCall, Seeker>();

  constructor(shards: DeskShards, clock: Clock) {
    this.#shards = shards;
    this.#clock = clock;
  }

  /** Exactly one of the two is called, `begin` with the call placed in its shard; neither after `forget`. */
  seek(call: DeskCall, begin: () => void, giveUp: () => void): void {
    const nowMs = this.#clock.nowMs();
    const timer = this.#clock.at(monotonicMs(nowMs + HOME_WAIT_MS), () => {
      seeker.urgent = true;
      seeker.timer = this.#clock.at(monotonicMs(nowMs + HOME_LIMIT_MS), () => {
        this.#seekers.delete(call);
        giveUp();
      });
      this.retry();
    });
    const seeker: Seeker = { call, begin, urgent: false, timer };
    this.#seekers.set(call, seeker);
    this.retry();
  }

  /** The call needs none any more. */
  forget(call: DeskCall): void {
    this.#seekers.get(call)?.timer.cancel();
    this.#seekers.delete(call);
  }

  /** Something has changed: first come, first served. */
  retry(): void {
    for (const seeker of [...this.#seekers.values()]) {
      const shard = this.#shards.pick(true) ?? (seeker.urgent ? this.#shards.pickAny() : undefined);
      if (shard === undefined || !this.#seekers.has(seeker.call)) continue;
      this.forget(seeker.call);
      settle(seeker.call, shard);
      seeker.begin();
    }
  }
}

/** From now on the call counts in this shard. */
export function settle(call: DeskCall, shard: DeskShard | undefined): void {
  call.shard?.calls.delete(call);
  call.shard = shard;
  shard?.calls.add(call);
}
