import { z } from 'zod';
import { MAX_SAID, MAX_SAID_CHARACTERS } from '../domain/journal.js';
import { CALL_ENDS } from '../domain/observer.js';
import { wallMs } from '../domain/time.js';

/**
 * What main and a shard say to each other: two closed sets of messages, plain JSON over the channel that fork makes.
 * Both sides are of one build, so nothing here is ever meant for another version; what is not understood is a bug or
 * a foreign process, and is dropped.
 */

/** Bounds of what one message may hold: far above what calls have, far below what would hurt. */
const MAX_CALLS = 10_000;
const MAX_NAME = 1000;
/** Room metadata is bounded by the server at 64 KiB. */
const MAX_METADATA = 128 * 1024;
const MAX_METRICS = 10_000;

const name = z.string().min(1).max(MAX_NAME);
const end = z.enum(CALL_ENDS as [(typeof CALL_ENDS)[number], ...(typeof CALL_ENDS)[number][]]);
const count = z.number().int().nonnegative();
const amount = z.number().nonnegative();
const share = z.number().min(0).max(1);

const said = z.object({ by: z.enum(['caller', 'robot']), text: z.string().max(MAX_SAID_CHARACTERS) });

const request = z.object({
  callId: name,
  room: name,
  token: z.string().min(1).max(MAX_METADATA),
  identity: name,
  metadata: z.string().max(MAX_METADATA),
  acceptedMs: z.number().transform(wallMs),
  past: z.array(said).max(MAX_SAID).exactOptional(),
});

const view = z.object({
  callId: name,
  room: name,
  robot: z.string().max(MAX_NAME),
  phase: z.string().max(MAX_NAME),
  turns: count,
  responseMs: amount.exactOptional(),
  slowestResponseMs: amount.exactOptional(),
  bargeInMs: amount.exactOptional(),
  lateTicks: count,
  ticks: count,
  rejoins: count,
});

const vitals = z.object({
  lateShare: share,
  loopP99Ms: amount,
  utilisation: share,
  cpu: amount,
  residentBytes: amount,
  calls: z.array(view).max(MAX_CALLS),
});

const toShard = z.discriminatedUnion('type', [
  z.object({ type: z.literal('begin'), request }),
  z.object({ type: z.literal('hang_up'), callId: name, end }),
  z.object({ type: z.literal('say_goodbye'), callId: name }),
  z.object({ type: z.literal('metrics'), id: count }),
  z.object({ type: z.literal('stop') }),
]);

const fromShard = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready') }),
  z.object({ type: z.literal('vitals'), vitals }),
  z.object({ type: z.literal('said'), callId: name, said }),
  z.object({ type: z.literal('identity'), callId: name, identity: name }),
  z.object({ type: z.literal('ended'), callId: name, end }),
  // What is in it is the business of who adds metrics up.
  z.object({ type: z.literal('metrics'), id: count, metrics: z.array(z.unknown()).max(MAX_METRICS) }),
  z.object({ type: z.literal('metrics_failed'), id: count, error: z.string() }),
]);

export type ToShard = z.output<typeof toShard>;
export type FromShard = z.output<typeof fromShard>;

/** A message, or in a sentence what is wrong with it. Never throws. */
export type Read<T> = { readonly message: T } | { readonly wrong: string };

/** Reads what main has sent. */
export const readToShard = (raw: unknown): Read<ToShard> => read(toShard, raw);

/** Reads what a shard has sent. */
export const readFromShard = (raw: unknown): Read<FromShard> => read(fromShard, raw);

function read<T>(schema: z.ZodType<T>, raw: unknown): Read<T> {
  const result = schema.safeParse(raw);
  if (result.success) return { message: result.data };
  const [issue] = result.error.issues;
  const type = typeof raw === 'object' && raw !== null && 'type' in raw ? String(raw.type).slice(0, 50) : typeof raw;
  // Where and what, but not the value: it may be a token, or what somebody said.
  return { wrong: `${type}: ${issue?.path.join('.') || 'message'}: ${issue?.message ?? 'not understood'}` };
}
