import type { Clock } from '../../domain/clock.js';
import { messageOf } from '../../domain/errors.js';
import type { Log } from '../../domain/observer.js';
import { bounded, pause } from './bounded.js';
import type { Connection } from './connection.js';

/** From the start of one attempt to the start of the next: spread out, so that many calls do not come as one. */
const MIN_SPACING_MS = 300;
const MAX_SPACING_MS = 1000;
/** After an attempt that took long. */
const MIN_PAUSE_MS = 100;
const TOKEN_LIMIT_MS = 2000;

export interface RejoinParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly limitMs: number;
  readonly random: () => number;
  /** A name nobody had before in this room. */
  nextIdentity(): string;
  /** Undefined: the call is somebody else's by now. */
  fresh(identity: string): Promise<string | undefined>;
  join(identity: string, token: string): Promise<Connection>;
}

/**
 * Tries until one attempt succeeds. `late`: not back within `limitMs`, or closed meanwhile. Every attempt has a name
 * of its own: what an earlier one may still have in the room is not to be confused with it.
 */
export async function rejoin({ clock, log, signal, limitMs, random, nextIdentity, fresh, join }: RejoinParts): Promise<Connection | 'superseded' | 'late'> {
  const sinceMs = clock.nowMs();
  for (let attempt = 1; !signal.aborted && clock.nowMs() - sinceMs < limitMs; attempt++) {
    const startMs = clock.nowMs();
    try {
      const identity = nextIdentity();
      const token = await bounded({ clock, signal, limitMs: TOKEN_LIMIT_MS, code: 'transport_timeout', what: 'asking for a new token' }, fresh(identity));
      if (token === undefined) return 'superseded';
      const connection = await join(identity, token);
      log.info({ attempt, identity, outageMs: Math.round(clock.nowMs() - sinceMs) }, 'the line is back');
      return connection;
    } catch (error) {
      if (signal.aborted) break;
      log.debug({ attempt, error: messageOf(error) }, 'the line is not back yet');
    }
    const spacingMs = MIN_SPACING_MS + random() * (MAX_SPACING_MS - MIN_SPACING_MS);
    await pause(clock, Math.max(startMs + spacingMs, clock.nowMs() + MIN_PAUSE_MS), signal);
  }
  return 'late';
}
