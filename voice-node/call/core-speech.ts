import type { SpeechEnded, SpeechStarted } from '../domain/speech.js';
import type { Draft } from './draft.js';
import { beginTimeline, mark, round } from './timeline.js';

export function speechStarted(draft: Draft, event: SpeechStarted): void {
  const { state, nowMs } = draft;
  if (state.phase !== 'listening' && state.phase !== 'thinking' && state.phase !== 'speaking') return;
  if (state.phase === 'speaking' && state.rules.interruptions === 'off') {
    state.waiting = event;
    return;
  }
  draft.stopReply('interrupted', { onsetMs: event.onsetArrivedMs });
  // Nobody would answer: a good-bye that is interrupted is over.
  if (state.ending) return draft.close('robot_ended');
  state.turn++;
  state.timeline = beginTimeline(state.turn, nowMs);
  draft.enter('hearing');
  draft.command({ type: 'tell_started', turn: state.turn });
  const onsetMs = round(event.onsetArrivedMs - state.bornMs);
  draft.command({ type: 'publish', event: { type: 'speech_started', atMs: draft.atMs, turn: state.turn, onsetMs } });
}

export function speechEnded(draft: Draft, event: SpeechEnded): void {
  const { state, nowMs } = draft;
  state.waiting = undefined;
  if (state.phase !== 'hearing' || state.timeline === undefined) return;
  const { utterance } = event;
  const utteranceMs = (utterance.samples.length / utterance.rateHz) * 1000;
  state.timeline = { ...mark(state.timeline, 't2', nowMs), offsetMs: event.offsetArrivedMs, utteranceMs };
  draft.enter('thinking');
  draft.command({ type: 'tell_ended', turn: state.turn, utterance });
  const offsetMs = round(event.offsetArrivedMs - state.bornMs);
  draft.command({ type: 'publish', event: { type: 'speech_ended', atMs: draft.atMs, turn: state.turn, offsetMs, utteranceMs: round(utteranceMs) } });
}

export function speechDropped(draft: Draft): void {
  const { state } = draft;
  state.waiting = undefined;
  if (state.phase !== 'hearing') return;
  state.timeline = undefined;
  draft.enter('listening');
  draft.command({ type: 'tell_dropped', turn: state.turn });
  draft.command({ type: 'publish', event: { type: 'speech_dropped', atMs: draft.atMs, turn: state.turn } });
}
