import { counts, readSnapshots, sum, type Snapshot } from './snapshot.js';

/** Of the main process, where the shards' have their names. */
const MAIN = 'main';
/** What prom-client tells of a process, which means nothing in sum. */
const OF_A_PROCESS = /^(process|nodejs)_/;

interface Told {
  readonly generation: number;
  readonly snapshots: readonly Snapshot[];
}

/**
 * The metrics of main and all shards in one. Counters and histograms are summed up over all processes there have ever
 * been, as far as they were told: they never fall. Gauges are summed up over the living. `process_` and `nodejs_`
 * metrics have a label `shard` instead: the name, or `main`.
 */
export class MergedMetrics {
  readonly #latest = new Map<string, Told>();
  /** Of processes that have been followed by others. Bounded: the series are a closed set. */
  #past: readonly Snapshot[] = [];

  /**
   * A shard has told its metrics.
   * @param generation which process of this name it is; those of an earlier one than the last are dropped
   * @throws VoiceNodeError `shard_failed` where these are no metrics
   */
  tell(name: string, generation: number, metrics: readonly unknown[]): void {
    const before = this.#latest.get(name);
    if (before !== undefined && generation < before.generation) return;
    const snapshots = labelled(readSnapshots(metrics), name);
    if (before !== undefined && generation > before.generation) this.#past = sum([this.#past, before.snapshots.filter(counts)]).snapshots;
    this.#latest.set(name, { generation, snapshots });
  }

  /**
   * In Prometheus' text format 0.0.4.
   * @param own main's, as prom-client's getMetricsAsJSON gives them
   * @param alive the process that each living shard is
   */
  text(own: readonly unknown[], alive: ReadonlyMap<string, number>): Promise<string> {
    const told = [...this.#latest].map(([name, { generation, snapshots }]) => (alive.get(name) === generation ? snapshots : snapshots.filter(counts)));
    return sum([labelled(readSnapshots(own), MAIN), ...told, this.#past]).text();
  }
}

const labelled = (snapshots: readonly Snapshot[], shard: string): Snapshot[] =>
  snapshots.map((snapshot) =>
    OF_A_PROCESS.test(snapshot.name) ? { ...snapshot, values: snapshot.values.map((each) => ({ ...each, labels: { shard, ...each.labels } })) } : snapshot,
  );
