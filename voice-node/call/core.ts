import { VoiceNodeError, type ErrorCode } from '../domain/errors.js';
import type { CallEnd, ProviderKind } from '../domain/observer.js';
import type { SpeechEnded, SpeechStarted } from '../domain/speech.js';
import { monotonicMs, type MonotonicMs } from '../domain/time.js';
import type { LineEnd } from '../domain/transport.js';
import { Draft } from './draft.js';
import type { CallCommand, CallEvent } from './events.js';
import { GOODBYE_MS, type CallState } from './state.js';
import { beginTimeline, mark, round } from './timeline.js';

/** Failures that end a call and are a provider's. */
const FAILED_PROVIDER: Partial<Record<ErrorCode, ProviderKind>> = { vad_failed: 'vad', answer_failed: 'orchestrator' };

export interface Step {
  readonly state: CallState;
  readonly commands: readonly CallCommand[];
}

/**
 * The whole behaviour of a call: what follows from an event. Reads no clock, starts no timer, awaits nothing;
 * the same function runs live, in tests and in replay. Events of a call that has ended change nothing.
 */
export function step(state: CallState, event: CallEvent, nowMs: MonotonicMs): Step {
  const draft = new Draft(state, nowMs);
  if (state.phase === 'ended') {
    if (event.type === 'reply_cut') draft.closeTurn(event.heardMs);
  } else {
    handle(draft, event);
  }
  return { state: draft.state, commands: draft.commands };
}

function handle(draft: Draft, event: CallEvent): void {
  switch (event.type) {
    case 'connected':
      return connected(draft);
    case 'caller_joined':
      return callerJoined(draft);
    case 'caller_left':
      return callerLeft(draft);
    case 'line_ended':
      return draft.close(callEndOf(event.end, draft.state));
    case 'failed':
      draft.fail(event.error, FAILED_PROVIDER[event.error.code]);
      return draft.close('failed');
    case 'hang_up':
      return draft.close(event.end === 'room_closed' ? callEndOf('room_closed', draft.state) : event.end);
    case 'end_requested':
      if (draft.state.reply === undefined && !draft.state.ending) return draft.close('robot_ended');
      draft.state.ending = true;
      return;
    case 'speech_started':
      return speechStarted(draft, event);
    case 'speech_ended':
      return speechEnded(draft, event);
    case 'speech_dropped':
      return speechDropped(draft);
    case 'tick':
      return tick(draft);
    default:
      return handleReply(draft, event);
  }
}

function connected(draft: Draft): void {
  const { state } = draft;
  if (state.phase !== 'connecting') return;
  draft.enter('waiting');
  if (state.callerWaits) callerJoined(draft);
}

function callerJoined(draft: Draft): void {
  const { state } = draft;
  if (state.phase === 'connecting') state.callerWaits = true;
  if (state.phase !== 'waiting') return;
  const first = !state.hadCaller;
  state.hadCaller = true;
  draft.enter('listening');
  if (first) draft.command({ type: 'open_conversation' });
}

function callerLeft(draft: Draft): void {
  const { state } = draft;
  state.callerWaits = false;
  if (state.phase === 'connecting' || state.phase === 'waiting') return;
  if (state.ending) return draft.close('robot_ended');
  draft.stopReply('interrupted');
  draft.command({ type: 'reset_hearing' });
  draft.enter('waiting');
}

function speechStarted(draft: Draft, event: SpeechStarted): void {
  const { state, nowMs } = draft;
  if (state.phase !== 'listening' && state.phase !== 'thinking' && state.phase !== 'speaking') return;
  draft.stopReply('interrupted', event.onsetArrivedMs);
  // Nobody would answer: a good-bye that is interrupted is over.
  if (state.ending) return draft.close('robot_ended');
  state.turn++;
  state.timeline = beginTimeline(state.turn, nowMs);
  draft.enter('hearing');
  draft.command({ type: 'tell_started', turn: state.turn });
  const onsetMs = round(event.onsetArrivedMs - state.bornMs);
  draft.command({ type: 'publish', event: { type: 'speech_started', atMs: draft.atMs, turn: state.turn, onsetMs } });
}

