import type { Clock } from './clock.js';
import { monotonicMs } from './time.js';
import { VoiceNodeError, type ErrorCode } from './errors.js';

/**
 * Waits for someone else, but not for ever: rejects with `code` after `limitMs`. What comes later is ignored,
 * and a late rejection is not unhandled.
 */
export function withDeadline<T>(clock: Clock, work: Promise<T>, limitMs: number, code: ErrorCode, what: string): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const timer = clock.at(monotonicMs(clock.nowMs() + limitMs), () =>
      reject(new VoiceNodeError(code, `${what} took longer than ${limitMs} ms`)),
    );
    work.then(
      (value) => {
        timer.cancel();
        resolve(value);
      },
      (error: unknown) => {
        timer.cancel();
        reject(error instanceof Error ? error : new Error(String(error)));
      },
    );
  });
}
