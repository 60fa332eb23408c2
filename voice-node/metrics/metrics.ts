import { Registry, collectDefaultMetrics } from 'prom-client';
import type { CallsMeter, Meter } from '../domain/observer.js';
import type { ShardView } from '../domain/operations.js';
import { registerCalls } from './calls.js';
import { registerMeter } from './meter.js';
import { ShardGauges } from './shards.js';

/** Gauges of prom-client with a counter's name, which promtool complains of; their values by type are left. */
const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

/** What a process that has calls measures. */
export interface ShardMetrics {
  readonly meter: Meter;
  /** As prom-client's getMetricsAsJSON gives it: plain JSON, for whoever adds the processes up. */
  json(): Promise<readonly unknown[]>;
}

/** What the main process measures: that, the books, and how its shards are doing. */
export interface Metrics extends ShardMetrics {
  readonly calls: CallsMeter;
  /** How the shards are doing at the moment of a scrape. */
  shards(views: readonly ShardView[]): void;
  readonly contentType: string;
  /** Of this process alone. See NodeMetrics for all of them. */
  text(): Promise<string>;
}

/**
 * Every metric of the main process: names, help, buckets and label values. Labels come from closed sets only, and
 * their series exist from the start, so that a rate over them is defined (but for the many kinds of provider errors).
 */
export function createMetrics(): Metrics {
  const registry = newRegistry();
  const meter = registerMeter(registry);
  const calls = registerCalls(registry);
  const gauges = new ShardGauges(registry);
  return {
    meter,
    calls,
    shards: (views) => gauges.set(views),
    contentType: registry.contentType,
    text: () => registry.metrics(),
    json: () => registry.getMetricsAsJSON(),
  };
}

/** Every metric of a shard's process. The books are main's alone. */
export function createShardMetrics(): ShardMetrics {
  const registry = newRegistry();
  return { meter: registerMeter(registry), json: () => registry.getMetricsAsJSON() };
}

function newRegistry(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const name of MISNAMED) registry.removeSingleMetric(name);
  return registry;
}
