import type { ErrorCode } from './errors.js';
import type { FrameReason, InterruptionDecision } from './speech.js';

/** Values of the attribute `lk.agent.state`, as LiveKit's front ends know them. */
export type AgentState = 'initializing' | 'listening' | 'thinking' | 'speaking';

/** The moments of a turn. See the README for what each one means. */
export type Mark = 't1' | 't2' | 't3' | 't4' | 't5' | 't6';
export const MARKS: readonly Mark[] = ['t1', 't2', 't3', 't4', 't5', 't6'];

/** Spans between marks; the label values of `voice_node_turn_stage_seconds`. */
export type Stage = 'endpointing' | 'stt' | 'llm' | 'tts' | 'playout' | 'response';
export const STAGES: readonly Stage[] = ['endpointing', 'stt', 'llm', 'tts', 'playout', 'response'];

/** How a turn ended. */
export type TurnEnd = 'answered' | 'interrupted' | 'failed' | 'unanswered';
export const TURN_ENDS: readonly TurnEnd[] = ['answered', 'interrupted', 'failed', 'unanswered'];

/** One turn as it goes to the log, the metrics, the record and the page. All times in ms of the call. */
export interface TurnReport {
  readonly turn: number;
  readonly end: TurnEnd;
  /** Marks that were reached, in ms since the call began. */
  readonly marksMs: Partial<Record<Mark, number>>;
  /** Stages whose both ends were reached, in ms. */
  readonly stagesMs: Partial<Record<Stage, number>>;
  /** Length of the utterance with its pre-roll. */
  readonly utteranceMs: number;
  /** How much of the answer was played. */
  readonly heardMs: number;
  /** Why it failed, where it did. */
  readonly error?: ErrorCode;
}

/**
 * Events on data topic `voice-node`, JSON, one per packet. `atMs` counts from the beginning of the call on
 * the node's clock.
 */
export type CallerEvent =
  | { readonly type: 'call'; readonly atMs: number; readonly callId: string; readonly robot: string; readonly rateHz: number; readonly detector: string; readonly denoise?: true }
  /** Consecutive frames, `atMs` is the time of the first: probability of speech, whether the detector's gate was open, and what was made of it. */
  | { readonly type: 'vad'; readonly atMs: number; readonly frameMs: number; readonly p: readonly number[]; readonly gate: readonly (0 | 1)[]; readonly reasons: readonly FrameReason[] }
  /** What was made of a possible interruption: `held` and `resumed` on the way, the others at its end. */
  | { readonly type: 'interruption'; readonly atMs: number; readonly turn?: number; readonly decision: InterruptionDecision; readonly afterMs: number }
  | { readonly type: 'speech_started'; readonly atMs: number; readonly turn: number; readonly onsetMs: number }
  | { readonly type: 'speech_ended'; readonly atMs: number; readonly turn: number; readonly offsetMs: number; readonly utteranceMs: number }
  | { readonly type: 'speech_dropped'; readonly atMs: number; readonly turn: number }
  | { readonly type: 'reply_started'; readonly atMs: number; readonly turn?: number }
  | { readonly type: 'reply_ended'; readonly atMs: number; readonly turn?: number; readonly heardMs: number; readonly cut: boolean }
  | { readonly type: 'barge_in'; readonly atMs: number; readonly turn?: number; readonly stopMs: number; readonly heardMs: number }
  | ({ readonly type: 'turn'; readonly atMs: number } & TurnReport)
  /** What the caller said, as far as recognised: all of it, not what is new. */
  | { readonly type: 'transcript'; readonly atMs: number; readonly turn: number; readonly text: string; readonly final: boolean }
  /** What the robot has said so far in this reply, word by word as it is spoken. `apology`: the recorded sentence after a failure. */
  | { readonly type: 'reply_text'; readonly atMs: number; readonly reply: number; readonly turn?: number; readonly text: string; readonly final: boolean; readonly apology?: true }
  | { readonly type: 'error'; readonly atMs: number; readonly code: ErrorCode; readonly message: string };
