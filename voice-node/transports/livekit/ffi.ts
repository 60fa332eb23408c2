import type { EventEmitter } from 'node:events';
import type { Room } from '@livekit/rtc-node';

const EVENT = 'ffi_event';

/** The one emitter that brings every event of every room; rtc-node 1.1 keeps it here and exports no way to it. */
const emitter = (): EventEmitter | undefined => (globalThis as { _ffiClientInstance?: EventEmitter })._ffiClientInstance;

/**
 * Lets go of a room that is not to hear any more events. rtc-node 1.1 does so in `disconnect()`, but not where the
 * server ended the connection (`disconnect()` then returns at once), and not while connecting: the room would be
 * given every event of the process, and kept in memory, for ever. Idempotent.
 */
export function detach(room: Room): void {
  const { onFfiEvent } = room as unknown as { onFfiEvent?: unknown };
  if (typeof onFfiEvent === 'function') emitter()?.off(EVENT, onFfiEvent as (...args: unknown[]) => void);
}

/** How many listen to the events of native code: rooms, streams and requests under way. 0 where it was never used. */
export const nativeListeners = (): number => emitter()?.listenerCount(EVENT) ?? 0;
