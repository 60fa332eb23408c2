import { performance } from 'node:perf_hooks';
import type { Clock, Timer } from '../domain/clock.js';
import { monotonicMs, wallMs } from '../domain/time.js';

/** The machine's clocks and timers: the one place in the node that reads them. */
export const systemClock: Clock = {
  nowMs: () => monotonicMs(performance.now()),
  wallMs: () => wallMs(Date.now()),
  at(atMs, task): Timer {
    const handle = setTimeout(task, Math.max(0, Math.ceil(atMs - performance.now())));
    return { cancel: () => clearTimeout(handle) };
  },
};
