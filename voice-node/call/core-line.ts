import { say } from './core-phrase.js';
import type { Draft } from './draft.js';
import { GONE_AGAIN_AGE_MS, GONE_AGAIN_LEAST_MS, GONE_AGAIN_MS, UNNOTICED_OUTAGE_MS } from './state.js';

/** Who is on the line, and whether there is one. */

export function connected(draft: Draft): void {
  if (draft.state.phase === 'connecting') lineIsUp(draft);
}

export function restored(draft: Draft): void {
  if (draft.state.phase !== 'rejoining') return;
  draft.state.rejoins++;
  lineIsUp(draft);
}

function lineIsUp(draft: Draft): void {
  draft.enter('waiting');
  if (draft.state.company === 'gone') hurry(draft);
  if (draft.state.callerWaits) callerJoined(draft);
}

/**
 * Who is in the room. That counts until the first caller is heard: somebody who has no microphone yet is waited for as
 * long as ever, somebody who has gone again is not.
 */
export function company(draft: Draft, isThere: boolean, hungUp: boolean): void {
  const { state } = draft;
  const before = state.company;
  if (state.opened || (before === 'gone' && !isThere)) return;
  // Whose connection broke may be back as soon as his network is.
  state.company = isThere ? 'present' : hungUp || hasComeAndGone(draft) ? 'gone' : 'absent';
  if (state.phase !== 'waiting') return;
  if (state.company !== 'gone') draft.extend(state.limits.noCallerMs);
  else if (before === 'present') draft.extend(GONE_AGAIN_MS);
  else hurry(draft);
}

/** Nobody is there, the first time that it can be seen: who has made the room was. After an outage he may be still on his way back. */
function hasComeAndGone({ state }: Draft): boolean {
  return state.company === 'unknown' && state.rules.byCaller === true && !state.rules.resumed && state.cutOffMs === undefined;
}

/** He went before he could be seen. */
function hurry(draft: Draft): void {
  const { state, nowMs } = draft;
  const acceptedMs = state.lastMs - state.limits.callMs;
  draft.extend(Math.max(GONE_AGAIN_LEAST_MS, Math.min(GONE_AGAIN_MS, acceptedMs + GONE_AGAIN_AGE_MS - nowMs)));
}

/** The conversation begins with the first caller and goes on with whoever comes after him. */
export function callerJoined(draft: Draft): void {
  const { state, nowMs } = draft;
  if (state.phase === 'connecting' || state.phase === 'rejoining') state.callerWaits = true;
  if (state.phase !== 'waiting') return;
  const wasCutOff = state.cutOffMs !== undefined && nowMs - state.cutOffMs > UNNOTICED_OUTAGE_MS;
  const isBack = state.opened ? wasCutOff : state.rules.resumed;
  if (!state.opened) draft.command({ type: 'open_conversation' });
  state.opened = true;
  state.company = 'present';
  state.hungUp = false;
  state.callerWaits = false;
  state.cutOffMs = undefined;
  if (!isBack || !say(draft, 'back')) draft.enter('listening');
}

export function callerLeft(draft: Draft, hungUp: boolean): void {
  const { state } = draft;
  state.callerWaits = false;
  if (state.phase === 'connecting' || state.phase === 'waiting' || state.phase === 'rejoining') return;
  loseCaller(draft);
  if (state.phase === 'ended') return;
  draft.enter('waiting');
  state.hungUp = hungUp;
  if (hungUp) draft.extend(state.limits.hungUpMs);
}

/** The conversation is kept, and the call waits for its line as long as it may last. */
export function interrupted(draft: Draft): void {
  const { state, nowMs } = draft;
  state.callerWaits = false;
  if (state.phase === 'connecting' || state.phase === 'rejoining') return;
  // Nobody waits on the other side.
  if (state.hungUp || state.company === 'gone') return draft.close('caller_left');
  if (state.phase !== 'waiting') loseCaller(draft);
  if (state.phase === 'ended') return;
  state.cutOffMs ??= nowMs;
  state.company = 'unknown';
  draft.enter('rejoining');
}

/** Whatever is being said or done for him stops; a robot that was about to hang up has nobody left to do it for. */
function loseCaller(draft: Draft): void {
  const { state } = draft;
  if (state.ending) return draft.close(state.ending);
  // What he was about to say will never be complete: a recogniser under way may stop.
  if (state.phase === 'hearing') draft.command({ type: 'tell_dropped', turn: state.turn });
  draft.stopReply('interrupted');
  state.waiting = undefined;
  draft.command({ type: 'reset_hearing' });
}
