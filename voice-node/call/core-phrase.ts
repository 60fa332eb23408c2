import { monotonicMs } from '../domain/time.js';
import type { Draft } from './draft.js';
import { FAREWELL_SLACK_MS, type PhraseName } from './state.js';

/** Begins a recorded phrase; no reply may be open. False where there is no such recording: then nothing has changed. */
export function say(draft: Draft, phrase: PhraseName): boolean {
  const { state, nowMs } = draft;
  const lengthMs = state.rules.phrases[phrase];
  if (lengthMs === undefined) return false;
  draft.enter('thinking');
  state.generation++;
  state.reply = { generation: state.generation, turn: undefined, playing: false, phrase, untilMs: monotonicMs(nowMs + lengthMs + FAREWELL_SLACK_MS) };
  draft.command({ type: 'say', generation: state.generation, phrase });
  return true;
}

/**
 * The node hangs up: what is being said stops, the caller hears the recorded good-bye, and then the call ends. Nobody
 * can keep it from that, neither who speaks nor a recording that does not play.
 */
export function sayGoodbye(draft: Draft): void {
  const { state, nowMs } = draft;
  if (state.ending === 'shutdown') return;
  // The robot has just said good-bye itself.
  if (state.ending && state.phase === 'listening') return;
  const { phase } = state;
  if (phase === 'connecting' || phase === 'waiting' || phase === 'rejoining') return draft.close('shutdown');
  if (phase === 'hearing') draft.command({ type: 'tell_dropped', turn: state.turn });
  draft.stopReply('interrupted');
  state.waiting = undefined;
  if (!say(draft, 'goodbye')) return draft.close('shutdown');
  state.ending = 'shutdown';
  draft.extend((state.reply?.untilMs ?? nowMs) - nowMs);
}
