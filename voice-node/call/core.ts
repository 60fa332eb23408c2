import { VoiceNodeError, type ErrorCode } from '../domain/errors.js';
import type { CallEnd, ProviderKind } from '../domain/observer.js';
import type { MonotonicMs } from '../domain/time.js';
import type { LineEnd } from '../domain/transport.js';
import { callerJoined, callerLeft, company, connected, interrupted, restored } from './core-line.js';
import { sayGoodbye } from './core-phrase.js';
import { giveUpReply, handleReply } from './core-reply.js';
import { speechStarted, speechSuspected } from './core-speech.js';
import { speechDismissed, speechDropped, speechEnded, speechMeant } from './core-verdict.js';
import { Draft } from './draft.js';
import type { CallCommand, CallEvent } from './events.js';
import type { CallState } from './state.js';

/** Failures that end a call and are a provider's. */
const FAILED_PROVIDER: Partial<Record<ErrorCode, ProviderKind>> = { vad_failed: 'vad', denoise_failed: 'denoise', answer_failed: 'orchestrator' };

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
    case 'company':
      return company(draft, event.isThere, event.hungUp);
    case 'caller_joined':
      return callerJoined(draft);
    case 'caller_left':
      return callerLeft(draft, event.hungUp);
    case 'interrupted':
      return interrupted(draft);
    case 'restored':
      return restored(draft);
    case 'line_ended':
      return draft.close(callEndOf(event.end, draft.state));
    case 'failed':
      draft.fail(event.error, FAILED_PROVIDER[event.error.code]);
      return draft.close('failed');
    case 'hang_up':
      return draft.close(event.end === 'room_closed' ? callEndOf('room_closed', draft.state) : event.end);
    case 'say_goodbye':
      return sayGoodbye(draft);
    case 'end_requested':
      if (draft.state.reply === undefined && !draft.state.ending) return draft.close(event.end ?? 'robot_ended');
      draft.state.ending ??= event.end ?? 'robot_ended';
      return;
    case 'speech_suspected':
      return speechSuspected(draft, event);
    case 'speech_meant':
      return speechMeant(draft);
    case 'speech_dismissed':
      return speechDismissed(draft, event);
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

function tick(draft: Draft): void {
  const { state } = draft;
  if (draft.nowMs < state.deadlineMs) return;
  if (draft.callIsTooLong) return draft.close('too_long');
  switch (state.phase) {
    case 'connecting':
      draft.fail(new VoiceNodeError('transport_connect', `the line was not up within ${state.limits.connectMs} ms`));
      return draft.close('failed');
    case 'waiting':
      return draft.close(hadCaller(state) ? 'caller_left' : 'no_caller');
    case 'listening':
      return draft.close(state.ending ?? 'idle');
    case 'hearing':
      draft.command({ type: 'check_audio' });
      return draft.enter('hearing');
    case 'rejoining':
      return draft.close('too_long');
    case 'thinking':
      if (state.ending === 'shutdown') return farewellFailed(draft);
      draft.fail(new VoiceNodeError('answer_timeout', `no answer began within ${state.limits.answerMs} ms`), 'orchestrator');
      return giveUpReply(draft, 'answer_timeout');
    case 'speaking':
      if (state.ending === 'shutdown') return farewellFailed(draft);
      draft.fail(new VoiceNodeError('answer_timeout', 'the reply neither went on nor ended in time'), 'orchestrator');
      return giveUpReply(draft, 'answer_timeout');
    case 'ended':
      return;
  }
}

/** The recording was not played in its own time: that is nobody's but ours. */
function farewellFailed(draft: Draft): void {
  draft.fail(new VoiceNodeError('answer_timeout', 'the recorded good-bye was not said in time'));
  draft.close('shutdown');
}

/** In a call that goes on here, the caller was there before. */
const hadCaller = ({ opened, rules, company: who }: CallState): boolean => opened || rules.resumed || who === 'gone';

function callEndOf(end: LineEnd, state: CallState): CallEnd {
  switch (end) {
    case 'caller_left':
    case 'no_media':
      return end;
    case 'room_closed':
    case 'removed':
      return state.phase === 'waiting' && hadCaller(state) ? 'caller_left' : 'room_closed';
    case 'superseded':
      return 'superseded';
    case 'lost':
      return 'lost';
    case 'closed_by_us':
      return 'shutdown';
  }
}
