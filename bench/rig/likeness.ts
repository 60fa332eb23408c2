import { createResampler } from '../../voice-node/dsp/resampler.js';

const RATE_HZ = 8000;
const WINDOW = 1600;
/** 10 ms; half a window is a multiple of it. */
const LEVEL = 80;
/** Windows this far below the loudest one say nothing. */
const QUIET = 0.01;
const REACH = 800;

export interface Likeness {
  /** 200 ms windows of the original found again: normalised correlation at the best lag, weighted by energy. */
  readonly waveform: number;
  /** Pearson correlation of the levels over 10 ms, along the warp of time that fits them best. */
  readonly levels: number;
  /** Where the original begins in what was heard. */
  readonly offsetMs: number;
}

/**
 * How much of `original` is in `heard`, both 48 kHz mono, in the band from 0 to 4 kHz. Two Opus generations leave 0.8
 * to 0.9 of the waveform and nearly all of the levels; a jitter buffer on a busy machine, which stretches and squeezes
 * time, takes from the waveform and leaves the levels.
 */
export function likeness(original: Int16Array, heard: Int16Array): Likeness {
  const a = narrow(original);
  const b = narrow(heard);
  const { levels: r, warp } = alongBestWarp(levels(a), levels(b));
  return { waveform: waveform(a, b, warp), levels: r, offsetMs: (1000 * (warp[0] ?? 0) * LEVEL) / RATE_HZ };
}

const narrow = (samples: Int16Array): Int16Array => createResampler({ fromHz: 48_000, toHz: RATE_HZ }).process(samples);

function levels(samples: Int16Array): Float64Array {
  const out = new Float64Array(Math.floor(samples.length / LEVEL));
  for (let i = 0; i < out.length; i++) out[i] = Math.sqrt(dot(samples, i * LEVEL, samples, i * LEVEL, LEVEL) / LEVEL);
  return out;
}

function waveform(a: Int16Array, b: Int16Array, warp: readonly number[]): number {
  const starts: number[] = [];
  for (let at = 0; at + WINDOW <= a.length; at += WINDOW / 2) starts.push(at);
  const energies = starts.map((at) => dot(a, at, a, at, WINDOW));
  const loudest = Math.max(...energies);
  let sum = 0;
  let weight = 0;
  starts.forEach((at, i) => {
    const energy = energies[i] as number;
    if (energy < loudest * QUIET) return;
    sum += energy * bestAt(a, at, energy, b, (warp[at / LEVEL] ?? 0) * LEVEL);
    weight += energy;
  });
  return weight === 0 ? 0 : sum / weight;
}

function bestAt(a: Int16Array, at: number, energy: number, b: Int16Array, around: number): number {
  let best = 0;
  for (let to = Math.max(0, around - REACH); to <= around + REACH && to + WINDOW <= b.length; to++) {
    const energyB = dot(b, to, b, to, WINDOW);
    if (energyB > 0) best = Math.max(best, dot(a, at, b, to, WINDOW) / Math.sqrt(energy * energyB));
  }
  return best;
}

function dot(a: Int16Array, atA: number, b: Int16Array, atB: number, count: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += (a[atA + i] as number) * (b[atB + i] as number);
  return sum;
}

interface Path {
  readonly cost: number;
  readonly from: Path | undefined;
  readonly i: number;
  readonly j: number;
}

/**
 * Where in `b` each of `a` is found, and how alike they are there. All of `a` found in a part of `b`, steps of (1,1), (1,2) and (2,1): what a jitter buffer has stretched or squeezed
 * to no more than twice or half fits, a missing word does not. Subsequence dynamic time warping with Sakoe and
 * Chiba's slope limit of one half (IEEE ASSP 26, 1978).
 */
function alongBestWarp(a: Float64Array, b: Float64Array): { levels: number; warp: readonly number[] } {
  const [scaleA, scaleB] = [Math.max(...a, 1), Math.max(...b, 1)];
  const distance = (i: number, j: number): number => ((a[i] as number) / scaleA - (b[j] as number) / scaleB) ** 2;
  const rows: (Path | undefined)[][] = [];
  for (let i = 0; i < a.length; i++) {
    const row: (Path | undefined)[] = [];
    for (let j = 0; j < b.length; j++) {
      const here = distance(i, j);
      if (i === 0) {
        row.push({ cost: here, from: undefined, i, j });
        continue;
      }
      let best: Path | undefined;
      const offer = (from: Path | undefined, passed: number): void => {
        if (from === undefined || (best !== undefined && best.cost <= from.cost + passed + here)) return;
        best = { cost: from.cost + passed + here, from, i, j };
      };
      offer(rows[i - 1]?.[j - 1], 0);
      offer(rows[i - 1]?.[j - 2], 0);
      if (i > 1) offer(rows[i - 2]?.[j - 1], distance(i - 1, j));
      row.push(best);
    }
    rows.push(row);
  }
  const end = rows.at(-1)?.reduce((best, path) => (best === undefined || (path !== undefined && path.cost < best.cost) ? path : best), undefined);
  const warp = new Array<number>(a.length).fill(0);
  for (let path = end; path !== undefined; path = path.from) {
    warp[path.i] = path.j;
    if (path.from?.i === path.i - 2) warp[path.i - 1] = path.j;
  }
  return { levels: pearson([...a], warp.map((at) => b[at] ?? 0)), warp };
}

function pearson(a: readonly number[], b: readonly number[]): number {
  const meanA = mean(a);
  const meanB = mean(b);
  let ab = 0;
  let aa = 0;
  let bb = 0;
  for (let i = 0; i < a.length; i++) {
    const x = (a[i] as number) - meanA;
    const y = (b[i] as number) - meanB;
    ab += x * y;
    aa += x * x;
    bb += y * y;
  }
  return aa === 0 || bb === 0 ? 0 : ab / Math.sqrt(aa * bb);
}

const mean = (values: readonly number[]): number => values.reduce((x, y) => x + y, 0) / values.length;
