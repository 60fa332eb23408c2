import type { Clock } from '../domain/clock.js';
import { boundedSaid, MAX_SAID, type CallRecord, type Said } from '../domain/journal.js';
import type { CallEnd } from '../domain/observer.js';
import type { CallView } from '../domain/operations.js';
import type { MonotonicMs, WallMs } from '../domain/time.js';
import { isQuiet } from './admission.js';
import type { DeskShard } from './desk-shards.js';
import { farIdentity, firstIdentity, nextIdentity } from './identities.js';

/** A call whose processes die this often in a row, each within QUICK_MS of the call's beginning there, may be what kills them: it must not go on for ever. */
export const MAX_QUICK_DEATHS = 3;
export const QUICK_MS = 5000;

/** One call in the desk's books, from its offer to its end, in whichever shard it lives at the moment. */
export class DeskCall {
  readonly callId: string;
  readonly room: string;
  readonly acceptedMs: WallMs;
  readonly acceptedAtMs: MonotonicMs;
  /** Resolves with how it ended. Never rejects. */
  readonly done: Promise<CallEnd>;
  metadata = '';
  token = '';
  identity: string;
  /** Where its place is: kept free for it, or it lives there. Undefined while it is between two shards. */
  shard: DeskShard | undefined;
  /** `offered`: it is not ours yet; `kept`: nor may it ever be, only its place is kept; `moving`: it looks for a shard. */
  stage: 'offered' | 'kept' | 'moving' | 'begun' | 'over' = 'offered';
  /** It was told to hang up: how it ends, whatever else happens to its shard. */
  ending: CallEnd | undefined;
  view: CallView | undefined;
  /** When it was first seen with a caller, in the shard where it is now. */
  talksSinceMs: MonotonicMs | undefined;
  /** It comes from another node, and has not been moved yet. */
  foreign = false;
  /** It goes on after its process died. */
  resumed = false;
  #said: Said[];
  #quickDeaths = 0;
  /** In the shard where it is now. */
  #begunMs: MonotonicMs | undefined;
  #resolve!: (end: CallEnd) => void;

  constructor(clock: Clock, of: Pick<CallRecord, 'callId' | 'room'> & Partial<CallRecord>) {
    this.callId = of.callId;
    this.room = of.room;
    this.metadata = of.metadata ?? '';
    this.identity = of.identity ?? firstIdentity(of.callId);
    this.acceptedMs = of.acceptedMs ?? clock.wallMs();
    // Of a call that began on another node; where the clocks disagree it has just begun.
    this.acceptedAtMs = (clock.nowMs() - Math.max(0, clock.wallMs() - this.acceptedMs)) as MonotonicMs;
    // Another node may have kept more of it.
    this.#said = (of.said ?? []).slice(-MAX_SAID).map(boundedSaid);
    this.done = new Promise((resolve) => (this.#resolve = resolve));
  }

  get said(): readonly Said[] {
    return this.#said;
  }

  get record(): CallRecord {
    const { callId, room, metadata, identity, acceptedMs } = this;
    return { callId, room, metadata, identity, acceptedMs, said: [...this.#said] };
  }

  /** Keeps the newest MAX_SAID, each cut to MAX_SAID_CHARACTERS. */
  hear(said: Said): void {
    this.#said.push(boundedSaid(said));
    if (this.#said.length > MAX_SAID) this.#said.shift();
  }

  /** It lives in its shard from now on. */
  begin(nowMs: MonotonicMs): void {
    this.stage = 'begun';
    this.#begunMs = nowMs;
  }

  see(view: CallView, nowMs: MonotonicMs): void {
    this.view = view;
    if (!isQuiet(view)) this.talksSinceMs ??= nowMs;
    // The line is being made again: whether its caller is back nobody knows before he is heard.
    if (view.phase === 'rejoining') this.talksSinceMs = undefined;
  }

  /** Its caller was there and has left. He may come back, but nobody is there. */
  get isDeserted(): boolean {
    return this.stage === 'begun' && this.view?.phase === 'waiting' && this.talksSinceMs !== undefined;
  }

  /**
   * Takes it out of its shard, with a new identity: the old one may still be in the room. Returns false where that
   * has happened too often.
   */
  move(nowMs: MonotonicMs): boolean {
    this.shard = undefined;
    this.stage = 'moving';
    this.resumed = true;
    this.view = undefined;
    this.talksSinceMs = undefined;
    this.identity = (this.foreign ? farIdentity : nextIdentity)(this.callId, this.identity);
    this.foreign = false;
    this.#quickDeaths = this.#begunMs !== undefined && nowMs - this.#begunMs < QUICK_MS ? this.#quickDeaths + 1 : 0;
    this.#begunMs = undefined;
    return this.#quickDeaths < MAX_QUICK_DEATHS;
  }

  finish(end: CallEnd): void {
    this.stage = 'over';
    this.shard = undefined;
    this.#resolve(end);
  }
}
