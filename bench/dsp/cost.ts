import type { SampleFormat } from '../../voice-node/dsp/resampler.js';
import type { Contender, Stream } from './contenders.js';
import { samplesOf } from './tones.js';

export interface Cost {
  readonly name: string;
  readonly fromHz: number;
  readonly toHz: number;
  readonly format: SampleFormat;
  /** User CPU of one 20 ms push, median of the rounds, and the quartiles. */
  readonly microseconds: number;
  readonly quartiles: readonly [number, number];
  /** Median over the rounds of the ratio within a round. */
  readonly ofRtcNodeHigh: number;
  readonly ofWaveResampler: number;
}

const SLICE_MS = 60;

export const median = (values: readonly number[]): number => quantile(values, 0.5);

export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = share * (sorted.length - 1);
  const low = sorted[Math.floor(at)] as number;
  return low + (at - Math.floor(at)) * ((sorted[Math.ceil(at)] as number) - low);
}

interface Runner {
  readonly contender: Contender;
  readonly format: SampleFormat;
  readonly stream: Stream;
  readonly frame: Int16Array | Float32Array;
  pushes: number;
  readonly perRound: number[];
}

/**
 * User CPU of a push, for all contenders at once: each round runs every one of them for about 60 ms, in an order
 * shuffled anew, so that whatever else the machine does falls on all alike. Ratios are taken within a round.
 */
export async function measureCost(contenders: readonly Contender[], fromHz: number, toHz: number, rounds: number): Promise<Cost[]> {
  const runners: Runner[] = [];
  for (const contender of contenders) {
    for (const format of contender.formats) {
      const stream = await contender.open(fromHz, toHz, format);
      const frame = samplesOf((i) => 0.3 * Math.sin(i * 0.05) + 0.2 * Math.sin(i * 0.0131), 0, fromHz / 50, format);
      runners.push({ contender, format, stream, frame, pushes: 0, perRound: [] });
    }
  }
  for (const runner of runners) calibrate(runner);
  for (let round = 0; round < rounds; round++) {
    for (const runner of shuffled(runners)) runner.perRound.push(timed(runner, runner.pushes));
    // Lets native handles of the peers be collected.
    await new Promise((resolve) => setImmediate(resolve));
  }
  for (const runner of runners) runner.stream.close?.();
  const of = (name: string): readonly number[] => (runners.find((runner) => runner.contender.name === name) as Runner).perRound;
  const ratio = (runner: Runner, name: string): number => median(runner.perRound.map((value, i) => value / (of(name)[i] as number)));
  return runners.map((runner) => ({
    name: runner.contender.name,
    fromHz,
    toHz,
    format: runner.format,
    microseconds: median(runner.perRound),
    quartiles: [quantile(runner.perRound, 0.25), quantile(runner.perRound, 0.75)],
    ofRtcNodeHigh: ratio(runner, 'rtc-node HIGH'),
    ofWaveResampler: ratio(runner, 'wave-resampler cubic'),
  }));
}

/** Warms up, then finds how many pushes take a slice. */
function calibrate(runner: Runner): void {
  timed(runner, 50);
  const each = Math.max(0.3, timed(runner, 500));
  runner.pushes = Math.max(20, Math.round((SLICE_MS * 1000) / each));
  timed(runner, runner.pushes);
}

function timed({ stream, frame }: Runner, pushes: number): number {
  const before = process.cpuUsage();
  for (let i = 0; i < pushes; i++) stream.push(frame);
  return process.cpuUsage(before).user / pushes;
}

function shuffled<T>(list: readonly T[]): T[] {
  const out = [...list];
  for (let i = out.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1));
    [out[i], out[j]] = [out[j] as T, out[i] as T];
  }
  return out;
}
