import { Counter, Gauge, type Registry } from 'prom-client';
import type { ShardView } from '../domain/operations.js';

/** How the shards are doing, by name. The names are a closed set: `1` to the number of shards. */
export class ShardGauges {
  readonly #measured: readonly (readonly [Gauge<'shard'>, (view: ShardView) => number])[];
  readonly #up: Gauge<'shard'>;
  readonly #calls: Gauge<'shard'>;
  readonly #restarts: Counter<'shard'>;
  readonly #counted = new Map<string, number>();

  constructor(registry: Registry) {
    const common = { labelNames: ['shard'] as const, registers: [registry] };
    this.#up = new Gauge({ name: 'voice_node_shard_up', help: 'Whether the shard can carry calls: 1 or 0.', ...common });
    this.#calls = new Gauge({ name: 'voice_node_shard_calls', help: 'Calls in the shard.', ...common });
    this.#restarts = new Counter({ name: 'voice_node_shard_restarts_total', help: 'How often the process of the shard was started again.', ...common });
    const gauge = (name: string, help: string): Gauge<'shard'> => new Gauge({ name: `voice_node_shard_${name}`, help, ...common });
    this.#measured = [
      [gauge('late_share', 'Part of the playout ticks of the last half second that came a packet (20 ms) or more late.'), (view) => view.lateShare],
      [gauge('loop_p99_seconds', 'Delay of the event loop over the last half second, 99th percentile.'), (view) => view.loopP99Ms / 1000],
      [gauge('utilisation', 'Part of the last half second that the event loop was busy: 0 to 1.'), (view) => view.utilisation],
      [gauge('resident_bytes', 'Resident memory of the process of the shard.'), (view) => view.residentBytes],
    ];
  }

  /** What is told of shards that are up goes away with them; the others count on. */
  set(views: readonly ShardView[]): void {
    for (const view of views) {
      const labels = { shard: view.name };
      const up = view.state === 'ready';
      this.#up.set(labels, up ? 1 : 0);
      this.#calls.set(labels, view.calls);
      this.#restarts.inc(labels, Math.max(0, view.restarts - (this.#counted.get(view.name) ?? 0)));
      this.#counted.set(view.name, Math.max(view.restarts, this.#counted.get(view.name) ?? 0));
      for (const [gauge, value] of this.#measured) {
        if (up) gauge.set(labels, value(view));
        else gauge.remove(labels);
      }
    }
  }
}
