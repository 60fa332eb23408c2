import { createResampler } from '../../voice-node/dsp/resampler.js';

const RATE_HZ = 8000;
const WINDOW = 1600;
const LEVEL = 160;
/** Windows this far below the loudest one say nothing. */
const QUIET = 0.01;
const REACH = 800;

export interface Likeness {
  /** 200 ms windows of the original found again: normalised correlation at the best lag, weighted by energy. */
  readonly waveform: number;
  /** Pearson correlation of the levels over 20 ms. */
  readonly levels: number;
  /** Where the original begins in what was heard. */
  readonly offsetMs: number;
}

/**
 * How much of `original` is in `heard`, both 48 kHz mono, in the band from 0 to 4 kHz. Two Opus generations and a
 * jitter buffer that stretches time leave 0.8 to 0.9 of the waveform and nearly all of the levels.
 */
export function likeness(original: Int16Array, heard: Int16Array): Likeness {
  const a = narrow(original);
  const b = narrow(heard);
  const levelsA = levels(a);
  const levelsB = levels(b);
  let best = -1;
  let offset = 0;
  for (let shift = 0; shift + levelsA.length <= levelsB.length; shift++) {
    const r = pearson(levelsA, levelsB.subarray(shift, shift + levelsA.length));
    if (r > best) {
      best = r;
      offset = shift;
    }
  }
  return { waveform: waveform(a, b, offset * LEVEL), levels: best, offsetMs: offset * 20 };
}

const narrow = (samples: Int16Array): Int16Array => createResampler({ fromHz: 48_000, toHz: RATE_HZ }).process(samples);

function levels(samples: Int16Array): Float64Array {
  const out = new Float64Array(Math.floor(samples.length / LEVEL));
  for (let i = 0; i < out.length; i++) out[i] = Math.sqrt(dot(samples, i * LEVEL, samples, i * LEVEL, LEVEL) / LEVEL);
  return out;
}

function waveform(a: Int16Array, b: Int16Array, offset: number): number {
  const starts: number[] = [];
  for (let at = 0; at + WINDOW <= a.length; at += WINDOW / 2) starts.push(at);
  const energies = starts.map((at) => dot(a, at, a, at, WINDOW));
  const loudest = Math.max(...energies);
  let sum = 0;
  let weight = 0;
  starts.forEach((at, i) => {
    const energy = energies[i] as number;
    if (energy < loudest * QUIET) return;
    sum += energy * bestAt(a, at, energy, b, offset + at);
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

function pearson(a: Float64Array, b: Float64Array): number {
  const meanA = a.reduce((x, y) => x + y, 0) / a.length;
  const meanB = b.reduce((x, y) => x + y, 0) / b.length;
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
