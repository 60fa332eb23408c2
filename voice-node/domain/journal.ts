import type { WallMs } from './time.js';

/** Something that was said in a call, as far as it was heard. */
export interface Said {
  readonly by: 'caller' | 'robot';
  readonly text: string;
}

/** Newest of what was said that a record keeps: enough to go on talking, and a bound. */
export const MAX_SAID = 200;
/** Longest single entry, in characters; more is cut off. */
export const MAX_SAID_CHARACTERS = 4000;

/** As a record keeps it: cut to MAX_SAID_CHARACTERS, not in the middle of a character that takes two code units. */
export function boundedSaid({ by, text }: Said): Said {
  if (text.length <= MAX_SAID_CHARACTERS) return { by, text };
  const last = text.charCodeAt(MAX_SAID_CHARACTERS - 1);
  const splits = last >= 0xd800 && last <= 0xdbff;
  return { by, text: text.slice(0, splits ? MAX_SAID_CHARACTERS - 1 : MAX_SAID_CHARACTERS) };
}

/** Everything that another process needs to go on with a call. Plain JSON. */
export interface CallRecord {
  readonly callId: string;
  readonly room: string;
  /** Room metadata as it came: it names the robot. */
  readonly metadata: string;
  /** The robot's identity in the room at the moment; each attempt has one of its own. */
  readonly identity: string;
  /** When the call was accepted: its longest duration counts from there. */
  readonly acceptedMs: WallMs;
  /** Oldest first, at most MAX_SAID. */
  readonly said: readonly Said[];
}

/**
 * Where nodes keep the records of their calls, so that another one (or the same one, restarted) can go on with them.
 * A record belongs to one node at a time. A node lives as long as it renews its lease. All methods reject with a
 * VoiceNodeError `journal_failed` within their own deadline; calls go on without a journal.
 */
export interface Journal {
  /** Renews the lease of this node. To be called every second or so. */
  beat(): Promise<void>;
  /** Writes a record of ours, replacing what was there. Resolves false where it belongs to another node by now: that call is not ours any more. */
  put(record: CallRecord): Promise<boolean>;
  /** The call is over. A record that belongs to another node stays. */
  remove(callId: string): Promise<void>;
  /** Which living node has a call in this room. */
  holderOf(room: string): Promise<'us' | 'other' | undefined>;
  /** Records whose node is gone: its lease is over. */
  orphans(): Promise<readonly CallRecord[]>;
  /** Makes an orphan ours, if nobody was faster and its node is still gone: exactly one of many that try gets it. */
  claim(callId: string): Promise<CallRecord | undefined>;
  /** Gives up the lease. Records of ours that are left become orphans at once. */
  close(): Promise<void>;
}

/** A lease that has not been renewed for this long is over: longer than a stall of 5 s that a node survives. */
export const LEASE_MS = 6000;
