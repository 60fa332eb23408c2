import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { TapeDetector, chainMarks, interruptions } from '../../../bench/hearing/chain.js';
import { OurChain } from '../../../bench/hearing/contenders.js';
import { arrivalMs, heldByFrame, type Mark } from '../../../bench/hearing/heard.js';
import { Hysteresis, LiveKitPlugin, Pipecat, follow } from '../../../bench/hearing/policies.js';
import { outcomesOf } from '../../../bench/hearing/run.js';
import { scoreStream } from '../../../bench/hearing/score.js';
import { Separation } from '../../../bench/hearing/separation.js';
import { Results, goalTable } from '../../../bench/hearing/tables.js';
import { vadNodeMarks } from '../../../bench/hearing/vad-node.js';
import { vadWebMarks } from '../../../bench/hearing/vad-web.js';
import type { Span, SpokenTurn, Stream } from '../../../bench/speech-set/format.js';
import { ENERGY_RULE } from '../../../voice-node/providers/vad/energy.js';
import { loadDetectors, type DetectorFactory } from '../../../voice-node/providers/vad/create.js';
import { SILERO_RULE } from '../../../voice-node/providers/vad/silero.js';
import { noise } from './signals.js';

const turn = (...segments: readonly (readonly [number, number])[]): SpokenTurn => ({
  speaker: 'a',
  beginMs: segments[0]?.[0] ?? 0,
  endMs: segments.at(-1)?.[1] ?? 0,
  segments: segments.map(([beginMs, endMs]) => ({ beginMs, endMs })),
});
const stream = (turns: readonly SpokenTurn[], durationMs = 10_000, bursts: readonly Span[] = [], kind: Stream['kind'] = 'dialogue'): Stream => ({
  name: 'made', half: 'tune', kind, condition: {}, file: '', durationMs, turns, bursts,
});
const start = (atMs: number): Mark => ({ kind: 'start', atMs });
const end = (atMs: number): Mark => ({ kind: 'end', atMs });

describe('scoring', () => {
  it('counts from the true onset and end to the arrivals', () => {
    const { turns, falseStarts } = scoreStream(stream([turn([1003, 2005])]), [start(1080), end(2580)]);
    expect(turns).toEqual([{ onsetMs: 77, stuck: false, endMs: 575 }]);
    expect(falseStarts).toBe(0);
  });

  it('takes a detector that never fell silent for stuck, not for quick', () => {
    const scored = scoreStream(stream([turn([1000, 2000]), turn([4000, 5000])]), [start(1060)]);
    expect(scored.turns[1]).toEqual({ onsetMs: undefined, stuck: true, endMs: undefined });
    expect(scored.turns[0]?.endMs).toBeUndefined();
    expect(scoreStream(stream([turn([4000, 5000])]), []).turns[0]).toMatchObject({ onsetMs: undefined, stuck: false });
  });

  it('allows a breath of 100 ms before the label, and calls anything earlier false', () => {
    expect(scoreStream(stream([turn([1000, 2000])]), [start(920), end(2500)])).toMatchObject({ turns: [{ onsetMs: 0 }], falseStarts: 0 });
    expect(scoreStream(stream([turn([1000, 2000])]), [start(900), end(2500)])).toMatchObject({ turns: [{ onsetMs: undefined, stuck: true }], falseStarts: 1 });
  });

  it('sees which pauses were cut, and measures the last end', () => {
    const scored = scoreStream(stream([turn([1000, 1500], [1900, 2400], [3000, 3500])]), [start(1060), end(2940), start(3060), end(4080)]);
    expect(scored.pauses).toEqual([{ lengthMs: 400, cut: false }, { lengthMs: 600, cut: true }]);
    expect(scored.turns[0]).toEqual({ onsetMs: 60, stuck: false, endMs: 580 });
    expect(scored.falseStarts).toBe(0);
  });

  it('looks at the turn after each burst', () => {
    const bursts = [{ beginMs: 3000, endMs: 6000 }, { beginMs: 9500, endMs: 9900 }];
    const scored = scoreStream(stream([turn([1000, 2000]), turn([8000, 9000])], 10_000, bursts, 'bursts'), [start(1060), end(2580), start(3200), end(6400)]);
    expect(scored.bursts).toEqual([{ falseStart: true, nextMissed: true }, { falseStart: false, nextMissed: undefined }]);
    expect(scored.falseStarts).toBe(1);
  });

  it('times windows by the frame that completes them', () => {
    expect([32, 64, 96, 160, 96 * 5].map(arrivalMs)).toEqual([40, 80, 100, 160, 480]);
    expect([...heldByFrame(Float32Array.of(0.25, 0.5, 0.75), 32, 5)]).toEqual([0, 0.25, 0.25, 0.5, 0.75]);
  });
});

describe('separation', () => {
  const scores = (of: (frame: number) => number): Float32Array => Float32Array.from({ length: 500 }, (_, frame) => of(frame));
  const speech: Span[] = [{ beginMs: 2000, endMs: 6000 }];
  const auc = (of: (frame: number) => number): number => {
    const separation = new Separation();
    separation.add(scores(of), speech);
    return separation.auc();
  };

  it('is 1 for what is always right, 0.5 for what says the same of all, 0 for what is always wrong', () => {
    expect(auc((frame) => (frame >= 100 && frame < 300 ? 0.9 : 0.1))).toBe(1);
    expect(auc(() => 0.3)).toBe(0.5);
    expect(auc((frame) => (frame >= 95 && frame < 300 ? 0.1 : 0.9))).toBeLessThan(0.05);
  });

  it('tells scores apart that are all close to 1', () => {
    expect(auc((frame) => (frame >= 100 && frame < 300 ? 0.9999 : 0.999))).toBe(1);
  });
});

