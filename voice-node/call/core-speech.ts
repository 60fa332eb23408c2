import type { SpeechStarted, SpeechSuspected } from '../domain/speech.js';
import type { Draft } from './draft.js';
import { beginTimeline, round } from './timeline.js';

/** Something was heard while the robot speaks: it lowers its voice until it is known what. */
export function speechSuspected(draft: Draft, event: SpeechSuspected): void {
  const { state } = draft;
  if (state.phase !== 'speaking' || state.rules.interruptions !== 'confirm' || state.ending === 'shutdown') return;
  state.suspectedMs = event.onsetArrivedMs;
  draft.command({ type: 'duck_reply', on: true });
}

export function speechStarted(draft: Draft, event: SpeechStarted): void {
  const { state } = draft;
  if (state.phase !== 'listening' && state.phase !== 'thinking' && state.phase !== 'speaking') return;
  // The node's good-bye is heard to its end.
  if (state.ending === 'shutdown') return;
  if (state.phase === 'speaking' && state.rules.interruptions === 'off') {
    state.waiting = event;
    return;
  }
  state.suspectedMs = undefined;
  if (event.tentative && state.phase === 'speaking' && state.rules.interruptions === 'confirm') return hold(draft, event);
  if (state.phase === 'speaking') draft.decide('speech', event.onsetArrivedMs);
  draft.stopReply('interrupted', { onsetMs: event.onsetArrivedMs });
  // Nobody would answer: a good-bye that is interrupted is over.
  if (state.ending) return draft.close(state.ending);
  begin(draft, event);
}

/** The robot falls silent, and its reply waits: recognition begins as with any turn, so that the words can tell. */
function hold(draft: Draft, event: SpeechStarted): void {
  const { state, nowMs } = draft;
  state.held = { timeline: state.timeline, silentMs: nowMs, onsetMs: event.onsetArrivedMs, error: undefined };
  draft.command({ type: 'hold_reply', on: true });
  draft.decide('held', event.onsetArrivedMs);
  begin(draft, event);
}

function begin(draft: Draft, event: SpeechStarted): void {
  const { state, nowMs } = draft;
  state.turn++;
  state.timeline = beginTimeline(state.turn, nowMs);
  draft.enter('hearing');
  draft.command({ type: 'tell_started', turn: state.turn });
  const onsetMs = round(event.onsetArrivedMs - state.bornMs);
  draft.command({ type: 'publish', event: { type: 'speech_started', atMs: draft.atMs, turn: state.turn, onsetMs } });
}
