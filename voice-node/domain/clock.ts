import type { MonotonicMs, WallMs } from './time.js';

/** A pending timer. `cancel` is idempotent. */
export interface Timer {
  cancel(): void;
}

/** The only source of time. Live: platform/clock.ts. In replay and tests: virtual time. */
export interface Clock {
  nowMs(): MonotonicMs;
  wallMs(): WallMs;
  /** Runs `task` once, at or soon after `atMs`. */
  at(atMs: MonotonicMs, task: () => void): Timer;
}