describe('rules of others', () => {
  const WINDOW_MS = 32;
  const windows = (...runs: readonly (readonly [count: number, score: number])[]): Float32Array => Float32Array.from(runs.flatMap(([count, score]) => Array.from({ length: count }, () => score)));
  const loud = noise(8000 * 20, 2000);
  const kinds = (marks: readonly Mark[]): string[] => marks.map(({ kind, atMs }) => `${kind} ${atMs}`);

  it('LiveKit: two windows, 550 ms', () => {
    // 550 ms are 18 windows of silence.
    expect(kinds(follow(new LiveKitPlugin(WINDOW_MS), windows([10, 0], [10, 1], [30, 0]), WINDOW_MS, loud))).toEqual(['start 400', 'end 1220']);
  });

  it('Pipecat: six windows in a row, loud enough', () => {
    const scores = windows([60, 0], [5, 0.9], [1, 0.6], [20, 0.9], [20, 0]);
    expect(kinds(follow(new Pipecat(WINDOW_MS), scores, WINDOW_MS, loud))).toEqual(['start 2320', 'end 2960']);
    expect(follow(new Pipecat(WINDOW_MS), scores, WINDOW_MS, noise(8000 * 20, 60))).toEqual([]);
  });

  it('hysteresis: a score between the thresholds keeps speech going', () => {
    const options = { start: 0.5, stop: 0.35, count: 2, window: 3, silenceMs: 250, windowMs: WINDOW_MS };
    expect(kinds(follow(new Hysteresis(options), windows([5, 0], [1, 0.6], [1, 0.1], [1, 0.6], [20, 0.4], [20, 0.1]), WINDOW_MS, loud))).toEqual(['start 260', 'end 1160']);
  });

  it("runs the packages' own loops", async () => {
    expect(kinds(await vadNodeMarks(windows([10, 0], [5, 0.9], [20, 0.1])))).toEqual(['start 1060', 'end 2220']);
    // 0.3 is enough for it, and 43 windows of 32 ms are its 1.4 s.
    expect(kinds(await vadWebMarks(windows([10, 0], [20, 0.31], [60, 0.1]), WINDOW_MS))).toEqual(['start 360', `end ${arrivalMs((30 + 43) * WINDOW_MS)}`]);
  });
});

describe('the chain', () => {
  const tape = (...runs: readonly (readonly [frames: number, p: number])[]): Float32Array => Float32Array.from(runs.flatMap(([count, p]) => Array.from({ length: count }, () => p)));

  it('marks what hearing says, at the arrival of the frame', () => {
    const scores = tape([50, 0], [50, 0.9], [50, 0]);
    expect(chainMarks(new Int16Array(150 * 160), new TapeDetector({ kind: 'silero', rule: SILERO_RULE }, scores))).toEqual([start(1020), end(2500)]);
  });

  it('goes on listening for the next interruption after one that ended in the very frame that made it one', () => {
    // Each voice is too short to be meant by its length, and is ended by the 300 ms of silence that dismiss it or by the turn's end.
    const scores = tape([50, 0], [50, 0.9], [60, 0], [50, 0.9], [60, 0], [50, 0.9], [60, 0]);
    const samples = noise(scores.length * 160, 2000);
    const detector = new TapeDetector({ kind: 'silero', rule: SILERO_RULE }, scores);
    expect(interruptions(samples, detector, 'immediate').cutMs).toEqual([1020, 3220, 5420]);
    detector.reset();
    const confirmed = interruptions(samples, detector, 'confirm');
    expect(confirmed.cutMs).toHaveLength(3);
    expect(confirmed.silentMs.map((ms, i) => (confirmed.cutMs[i] as number) - ms).every((ms) => ms > 0)).toBe(true);
  });
});

describe('a whole set', () => {
  let factory: DetectorFactory;
  beforeAll(async () => {
    factory = await loadDetectors({ kinds: ['energy'] });
  });
  afterAll(() => factory.close());

  it('is scored from the samples to the table', async () => {
    // Noise bursts for voices: energy hears them all, and one that belongs to nobody.
    const samples = noise(8000 * 10, 4);
    for (const [fromMs, toMs] of [[1000, 2000], [4000, 5000], [7000, 7500]] as const) samples.set(noise((toMs - fromMs) * 8, 3000, fromMs), fromMs * 8);
    const chain = new OurChain('energy', 'energy', factory);
    const [outcome, ...others] = await outcomesOf([chain], [stream([turn([1000, 2000]), turn([4000, 5000])])], { samples: () => samples }, () => undefined);
    expect(others).toEqual([]);
    expect(outcome?.score.turns.map(({ onsetMs }) => onsetMs)).toEqual([20 * ENERGY_RULE.startFrames, 20 * ENERGY_RULE.startFrames]);
    expect(outcome?.score.turns.map(({ endMs }) => endMs)).toEqual([500, 500]);
    expect(outcome?.score.falseStarts).toBe(1);
    expect(outcome?.separation?.auc()).toBeGreaterThan(0.9);
    const table = goalTable(new Results(outcome === undefined ? [] : [outcome]), [chain]);
    expect(table).toContain('0.0 %; 100, 100');
    expect(table).toContain('| 0 (500) |');
  });
});
