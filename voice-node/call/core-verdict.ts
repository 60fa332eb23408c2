import type { DismissReason, SpeechDismissed, SpeechEnded } from '../domain/speech.js';
import { giveUpReply } from './core-reply.js';
import type { Draft } from './draft.js';
import { mark, round } from './timeline.js';

/** The caller means it: the reply that was held is over. */
export function speechMeant(draft: Draft): void {
  const { state } = draft;
  const { held, timeline } = state;
  if (held === undefined) return;
  draft.decide('speech', held.onsetMs);
  draft.stopReply('interrupted', { onsetMs: held.onsetMs });
  if (state.ending) return draft.close(state.ending);
  state.timeline = timeline;
}

/** The robot goes on where it was, or as loud as it was. */
export function speechDismissed(draft: Draft, event: SpeechDismissed): void {
  dismiss(draft, event.reason);
}

function dismiss(draft: Draft, reason: DismissReason): void {
  const { state } = draft;
  if (state.held !== undefined) return resume(draft, reason);
  if (state.phase === 'hearing') return drop(draft);
  if (state.suspectedMs === undefined) return;
  draft.decide(reason, state.suspectedMs);
  state.suspectedMs = undefined;
  draft.command({ type: 'duck_reply', on: false });
}

function resume(draft: Draft, reason: DismissReason): void {
  const { state } = draft;
  const { held, turn } = state;
  if (held === undefined) return;
  draft.decide(reason, held.onsetMs);
  if (held.error === undefined) draft.decide('resumed', held.onsetMs);
  state.held = undefined;
  state.timeline = held.timeline;
  draft.enter('speaking');
  draft.command({ type: 'tell_dropped', turn });
  draft.command({ type: 'publish', event: { type: 'speech_dropped', atMs: draft.atMs, turn } });
  if (held.error !== undefined) return giveUpReply(draft, held.error);
  draft.command({ type: 'hold_reply', on: false });
}

export function speechEnded(draft: Draft, event: SpeechEnded): void {
  const { state, nowMs } = draft;
  state.waiting = undefined;
  // Who has been heard to the end was not dismissed.
  speechMeant(draft);
  if (state.phase !== 'hearing' || state.timeline === undefined) return;
  const { utterance } = event;
  const utteranceMs = (utterance.samples.length / utterance.rateHz) * 1000;
  state.timeline = { ...mark(state.timeline, 't2', nowMs), offsetMs: event.offsetArrivedMs, utteranceMs };
  state.asked = state.turn;
  draft.enter('thinking');
  draft.command({ type: 'tell_ended', turn: state.turn, utterance });
  const offsetMs = round(event.offsetArrivedMs - state.bornMs);
  draft.command({ type: 'publish', event: { type: 'speech_ended', atMs: draft.atMs, turn: state.turn, offsetMs, utteranceMs: round(utteranceMs) } });
}

export function speechDropped(draft: Draft): void {
  draft.state.waiting = undefined;
  dismiss(draft, 'noise');
}

function drop(draft: Draft): void {
  const { state } = draft;
  state.timeline = undefined;
  draft.enter('listening');
  draft.command({ type: 'tell_dropped', turn: state.turn });
  draft.command({ type: 'publish', event: { type: 'speech_dropped', atMs: draft.atMs, turn: state.turn } });
}
