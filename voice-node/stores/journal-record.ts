import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { CallRecord } from '../domain/journal.js';
import { messageOf, VoiceNodeError } from '../domain/errors.js';
import type { WallMs } from '../domain/time.js';

/** Nothing is kept for longer: the longest call there may be (24 h) and a day. */
export const KEEP_MS = 172_800_000;
/** Every operation on a journal is over by then, one way or the other. */
export const JOURNAL_DEADLINE_MS = 1000;

const SCHEMA = z.object({
  callId: z.string().min(1),
  room: z.string(),
  metadata: z.string(),
  identity: z.string(),
  acceptedMs: z.number().transform((value) => value as WallMs),
  said: z.array(z.object({ by: z.enum(['caller', 'robot']), text: z.string() })),
});

/** Undefined for what is no record: half of one, or something else altogether. */
export function readRecord(text: string): CallRecord | undefined {
  try {
    return SCHEMA.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/**
 * Under which name a process holds records. Not the node's name alone: a node that was started again must not take
 * the lease of the process before it for its own, nor must two nodes that were given the same name.
 */
export const ownerName = (nodeId: string): string => `${nodeId.replace(/[^\w-]/g, '_').slice(0, 64)}.${randomBytes(6).toString('hex')}`;

export const journalFailed = (what: string, error: unknown): VoiceNodeError =>
  error instanceof VoiceNodeError && error.code === 'journal_failed' ? error : new VoiceNodeError('journal_failed', `${what}: ${messageOf(error)}`);

export const journalClosed = (): VoiceNodeError => new VoiceNodeError('journal_failed', 'the journal has been closed');
