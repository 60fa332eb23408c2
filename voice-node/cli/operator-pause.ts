import type { Clock } from '../domain/clock.js';
import { monotonicMs } from '../domain/time.js';

/** Resolves after `ms`, or as soon as `signal` aborts. */
export const pause = (clock: Clock, ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal?.aborted === true) return resolve();
    const done = (): void => {
      timer.cancel();
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = clock.at(monotonicMs(clock.nowMs() + ms), done);
    signal?.addEventListener('abort', done);
  });
