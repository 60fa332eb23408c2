import type { LiveCallView } from '../domain/operations.js';
import type { MonotonicMs } from '../domain/time.js';
import type { DeskCall } from './desk-call.js';

/** A call as an operator sees it: what its shard said last, or what little is known before and between. */
export function viewOfCall(call: DeskCall, nowMs: MonotonicMs): LiveCallView {
  const { callId, room, view, shard, stage } = call;
  const known = view ?? { callId, room, robot: '', phase: stage === 'moving' && call.resumed ? 'rejoining' : 'connecting', turns: 0, lateTicks: 0, ticks: 0, rejoins: 0 };
  return { ...known, shard: shard?.name ?? '', ageMs: Math.max(0, Math.round(nowMs - call.acceptedAtMs)) };
}
