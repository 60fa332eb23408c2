import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ShardView } from '../../../voice-node/domain/operations.js';
import { MergedMetrics } from '../../../voice-node/metrics/merged.js';
import { createMetrics, createShardMetrics } from '../../../voice-node/metrics/metrics.js';
import { NodeMetrics, type MetricsSource } from '../../../voice-node/metrics/node-metrics.js';
import { MemoryLog } from '../call/rig.js';

/** As a channel between processes carries it. */
const carried = async (json: Promise<readonly unknown[]>): Promise<readonly unknown[]> => JSON.parse(JSON.stringify(await json)) as unknown[];

/** Every sample of a text: series to value. */
function samples(text: string): Map<string, number> {
  const all = new Map<string, number>();
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const at = line.lastIndexOf(' ');
    const series = line.slice(0, at);
    expect(all.has(series), `${series} is there twice`).toBe(false);
    all.set(series, Number(line.slice(at + 1)));
  }
  return all;
}

/** A process with one metric of each kind. */
class Process {
  readonly #registry = new Registry();
  readonly #counter = new Counter({ name: 'things_total', help: 'Things.', labelNames: ['kind'], registers: [this.#registry] });
  readonly #cpu = new Counter({ name: 'process_cpu_seconds_total', help: 'Seconds.', registers: [this.#registry] });
  readonly #gauge = new Gauge({ name: 'level', help: 'Level.', registers: [this.#registry] });
  readonly #memory = new Gauge({ name: 'process_resident_memory_bytes', help: 'Bytes.', registers: [this.#registry] });
  readonly #histogram = new Histogram({ name: 'took_seconds', help: 'Time.', labelNames: ['kind'], buckets: [1, 2], registers: [this.#registry] });

  work(kind: string, amount: number): void {
    this.#counter.inc({ kind }, amount);
    this.#cpu.inc(amount);
    this.#gauge.set(amount);
    this.#memory.set(amount);
    this.#histogram.observe({ kind }, amount);
  }

  json(): Promise<readonly unknown[]> {
    return carried(this.#registry.getMetricsAsJSON());
  }
}

const rises = (series: string): boolean => /^(things_total|process_cpu_seconds_total|took_seconds_(bucket|sum|count))/.test(series);
/** Where a sample belongs after merging. */
const placed = (series: string, shard: string): string => {
  if (!series.startsWith('process_')) return series;
  return series.includes('{') ? series.replace('{', `{shard="${shard}",`) : `${series}{shard="${shard}"}`;
};
const asText = async (json: readonly unknown[]): Promise<Map<string, number>> => {
  const all = new Map<string, number>();
  for (const metric of json as { name: string; values: { value: number; labels: Record<string, string>; metricName?: string }[] }[]) {
    for (const { value, labels, metricName } of metric.values) {
      const written = Object.entries(labels).map(([name, each]) => `${name}="${each}"`).join(',');
      all.set(`${metricName ?? metric.name}${written === '' ? '' : `{${written}}`}`, value);
    }
  }
  return all;
};

const step = fc.record({
  shard: fc.nat(3),
  what: fc.constantFrom('work', 'work', 'die', 'down', 'scrape', 'scrape', 'stale'),
  kind: fc.constantFrom('a', 'b', 'c'),
  /** Binary fractions: sums are exact in any order. */
  amount: fc.integer({ min: 0, max: 12 }).map((each) => each / 4),
  silent: fc.array(fc.nat(3), { maxLength: 3 }),
});

describe('the metrics of many processes in one', () => {
  it('are the sums of all that was told, never fall, and of gauges those of the living', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const merged = new MergedMetrics();
        const main = new Process();
        const shards = Array.from({ length: 4 }, (_, index) => ({ name: String(index + 1), generation: 1, process: new Process(), up: true }));
        /** The model: what each process has told last. */
        const toldLast = new Map<string, Map<string, number>>();
        let before = new Map<string, number>();
        for (const { shard, what, kind, amount, silent } of steps) {
          const at = shards[shard] as (typeof shards)[number];
          if (what === 'work') {
            at.process.work(kind, amount);
            main.work(kind, 0.25);
          }
          if (what === 'die') Object.assign(at, { generation: at.generation + 1, process: new Process(), up: true });
          if (what === 'down') at.up = false;
          // What a process that has been followed by another says late counts no more, and what is no metrics at all is refused.
          if (what === 'stale' && toldLast.has(`${at.name} ${at.generation}`)) {
            merged.tell(at.name, at.generation - 1, await new Process().json());
            expect(() => merged.tell(at.name, at.generation, ['rubbish'])).toThrow(expect.objectContaining({ code: 'shard_failed' }));
          }
          if (what !== 'scrape') continue;
          for (const [index, each] of shards.entries()) {
            if (!each.up || silent.includes(index)) continue;
            const json = await each.process.json();
            merged.tell(each.name, each.generation, json);
            toldLast.set(`${each.name} ${each.generation}`, await asText(json));
          }
          const alive = new Map(shards.flatMap(({ name, generation, up }) => (up ? [[name, generation] as const] : [])));
          const own = await main.json();
          const now = samples(await merged.text(own, alive));
          const expected = new Map<string, number>();
          const add = (series: string, value: number): void => void expected.set(series, (expected.get(series) ?? 0) + value);
          for (const [series, value] of await asText(own)) add(placed(series, 'main'), value);
          for (const [key, told] of toldLast) {
            const [name, generation] = key.split(' ') as [string, string];
            for (const [series, value] of told) if (rises(series) || alive.get(name) === Number(generation)) add(placed(series, name), value);
          }
          expect(new Map([...now].sort())).toEqual(new Map([...expected].sort()));
          for (const [series, value] of before) if (rises(series)) expect(now.get(series), series).toBeGreaterThanOrEqual(value);
          before = now;
        }
      }),
      { numRuns: 150 },
    );
  });

  it('have every series once, each name with one help and one type, and nothing that promtool would complain of', async () => {
    const merged = new MergedMetrics();
    for (const name of ['1', '2']) {
      const { meter, json } = createShardMetrics();
      meter.frameIn(0.05);
      merged.tell(name, 1, await carried(json()));
    }
    const text = await merged.text(await createMetrics().json(), new Map([['1', 1], ['2', 1]]));
    const all = samples(text);
    expect(all.get('voice_node_frame_seconds_count')).toBe(2);
    expect(all.get('voice_node_frame_seconds_bucket{le="+Inf"}')).toBe(2);
    expect([...all.keys()].filter((series) => series.startsWith('process_resident_memory_bytes'))).toEqual(['main', '1', '2'].map((name) => `process_resident_memory_bytes{shard="${name}"}`));
    expect([...all.keys()].filter((series) => /^(process|nodejs)_/.test(series) && !series.includes('shard="'))).toEqual([]);
    const types = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [name, type] as const);
    expect(new Set(types.map(([name]) => name)).size).toBe(types.length);
    for (const [name, type] of types) {
      expect([name, type === 'counter']).toEqual([name, name?.endsWith('_total')]);
      expect(text.match(new RegExp(`^# HELP ${name} \\S`, 'gm'))?.length).toBe(1);
    }
  });
});

