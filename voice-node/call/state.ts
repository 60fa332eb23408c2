import type { ErrorCode } from '../domain/errors.js';
import type { TurnEnd } from '../domain/events.js';
import type { SpeechStarted } from '../domain/speech.js';
import { monotonicMs, type MonotonicMs } from '../domain/time.js';
import type { Timeline } from './timeline.js';

/**
 * Where a call stands. Every phase but `ended` has a deadline (`CallLimits`), so no call can hang for ever.
 *
 *   connecting --connected--> waiting --caller_joined--> listening
 *   listening --speech_started--> hearing --speech_ended--> thinking --first frame--> speaking
 *   speaking --finished--> listening        speaking --speech_started--> hearing (barge-in)
 *   hearing, its reply held --speech_dismissed--> speaking
 *   thinking --speech_started--> hearing    hearing --speech_dropped--> listening
 *   thinking, speaking --failed--> thinking (the apology) or listening
 *   any but connecting --caller_left--> waiting        any --hang_up, line_ended, failed--> ended
 */
export type Phase = 'connecting' | 'waiting' | 'listening' | 'hearing' | 'thinking' | 'speaking' | 'ended';

/** How long each phase may last, in ms. */
export interface CallLimits {
  readonly connectMs: number;
  /** Alone in the room, before the first caller or after the last one. */
  readonly noCallerMs: number;
  /** Nobody says anything. */
  readonly idleMs: number;
  /** No answer begins. */
  readonly answerMs: number;
  /** A reply that has begun brings no more audio and does not end. */
  readonly replyGapMs: number;
  /** One reply. */
  readonly replyMs: number;
  /** The whole call. */
  readonly callMs: number;
}

export type Interruptions = 'immediate' | 'confirm' | 'off';

/** How one robot's calls behave. */
export interface CallRules {
  /**
   * What speech of the caller does to the robot that is speaking: stops it at once; makes it hold its breath until it
   * is clear that he means it; or nothing, and is taken as a turn only if it goes on after the robot has finished.
   */
  readonly interruptions: Interruptions;
  /** Whether there is a recorded sentence for a turn that failed. */
  readonly apologises: boolean;
}

/** While the caller speaks, this often it is checked that audio still comes. */
export const HEARING_CHECK_MS = 500;

/**
 * Between the end of the last words and hanging up: what was handed over is still on its way, and receivers throw
 * away what waits in their jitter buffer (100 to 200 ms) once the line goes down.
 */
export const GOODBYE_MS = 300;

/** The reply that has been begun last and has not ended. */
export interface PendingReply {
  readonly generation: number;
  readonly turn: number | undefined;
  readonly playing: boolean;
  /** The recorded sentence after a failure: the orchestrator knows nothing of it. */
  readonly apology: boolean;
  /** Once it plays: when it is over at the latest, however often it starves and goes on. */
  readonly untilMs: MonotonicMs;
}

/** A reply that is silent until it is known whether the caller means to interrupt it. */
export interface HeldReply {
  /** Of the turn that it answers. */
  readonly timeline: Timeline | undefined;
  /** Since when it is silent. */
  readonly silentMs: MonotonicMs;
  /** Arrival of the voice that may be an interruption. */
  readonly onsetMs: MonotonicMs;
  /** It has failed meanwhile: there is nothing to go on with. */
  readonly error: ErrorCode | undefined;
}

export interface CallState {
  readonly phase: Phase;
  readonly bornMs: MonotonicMs;
  /** When the present phase is over at the latest. */
  readonly deadlineMs: MonotonicMs;
  readonly limits: CallLimits;
  readonly rules: CallRules;
  readonly hadCaller: boolean;
  /** A caller was there before the line was up; heard of once it is. */
  readonly callerWaits: boolean;
  /** Number of the newest turn; 0 before the first. */
  readonly turn: number;
  /** Number of the newest reply. Audio with any other number is dropped at the last gate. */
  readonly generation: number;
  readonly reply: PendingReply | undefined;
  /** Marks of the turn that is open, if one is. */
  readonly timeline: Timeline | undefined;
  /** A turn whose reply is being cut: it is reported once the player has said how much was heard. */
  readonly closing: { readonly timeline: Timeline; readonly end: TurnEnd; readonly error: ErrorCode | undefined } | undefined;
  /** While hearing: `reply` waits for what becomes of this turn. */
  readonly held: HeldReply | undefined;
  /** The robot has lowered its voice since something arrived that may be speech. */
  readonly suspectedMs: MonotonicMs | undefined;
  /** The newest turn that was handed over. Later ones were dropped, or are being spoken. */
  readonly asked: number;
  /** Speech that began while the robot could not be interrupted: a turn, if it goes on when the robot has finished. */
  readonly waiting: SpeechStarted | undefined;
  /** The robot wants to hang up once it has finished speaking, or was interrupted: no new reply is taken. */
  readonly ending: 'robot_ended' | 'failed' | undefined;
}

export const newCall = (limits: CallLimits, rules: CallRules, nowMs: MonotonicMs): CallState => ({
  phase: 'connecting',
  bornMs: nowMs,
  deadlineMs: monotonicMs(nowMs + limits.connectMs),
  limits,
  rules,
  hadCaller: false,
  callerWaits: false,
  turn: 0,
  generation: 0,
  reply: undefined,
  timeline: undefined,
  closing: undefined,
  held: undefined,
  suspectedMs: undefined,
  asked: 0,
  waiting: undefined,
  ending: undefined,
});
