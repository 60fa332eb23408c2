import type { AgentState, CallerEvent } from '../../domain/events.js';
import type { LineEnd } from '../../domain/transport.js';

/** What one connection to the room tells its line, from `start` until `close`. None of these may throw. */
export interface ConnectionListener {
  /** As `LineListener.company`. */
  company(isThere: boolean, hungUp: boolean): void;
  callerJoined(identity: string): void;
  callerLeft(hungUp: boolean): void;
  /** Mono int16 at 48 kHz. Borrowed until the call returns. */
  audio(samples: Int16Array): void;
  /** The signalling is gone; it is being repaired in place. Media may still flow. */
  repairing(): void;
  repaired(): void;
  /** Somebody is in the room under a name this line had before. */
  ghost(identity: string): void;
  /** The connection is of no more use, and why. At most once, last of all. */
  lost(end: LineEnd, detail: string): void;
}

/** One connection to the room: made, used and closed once. What lives for the whole call is the line's. */
export interface Connection {
  /** Enters the room. Whoever calls sets the deadline; the error says nothing secret. */
  connect(token: string): Promise<void>;
  /** Makes the robot's voice known in the room. After `connect`. */
  publish(): Promise<void>;
  /** From now on the listener is told: at once of all that has already happened. */
  start(listener: ConnectionListener): void;
  /** As `Line.send`. */
  send(frame: Int16Array): boolean;
  setAgentState(state: AgentState): void;
  publishEvent(event: CallerEvent): void;
  transcript(from: 'caller' | 'robot', segment: string, text: string, final: boolean): void;
  /** Waits for a moment until what was published has been handed over. Never rejects. */
  flush(): Promise<void>;
  /** Leaves, also where `connect` is still under way. Nothing is told any more. Idempotent, never rejects, has a deadline. */
  close(): Promise<void>;
}

export interface ConnectionSettings {
  /** The caller who was heard before: found again, he is the caller, whoever else is there. */
  readonly preferred: string | undefined;
  /** Names of this line's own earlier connections. */
  isGhost(identity: string): boolean;
}

export type ConnectionFactory = (settings: ConnectionSettings) => Connection;
