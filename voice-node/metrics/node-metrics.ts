import { messageOf } from '../domain/errors.js';
import type { Log } from '../domain/observer.js';
import type { ShardView } from '../domain/operations.js';
import { MergedMetrics } from './merged.js';
import type { Metrics } from './metrics.js';

/** A shard that can be asked for its metrics. */
export interface MetricsSource {
  readonly name: string;
  /** Which process of this name it is; rises with each. */
  readonly generation: number;
  /** Rejects after a deadline of its own. */
  metrics(): Promise<readonly unknown[]>;
}

export interface NodeMetricsOptions {
  readonly own: Metrics;
  /** All shards, and those of them that can be asked. */
  readonly views: () => readonly ShardView[];
  readonly sources: () => readonly MetricsSource[];
  readonly log: Log;
}

/** What an operator scrapes: main and all shards in one text. */
export class NodeMetrics {
  readonly contentType: string;
  readonly #options: NodeMetricsOptions;
  readonly #merged = new MergedMetrics();

  constructor(options: NodeMetricsOptions) {
    this.#options = options;
    this.contentType = options.own.contentType;
  }

  /**
   * Asks all shards at once; one that does not answer in time is counted with what it told last. Takes as long as the
   * slowest shard's deadline at most.
   */
  async text(): Promise<string> {
    const { own, views, sources, log } = this.#options;
    await Promise.all(
      sources().map(async (source) => {
        const { name, generation } = source;
        try {
          this.#merged.tell(name, generation, await source.metrics());
        } catch (error) {
          log.warn({ shard: name, error: messageOf(error) }, 'a shard told no metrics');
        }
      }),
    );
    own.shards(views());
    const alive = new Map(sources().map(({ name, generation }) => [name, generation]));
    return this.#merged.text(await own.json(), alive);
  }
}
