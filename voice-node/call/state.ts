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
 *   any but connecting --interrupted--> rejoining --restored--> waiting
 *   with a caller --say_goodbye--> thinking (the good-bye) --> speaking --> listening --> ended
 */
export type Phase = 'connecting' | 'waiting' | 'listening' | 'hearing' | 'thinking' | 'speaking' | 'rejoining' | 'ended';

/** How long each phase may last, in ms. */
export interface CallLimits {
  readonly connectMs: number;
  /** Alone in the room, before the first caller or after the last one. */
  readonly noCallerMs: number;
  /** Alone in the room after the caller has hung up: a page that is loaded anew comes back within this. */
  readonly hungUpMs: number;
  /** Nobody says anything. */
  readonly idleMs: number;
  /** No answer begins. */
  readonly answerMs: number;
  /** A reply that has begun brings no more audio and does not end. */
  readonly replyGapMs: number;
  /** One reply. */
  readonly replyMs: number;
  /** The whole call, from the moment it was accepted. */
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
  /** How long the recorded phrases are that there are, in ms. */
  readonly phrases: Readonly<Partial<Record<PhraseName, number>>>;
  /** The call goes on after its process has died: its caller has been there, and is told that the robot is back. */
  readonly resumed: boolean;
  /** It was the caller's joining that made the room: where nobody is, he has gone. Default: he may be still to come. */
  readonly byCaller?: boolean;
}

/**
 * What a robot says from a recording, whatever becomes of its orchestrator: after a turn that failed, after the
 * caller was cut off, and before the node hangs up.
 */
export type PhraseName = 'apology' | 'back' | 'goodbye';

/** An outage as short as this is not worth a word. */
export const UNNOTICED_OUTAGE_MS = 3000;

/**
 * Before anybody was heard: a caller who has gone again may come back within this, a page that is loaded anew, say.
 * Where he went while the robot was on its way, it counts from then, as far as that can be known: he came before the call
 * was accepted, and everything under it is to be gone within 5 s of his going.
 */
export const GONE_AGAIN_MS = 3000;
export const GONE_AGAIN_AGE_MS = 4500;
/** After a long way, enough for what is on its way to the robot: the server's next word on who is there. */
export const GONE_AGAIN_LEAST_MS = 500;

/** So much later than its length the recorded good-bye has been said, or never will be. */
export const FAREWELL_SLACK_MS = 2000;

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
  /** It is recorded: the orchestrator knows nothing of it. */
  readonly phrase: PhraseName | undefined;
  /** Once it plays, and for the good-bye from the beginning: when it is over at the latest, however often it starves and goes on. */
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
  /** When the call is. */
  readonly lastMs: MonotonicMs;
  readonly limits: CallLimits;
  readonly rules: CallRules;
  /** The conversation has begun: it begins once. */
  readonly opened: boolean;
  /**
   * Who is in the room before the conversation has begun; afterwards nobody asks. `absent`: nobody, but somebody may
   * come; `gone`: who was there has left because he wanted to.
   */
  readonly company: 'unknown' | 'absent' | 'present' | 'gone';
  /** The caller who is gone has said so himself. */
  readonly hungUp: boolean;
  /** A caller was there before the line was up; heard of once it is. */
  readonly callerWaits: boolean;
  /** Since when the line has been no good for a caller, although it may be up again: until one is there. */
  readonly cutOffMs: MonotonicMs | undefined;
  /** How often the line was made again. */
  readonly rejoins: number;
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
  /**
   * The robot wants to hang up once it has finished speaking, or was interrupted: no new reply is taken. `shutdown`:
   * the node wants it to, and its good-bye cannot be interrupted.
   */
  readonly ending: 'robot_ended' | 'failed' | 'shutdown' | undefined;
}

/** `ageMs`: how long ago the call was accepted. */
export const newCall = (limits: CallLimits, rules: CallRules, nowMs: MonotonicMs, ageMs = 0): CallState => ({
  phase: 'connecting',
  bornMs: nowMs,
  deadlineMs: monotonicMs(nowMs + Math.min(limits.connectMs, limits.callMs - ageMs)),
  lastMs: monotonicMs(nowMs + limits.callMs - ageMs),
  limits,
  rules,
  opened: false,
  company: 'unknown',
  hungUp: false,
  callerWaits: false,
  cutOffMs: undefined,
  rejoins: 0,
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
