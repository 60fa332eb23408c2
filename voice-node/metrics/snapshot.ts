import { AggregatorRegistry } from 'prom-client';
import { z } from 'zod';
import { VoiceNodeError } from '../domain/errors.js';

/** JSON has no NaN and no infinities: prom-client's own metrics of an event loop that was not measured yet are NaN. */
const value = z.custom<number | null>((each) => each === null || typeof each === 'number', 'expected a number').transform((number) => number ?? NaN);
const label = z.union([z.string(), z.number()]).transform(String);

const metric = z.object({
  name: z.string(),
  help: z.string(),
  type: z.enum(['counter', 'gauge', 'histogram', 'summary']),
  values: z.array(z.object({ value, labels: z.record(z.string(), label), metricName: z.string().exactOptional() })),
});

/** One metric of one process with all its series, at one moment. */
export type Snapshot = z.output<typeof metric>;
export type Series = Snapshot['values'][number];

/**
 * Reads what prom-client's getMetricsAsJSON gave, here or in another process. A copy: nothing in it moves.
 * @throws VoiceNodeError `shard_failed`
 */
export function readSnapshots(raw: readonly unknown[]): Snapshot[] {
  const result = z.array(metric).safeParse(raw);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new VoiceNodeError('shard_failed', `expected metrics, got something else: ${issue?.path.join('.')}: ${issue?.message}`);
}

/** What only ever rises. */
export const counts = (snapshot: Snapshot): boolean => snapshot.type === 'counter' || snapshot.type === 'histogram';

/** Sums up, series by series: as text to scrape, and as it is. Of one name all are of one type. */
export function sum(all: readonly (readonly Snapshot[])[]): { text(): Promise<string>; readonly snapshots: Snapshot[] } {
  const registry = AggregatorRegistry.aggregate(all.map((snapshots) => snapshots.map((snapshot) => ({ ...snapshot, aggregator: 'sum' }))));
  // What aggregate registers are the sums themselves, values and all; the types know the wider class only.
  return { text: () => registry.metrics(), snapshots: registry.getMetricsAsArray() as unknown as Snapshot[] };
}
