import type { ErrorCode } from './errors.js';
import type { TurnReport } from './events.js';
import type { InterruptionDecision } from './speech.js';
import type { UsageUnit, Vendor } from './provider.js';

/** Why a call ended. A closed set: it is a metric label. */
export type CallEnd = 'caller_left' | 'no_caller' | 'idle' | 'too_long' | 'robot_ended' | 'room_closed' | 'superseded' | 'lost' | 'failed' | 'shutdown';
export const CALL_ENDS: readonly CallEnd[] = ['caller_left', 'no_caller', 'idle', 'too_long', 'robot_ended', 'room_closed', 'superseded', 'lost', 'failed', 'shutdown'];

/** Where audio was thrown away. A closed set: it is a metric label. */
export type DropPlace = 'inbound' | 'reply_stale' | 'playout_late' | 'transport';
export const DROP_PLACES: readonly DropPlace[] = ['inbound', 'reply_stale', 'playout_late', 'transport'];

/** What kind of provider failed. A closed set: it is a metric label. */
export type ProviderKind = 'stt' | 'llm' | 'tts' | 'realtime' | 'tool' | 'vad' | 'denoise' | 'orchestrator';

/** What is measured. Implemented by metrics; a call only ever sees this. All methods are cheap and never throw. */
export interface Meter {
  callStarted(): void;
  callEnded(end: CallEnd): void;
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
