import type { ErrorCode } from './errors.js';
import type { TurnReport } from './events.js';
import type { InterruptionDecision } from './speech.js';
import type { UsageUnit, Vendor } from './provider.js';

/** Why a call ended. A closed set: it is a metric label. */
export type CallEnd =
  | 'caller_left'
  /** Nobody with a microphone ever came, nor did anybody come and go again. */
  | 'no_caller'
  /** The caller is there, but nothing has come from him for too long. */
  | 'no_media'
  | 'idle'
  | 'too_long'
  | 'robot_ended'
  | 'room_closed'
  /** Another robot has the room now. */
  | 'superseded'
  | 'lost'
  | 'failed'
  | 'shutdown'
  /** An operator hung up. */
  | 'hung_up'
  /** Its process died, and no other could take it up. */
  | 'crashed';
export const CALL_ENDS: readonly CallEnd[] = [
  'caller_left',
  'no_caller',
  'no_media',
  'idle',
  'too_long',
  'robot_ended',
  'room_closed',
  'superseded',
  'lost',
  'failed',
  'shutdown',
  'hung_up',
  'crashed',
];

/** Why a call that was offered was not taken. A closed set: it is a metric label. */
export type Refusal =
  /** More would be heard by the callers there are. */
  | 'full'
  | 'draining'
  /** No process that could carry it is up. */
  | 'not_ready'
  /** The room has its robot: here or on another node. */
  | 'has_robot'
  /** It was accepted, but the server gave it to somebody else or to nobody. */
  | 'not_assigned';
export const REFUSALS: readonly Refusal[] = ['full', 'draining', 'not_ready', 'has_robot', 'not_assigned'];

/** Where audio was thrown away. A closed set: it is a metric label. */
export type DropPlace = 'inbound' | 'reply_stale' | 'playout_late' | 'transport';
export const DROP_PLACES: readonly DropPlace[] = ['inbound', 'reply_stale', 'playout_late', 'transport'];

/** What kind of provider failed. A closed set: it is a metric label. */
export type ProviderKind = 'stt' | 'llm' | 'tts' | 'realtime' | 'tool' | 'vad' | 'denoise' | 'orchestrator';

/** The books of a node's calls: offered = refused + ended + in progress. Implemented by metrics. */
export interface CallsMeter {
  offered(): void;
  refused(reason: Refusal): void;
  /** An accepted call has ended. */
  ended(end: CallEnd): void;
  /** A call goes on in another process or in another room connection, after its own died. */
  resumed(why: 'shard_died' | 'node_died'): void;
}

/** What is measured. Implemented by metrics; a call only ever sees this. All methods are cheap and never throw. */
export interface Meter {
  turn(report: TurnReport): void;
  bargeIn(stopMs: number): void;
  /** What was made of a possible interruption. */
  interruption(decision: InterruptionDecision): void;
  /** CPU time of one 20 ms frame through hearing. */
  frameIn(cpuMs: number): void;
  framesOut(count: number): void;
  framesDropped(where: DropPlace, count: number): void;
  lateTicks(count: number): void;
  providerError(kind: ProviderKind, code: ErrorCode): void;
  /**
   * The first result of a provider came: first token, first audio, or the final transcript. Counts from the
   * request; for speech recognition from the end of speech.
   */
  providerFirst(kind: ProviderKind, vendor: Vendor, afterMs: number): void;
  providerUsed(vendor: Vendor, unit: UsageUnit, amount: number): void;
}

export type LogFields = Readonly<Record<string, unknown>>;

/** A structured log. Implemented by platform/log.ts. */
export interface Log {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  child(fields: LogFields): Log;
}