function speechEnded(draft: Draft, event: SpeechEnded): void {
  const { state, nowMs } = draft;
  if (state.phase !== 'hearing' || state.timeline === undefined) return;
  const { utterance } = event;
  const utteranceMs = (utterance.samples.length / utterance.rateHz) * 1000;
  state.timeline = { ...mark(state.timeline, 't2', nowMs), offsetMs: event.offsetArrivedMs, utteranceMs };
  draft.enter('thinking');
  draft.command({ type: 'tell_ended', turn: state.turn, utterance });
  const offsetMs = round(event.offsetArrivedMs - state.bornMs);
  draft.command({ type: 'publish', event: { type: 'speech_ended', atMs: draft.atMs, turn: state.turn, offsetMs, utteranceMs: round(utteranceMs) } });
}

function speechDropped(draft: Draft): void {
  const { state } = draft;
  if (state.phase !== 'hearing') return;
  state.timeline = undefined;
  draft.enter('listening');
  draft.command({ type: 'tell_dropped', turn: state.turn });
  draft.command({ type: 'publish', event: { type: 'speech_dropped', atMs: draft.atMs, turn: state.turn } });
}

type ReplyEvent = Extract<
  CallEvent,
  { readonly type: 'understood' | 'reply_begun' | 'reply_chosen' | 'reply_audio' | 'reply_failed' | 'reply_cut' | `playout_${string}` }
>;

function handleReply(draft: Draft, event: ReplyEvent): void {
  const { state, nowMs } = draft;
  if (event.type === 'reply_begun') return replyBegun(draft, event.turn);
  if (event.type === 'reply_cut') return replyCut(draft, event);
  if (event.type === 'understood') {
    if (state.timeline?.turn === event.turn) state.timeline = mark(state.timeline, 't3', nowMs);
    return;
  }
  if (event.type === 'reply_failed') return replyFailed(draft, event.generation, event.error);
  if (state.reply?.generation !== event.generation) return;
  switch (event.type) {
    case 'reply_chosen':
      return markReply(draft, 't4');
    case 'reply_audio':
      return markReply(draft, 't5');
    case 'playout_started':
      state.reply = { ...state.reply, playing: true, untilMs: monotonicMs(nowMs + state.limits.replyMs) };
      draft.enter('speaking');
      draft.command({ type: 'robot_speaking', on: true });
      draft.command({ type: 'publish', event: { type: 'reply_started', atMs: draft.atMs, ...turnField(state.reply.turn) } });
      return;
    case 'playout_audible':
      return markReply(draft, 't6');
    case 'playout_starved':
      return draft.extend(state.limits.replyGapMs);
    case 'playout_resumed':
      return draft.extend(state.limits.replyMs);
    case 'playout_finished':
      return replyFinished(draft, event.heardMs);
  }
}

function replyBegun(draft: Draft, turn: number | undefined): void {
  const { state } = draft;
  const stale = turn !== undefined && turn !== state.turn;
  const able = state.phase === 'listening' || state.phase === 'thinking' || state.phase === 'speaking';
  if (!able || stale || state.ending) return;
  if (state.reply !== undefined) replaceReply(draft, turn);
  if (state.phase !== 'thinking') draft.enter('thinking');
  state.generation++;
  state.reply = { generation: state.generation, turn, playing: false, untilMs: state.deadlineMs };
  draft.command({ type: 'begin_reply', generation: state.generation, turn });
}

/** A second reply takes the place of the first; the turn stays open if the second one answers it too. */
function replaceReply(draft: Draft, turn: number | undefined): void {
  const { state } = draft;
  const kept = state.timeline?.turn === turn ? state.timeline : undefined;
  if (kept !== undefined) state.timeline = undefined;
  draft.stopReply('interrupted');
  if (kept !== undefined) state.timeline = kept;
}

