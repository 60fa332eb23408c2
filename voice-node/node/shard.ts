import type { Said } from '../domain/journal.js';
import type { CallEnd } from '../domain/observer.js';
import type { Vitals } from '../domain/operations.js';
import type { WallMs } from '../domain/time.js';

/** What a shard needs to begin a call in a room. Plain JSON. */
export interface CallRequest {
  readonly callId: string;
  readonly room: string;
  /** A token for this room and this identity. */
  readonly token: string;
  readonly identity: string;
  /** Room metadata as it came; may name the robot. */
  readonly metadata: string;
  readonly acceptedMs: WallMs;
  /** What was said before, where the call goes on after its process has died; as a record keeps it, at most MAX_SAID. */
  readonly past?: readonly Said[];
}

/** What a shard tells its node. */
export interface ShardListener {
  /** It can take calls. Once. */
  ready(): void;
  vitals(vitals: Vitals): void;
  /** It is to be replaced once its calls have ended: no more of them should be begun here. Once. */
  retiring?(): void;
  /** Something was said: for the record. */
  said(callId: string, said: Said): void;
  /** The robot is in the room under another identity now. */
  identity(callId: string, identity: string): void;
  /** Exactly once for each call that was begun, unless the shard dies. */
  ended(callId: string, end: CallEnd): void;
  /** The process is gone, with every call in it. Last of all, exactly once. */
  died(reason: string): void;
}

/**
 * A place where calls live: a process of its own, or this one. Methods return at once; what cannot be done any more
 * because the shard is gone is dropped, and `died` has been told.
 */
export interface Shard {
  /** `1`, `2`, ... in the log and for the operator; the process that takes a dead one's place keeps the name. */
  readonly name: string;
  /** Of the process the calls are in. */
  readonly pid: number | undefined;
  begin(request: CallRequest): void;
  hangUp(callId: string, end: CallEnd): void;
  /** The robot says good-bye and hangs up: the end is `shutdown`. */
  sayGoodbye(callId: string): void;
  /** Its metrics, as prom-client's getMetricsAsJSON gives them. Rejects `shard_failed` after a deadline. */
  metrics(): Promise<readonly unknown[]>;
  /** Ends the process in order (no call is left), by force after a deadline. */
  stop(): Promise<void>;
  /** At once. */
  kill(): void;
}

/** Makes the shard of this name. Its listener is told what happens from then on. */
export type ShardFactory = (name: string, listener: ShardListener) => Shard;
