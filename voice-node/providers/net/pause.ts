import type { Clock } from '../../domain/clock.js';
import { monotonicMs } from '../../domain/time.js';

/** Resolves after so many ms, or at once when `signal` is aborted. Leaves neither timer nor listener behind. */
export function pause(clock: Clock, durationMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      timer.cancel();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = clock.at(monotonicMs(clock.nowMs() + durationMs), done);
    signal.addEventListener('abort', done);
    if (signal.aborted) done();
  });
}
