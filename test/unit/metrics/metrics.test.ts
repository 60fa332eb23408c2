import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { STAGES } from '../../../voice-node/domain/events.js';
import { CALL_ENDS, DROP_PLACES, REFUSALS } from '../../../voice-node/domain/observer.js';
import { createMetrics, createShardMetrics } from '../../../voice-node/metrics/metrics.js';

const report = { turn: 1, end: 'answered' as const, marksMs: {}, stagesMs: { stt: 120, response: 420.5 }, utteranceMs: 1000, heardMs: 1 };
const valueOf = (text: string, series: string): number | undefined => {
  const line = text.split('\n').find((each) => each.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
};

describe('metrics', () => {
  it('are all there from the start, each with help, type and every value of its label', async () => {
    const text = await createMetrics().text();
    const expected: Readonly<Record<string, string>> = {
      voice_node_turn_stage_seconds: 'histogram',
      voice_node_barge_in_stop_seconds: 'histogram',
      voice_node_frame_seconds: 'histogram',
      voice_node_calls: 'gauge',
      voice_node_calls_total: 'counter',
      voice_node_calls_offered_total: 'counter',
      voice_node_calls_refused_total: 'counter',
      voice_node_calls_resumed_total: 'counter',
      voice_node_shard_up: 'gauge',
      voice_node_shard_calls: 'gauge',
      voice_node_shard_late_share: 'gauge',
      voice_node_shard_loop_p99_seconds: 'gauge',
      voice_node_shard_utilisation: 'gauge',
      voice_node_shard_resident_bytes: 'gauge',
      voice_node_shard_restarts_total: 'counter',
      voice_node_frames_total: 'counter',
      voice_node_frames_dropped_total: 'counter',
      voice_node_late_ticks_total: 'counter',
      voice_node_provider_errors_total: 'counter',
    };
    for (const [name, type] of Object.entries(expected)) {
      expect(text).toContain(`# TYPE ${name} ${type}\n`);
      expect(text).toMatch(new RegExp(`# HELP ${name} [A-Z].{10,}\\.\n`));
    }
    for (const stage of STAGES) expect(valueOf(text, `voice_node_turn_stage_seconds_count{stage="${stage}"}`)).toBe(0);
    for (const end of CALL_ENDS) expect(valueOf(text, `voice_node_calls_total{end="${end}"}`)).toBe(0);
    for (const reason of REFUSALS) expect(valueOf(text, `voice_node_calls_refused_total{reason="${reason}"}`)).toBe(0);
    for (const why of ['shard_died', 'node_died']) expect(valueOf(text, `voice_node_calls_resumed_total{why="${why}"}`)).toBe(0);
    expect(valueOf(text, 'voice_node_calls_offered_total')).toBe(0);
    for (const where of DROP_PLACES) expect(valueOf(text, `voice_node_frames_dropped_total{where="${where}"}`)).toBe(0);
    for (const direction of ['in', 'out']) expect(valueOf(text, `voice_node_frames_total{direction="${direction}"}`)).toBe(0);
    expect(valueOf(text, 'voice_node_calls')).toBe(0);
  });

  it('count in seconds what the calls report in milliseconds', async () => {
    const { meter, text } = createMetrics();
    meter.turn(report);
    meter.bargeIn(130);
    meter.frameIn(0.05);
    meter.framesOut(2);
    meter.framesDropped('reply_stale', 7);
    meter.lateTicks(3);
    meter.providerError('vad', 'vad_failed');
    const out = await text();
    expect(valueOf(out, 'voice_node_turn_stage_seconds_sum{stage="stt"}')).toBeCloseTo(0.12, 9);
    expect(valueOf(out, 'voice_node_turn_stage_seconds_sum{stage="response"}')).toBeCloseTo(0.4205, 9);
    expect(valueOf(out, 'voice_node_turn_stage_seconds_count{stage="llm"}')).toBe(0);
    expect(valueOf(out, 'voice_node_barge_in_stop_seconds_sum')).toBeCloseTo(0.13, 9);
    expect(valueOf(out, 'voice_node_frame_seconds_sum')).toBeCloseTo(0.00005, 9);
    expect(valueOf(out, 'voice_node_frames_total{direction="in"}')).toBe(1);
    expect(valueOf(out, 'voice_node_frames_total{direction="out"}')).toBe(2);
    expect(valueOf(out, 'voice_node_frames_dropped_total{where="reply_stale"}')).toBe(7);
    expect(valueOf(out, 'voice_node_late_ticks_total')).toBe(3);
    expect(valueOf(out, 'voice_node_provider_errors_total{kind="vad",code="vad_failed"}')).toBe(1);
  });

  it('keep books that balance, whatever happens in which order', async () => {
    const event = fc.oneof(
      fc.constant('offered' as const),
      fc.constantFrom(...REFUSALS).map((reason) => ({ reason })),
      fc.constantFrom(...CALL_ENDS).map((end) => ({ end })),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(event, { maxLength: 60 }), async (events) => {
        const { calls, text } = createMetrics();
        let live = 0;
        for (const each of events) {
          if (each === 'offered') calls.offered();
          else if (live === 0) continue;
          else if ('reason' in each) calls.refused(each.reason);
          else calls.ended(each.end);
          live += each === 'offered' ? 1 : -1;
        }
        const out = await text();
        const sum = (name: string): number => [...out.matchAll(new RegExp(`^${name}\\{.*\\} (\\d+)$`, 'gm'))].reduce((all, [, value]) => all + Number(value), 0);
        expect(valueOf(out, 'voice_node_calls')).toBe(live);
        expect(valueOf(out, 'voice_node_calls_offered_total')).toBe(live + sum('voice_node_calls_total') + sum('voice_node_calls_refused_total'));
      }),
      { numRuns: 30 },
    );
  });

  it('show how the shards are doing, those that are up', async () => {
    const { shards, calls, text } = createMetrics();
    const view = { name: '1', pid: 7, state: 'ready' as const, lateShare: 0.02, loopP99Ms: 12, utilisation: 0.5, cpu: 0.7, residentBytes: 2e8, calls: 3, restarts: 0 };
    calls.resumed('shard_died');
    shards([view, { ...view, name: '2', state: 'starting' }]);
    let out = await text();
    expect(valueOf(out, 'voice_node_calls_resumed_total{why="shard_died"}')).toBe(1);
    const of = (name: string, shard: string): number | undefined => valueOf(out, `voice_node_shard_${name}{shard="${shard}"}`);
    expect(['up', 'calls', 'late_share', 'loop_p99_seconds', 'utilisation', 'resident_bytes', 'restarts_total'].map((name) => of(name, '1'))).toEqual([1, 3, 0.02, 0.012, 0.5, 2e8, 0]);
    expect(['up', 'restarts_total', 'late_share', 'resident_bytes'].map((name) => of(name, '2'))).toEqual([0, 0, undefined, undefined]);
    shards([{ ...view, state: 'dead', restarts: 2, calls: 0 }, { ...view, name: '2', restarts: 0 }]);
    shards([{ ...view, state: 'dead', restarts: 3, calls: 0 }, { ...view, name: '2', restarts: 0 }]);
    out = await text();
    expect(['up', 'calls', 'restarts_total', 'late_share'].map((name) => of(name, '1'))).toEqual([0, 0, 3, undefined]);
    expect(['up', 'restarts_total', 'late_share'].map((name) => of(name, '2'))).toEqual([1, 0, 0.02]);
  });

  it('of a shard are what its calls measure; the books are main\'s alone', async () => {
    const { meter, json } = createShardMetrics();
    meter.lateTicks(2);
    const names = (await json() as { name: string }[]).map(({ name }) => name);
    expect(names).toContain('voice_node_late_ticks_total');
    expect(names).toContain('process_resident_memory_bytes');
    expect(names.filter((name) => /^voice_node_(calls|shard)/.test(name))).toEqual([]);
  });

  it('are named as promtool wants it: what ends in _total is a counter, and every counter does', async () => {
    const text = await createMetrics().text();
    for (const [, name, type] of text.matchAll(/^# TYPE (\S+) (\S+)$/gm)) {
      expect([name, type === 'counter']).toEqual([name, name?.endsWith('_total')]);
      expect(name).not.toMatch(/_(count|sum|bucket|info_total|ms|milliseconds)$/);
    }
  });

  it('have buckets that rise, and that tell apart what a caller notices', async () => {
    const text = await createMetrics().text();
    const bounds = (name: string): number[] => [...text.matchAll(new RegExp(`^${name}_bucket\\{le="([\\d.e-]+)"`, 'gm'))].map((match) => Number(match[1]));
    for (const name of ['voice_node_barge_in_stop_seconds', 'voice_node_frame_seconds']) {
      const all = bounds(name);
      expect(all.length).toBeGreaterThan(8);
      expect([...all].sort((a, b) => a - b)).toEqual(all);
    }
    expect(bounds('voice_node_barge_in_stop_seconds')).toEqual(expect.arrayContaining([0.14, 0.2, 0.3]));
  });

  it('of two nodes in one process are not mixed', async () => {
    const a = createMetrics();
    const b = createMetrics();
    a.calls.offered();
    expect(valueOf(await b.text(), 'voice_node_calls')).toBe(0);
  });
});