function replyCut(draft: Draft, event: Extract<CallEvent, { type: 'reply_cut' }>): void {
  const { atMs } = draft;
  if (event.playing) {
    const heardMs = round(event.heardMs);
    draft.command({ type: 'publish', event: { type: 'reply_ended', atMs, heardMs, cut: true, ...turnField(event.turn) } });
    if (event.bargeInMs !== undefined) {
      const stopMs = round(event.bargeInMs);
      draft.command({ type: 'report_barge_in', stopMs, heardMs });
      draft.command({ type: 'publish', event: { type: 'barge_in', atMs, stopMs, heardMs, ...turnField(event.turn) } });
    }
  }
  draft.closeTurn(event.heardMs);
}

function replyFinished(draft: Draft, heardMs: number): void {
  const { state } = draft;
  const { reply, timeline } = state;
  if (reply === undefined) return;
  state.reply = undefined;
  if (reply.playing) draft.command({ type: 'robot_speaking', on: false });
  draft.command({ type: 'tell_finished', heard: { generation: reply.generation, turn: reply.turn, heardMs, complete: true } });
  if (reply.playing) draft.command({ type: 'publish', event: { type: 'reply_ended', atMs: draft.atMs, heardMs: round(heardMs), cut: false, ...turnField(reply.turn) } });
  if (timeline !== undefined && timeline.turn === reply.turn) {
    state.timeline = undefined;
    // A reply without any audio is an end, but no answer.
    draft.report(timeline, reply.playing ? 'answered' : 'unanswered', heardMs);
  }
  draft.enter('listening');
  if (state.ending) draft.extend(GOODBYE_MS);
}

function replyFailed(draft: Draft, generation: number | undefined, error: VoiceNodeError): void {
  const { state } = draft;
  const concerned = generation === undefined ? state.phase === 'thinking' || state.phase === 'speaking' : state.reply?.generation === generation;
  if (generation !== undefined && !concerned) return;
  draft.fail(error, 'orchestrator');
  if (concerned) giveUpReply(draft);
}

/** The answer failed or never came; the call goes on. */
function giveUpReply(draft: Draft): void {
  draft.stopReply('failed');
  if (draft.state.ending) draft.close('robot_ended');
  else draft.enter('listening');
}

function tick(draft: Draft): void {
  const { state } = draft;
  if (draft.nowMs < state.deadlineMs) return;
  if (draft.callIsTooLong) return draft.close('too_long');
  switch (state.phase) {
    case 'connecting':
      draft.fail(new VoiceNodeError('transport_connect', `the line was not up within ${state.limits.connectMs} ms`));
      return draft.close('failed');
    case 'waiting':
      return draft.close(state.hadCaller ? 'caller_left' : 'no_caller');
    case 'listening':
      return draft.close(state.ending ? 'robot_ended' : 'idle');
    case 'hearing':
      draft.command({ type: 'check_audio' });
      return draft.enter('hearing');
    case 'thinking':
      draft.fail(new VoiceNodeError('answer_timeout', `no answer began within ${state.limits.answerMs} ms`), 'orchestrator');
      return giveUpReply(draft);
    case 'speaking':
      draft.fail(new VoiceNodeError('answer_timeout', 'the reply neither went on nor ended in time'), 'orchestrator');
      return giveUpReply(draft);
    case 'ended':
      return;
  }
}

function markReply(draft: Draft, name: 't4' | 't5' | 't6'): void {
  const { state } = draft;
  if (state.timeline !== undefined && state.timeline.turn === state.reply?.turn) {
    state.timeline = mark(state.timeline, name, draft.nowMs);
  }
}

function callEndOf(end: LineEnd, state: CallState): CallEnd {
  switch (end) {
    case 'caller_left':
      return 'caller_left';
    case 'room_closed':
    case 'removed':
      return state.phase === 'waiting' && state.hadCaller ? 'caller_left' : 'room_closed';
    case 'superseded':
      return 'superseded';
    case 'lost':
      return 'lost';
    case 'closed_by_us':
      return 'shutdown';
  }
}

const turnField = (turn: number | undefined): { turn?: number } => (turn === undefined ? {} : { turn });