describe('a scrape', () => {
  const view = (name: string, state: ShardView['state'] = 'ready'): ShardView => ({ name, state, calls: 1, restarts: 0, lateShare: 0, loopP99Ms: 1, utilisation: 0, cpu: 0, residentBytes: 1 });

  it('asks all shards at once, counts who does not answer with what it told last, and says so in the log', async () => {
    const own = createMetrics();
    const log = new MemoryLog();
    const both = ['1', '2'].map((name) => ({ name, metrics: createShardMetrics() }));
    let asked = 0;
    let silent = '';
    const sources: MetricsSource[] = both.map(({ name, metrics }) => ({
      name,
      generation: 1,
      metrics: async () => {
        asked++;
        // Nobody answers before all were asked.
        for (let turn = 0; asked < 2; turn++) {
          if (turn > 1000) throw new Error('they are asked one after the other');
          await Promise.resolve();
        }
        if (silent === name) throw new Error('told no metrics within 1000 ms');
        return carried(metrics.json());
      },
    }));
    const node = new NodeMetrics({ own, views: () => [view('1'), view('2')], sources: () => sources, log });
    const scrape = async (): Promise<Map<string, number>> => {
      asked = 0;
      return samples(await node.text());
    };
    for (const { metrics } of both) metrics.meter.lateTicks(5);
    own.calls.offered();
    let now = await scrape();
    expect([now.get('voice_node_late_ticks_total'), now.get('voice_node_calls'), now.get('voice_node_shard_up{shard="2"}')]).toEqual([10, 1, 1]);
    expect(node.contentType).toContain('version=0.0.4');
    silent = '2';
    for (const { metrics } of both) metrics.meter.lateTicks(1);
    now = await scrape();
    expect(now.get('voice_node_late_ticks_total')).toBe(11);
    expect(log.at('warn')).toEqual(['a shard told no metrics']);
    silent = '';
    now = await scrape();
    expect(now.get('voice_node_late_ticks_total')).toBe(12);
  });

  it('of a node without side processes is its own', async () => {
    const own = createMetrics();
    own.meter.lateTicks(3);
    const node = new NodeMetrics({ own, views: () => [], sources: () => [], log: new MemoryLog() });
    expect(samples(await node.text()).get('voice_node_late_ticks_total')).toBe(3);
  });
});
