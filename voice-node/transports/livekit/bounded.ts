import type { Clock } from '../../domain/clock.js';
import { VoiceNodeError, type ErrorCode } from '../../domain/errors.js';
import { monotonicMs } from '../../domain/time.js';

export interface Bounds {
  readonly clock: Clock;
  /** Ends the wait at once. */
  readonly signal: AbortSignal;
  readonly limitMs: number;
  readonly code: ErrorCode;
  /** "joining room x": begins the sentence of the error. */
  readonly what: string;
}

/**
 * Waits for `work`, at most `limitMs`, and no longer than until `signal` aborts; no timer and no listener is left
 * afterwards. What comes later is ignored, and a late rejection is not unhandled.
 */
export function bounded<T>({ clock, signal, limitMs, code, what }: Bounds, work: Promise<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const stop = (): void => settle(() => reject(new VoiceNodeError('transport_lost', `${what} was given up: the line is closed`)));
    const late = (): void => settle(() => reject(new VoiceNodeError(code, `${what} took longer than ${Math.round(limitMs)} ms`)));
    const timer = clock.at(monotonicMs(clock.nowMs() + limitMs), late);
    const settle = (how: () => void): void => {
      timer.cancel();
      signal.removeEventListener('abort', stop);
      how();
    };
    signal.addEventListener('abort', stop);
    work.then(
      (value) => settle(() => resolve(value)),
      (error: unknown) => settle(() => reject(error instanceof Error ? error : new Error(String(error)))),
    );
    if (signal.aborted) stop();
  });
}

/** Resolves at `atMs`, or when `signal` aborts. */
export function pause(clock: Clock, atMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      timer.cancel();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = clock.at(monotonicMs(atMs), done);
    signal.addEventListener('abort', done);
    if (signal.aborted) done();
  });
}
