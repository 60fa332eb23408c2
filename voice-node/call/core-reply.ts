import type { ErrorCode, VoiceNodeError } from '../domain/errors.js';
import { monotonicMs } from '../domain/time.js';
import { say } from './core-phrase.js';
import { speechStarted } from './core-speech.js';
import type { Draft } from './draft.js';
import type { CallEvent } from './events.js';
import { GOODBYE_MS } from './state.js';
import { mark, round } from './timeline.js';

/** What replies do, and what becomes of them. */
type ReplyEvent = Extract<
  CallEvent,
  { readonly type: 'understood' | 'reply_begun' | 'reply_chosen' | 'reply_audio' | 'reply_failed' | 'reply_cut' | `playout_${string}` }
>;

export function handleReply(draft: Draft, event: ReplyEvent): void {
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
      state.reply = { ...state.reply, playing: true, untilMs: state.reply.phrase === 'goodbye' ? state.reply.untilMs : monotonicMs(nowMs + state.limits.replyMs) };
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
  const stale = turn !== undefined && turn !== state.turn && turn !== state.asked;
  const able = state.phase === 'listening' || state.phase === 'thinking' || state.phase === 'speaking';
  if (!able || stale || state.ending) return;
  if (state.reply !== undefined) replaceReply(draft, turn);
  if (state.phase !== 'thinking') draft.enter('thinking');
  state.generation++;
  state.reply = { generation: state.generation, turn, playing: false, phrase: undefined, untilMs: state.deadlineMs };
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
  state.suspectedMs = undefined;
  if (reply.playing) draft.command({ type: 'robot_speaking', on: false });
  draft.command({ type: 'finish_reply', generation: reply.generation, turn: reply.turn, heardMs, phrase: reply.phrase });
  if (reply.playing) draft.command({ type: 'publish', event: { type: 'reply_ended', atMs: draft.atMs, heardMs: round(heardMs), cut: false, ...turnField(reply.turn) } });
  if (timeline !== undefined && timeline.turn === reply.turn) {
    state.timeline = undefined;
    // A reply without any audio is an end, but no answer.
    draft.report(timeline, reply.playing ? 'answered' : 'unanswered', heardMs);
  }
  listen(draft);
  if (state.ending) draft.extend(GOODBYE_MS);
}

/** The robot has finished. Who spoke over it and still does has the word now. */
function listen(draft: Draft): void {
  draft.enter('listening');
  const { waiting } = draft.state;
  draft.state.waiting = undefined;
  if (waiting !== undefined && !draft.state.ending) speechStarted(draft, waiting);
}

function replyFailed(draft: Draft, generation: number | undefined, error: VoiceNodeError): void {
  const { state } = draft;
  // What is recorded does not depend on the orchestrator.
  const answering = (state.phase === 'thinking' || state.phase === 'speaking') && state.reply?.phrase === undefined;
  const concerned = generation === undefined ? answering : state.reply?.generation === generation;
  if (generation !== undefined && !concerned) return;
  draft.fail(error, 'orchestrator');
  // Who is speaking is not interrupted for it.
  if (concerned && state.held !== undefined) state.held = { ...state.held, error: error.code };
  else if (concerned) giveUpReply(draft, error.code);
}

/** The answer failed or never came: the caller is told so by a recorded sentence, and the call goes on. */
export function giveUpReply(draft: Draft, error: ErrorCode): void {
  const { state } = draft;
  const hopeless = state.reply?.phrase !== undefined;
  draft.stopReply('failed', { error });
  if (state.ending) return draft.close(state.ending);
  if (hopeless || !say(draft, 'apology')) listen(draft);
}

function markReply(draft: Draft, name: 't4' | 't5' | 't6'): void {
  const { state } = draft;
  const { held, timeline, reply } = state;
  if (held?.timeline !== undefined && held.timeline.turn === reply?.turn) state.held = { ...held, timeline: mark(held.timeline, name, draft.nowMs) };
  else if (timeline !== undefined && timeline.turn === reply?.turn) state.timeline = mark(timeline, name, draft.nowMs);
}

const turnField = (turn: number | undefined): { turn?: number } => (turn === undefined ? {} : { turn });
