import type { SampleFormat } from '../../voice-node/dsp/resampler.js';
import type { Contender, Samples } from './contenders.js';

export interface Tone {
  readonly amplitude: number;
  /** Of sin(2 pi hz i / rateHz + phase), i counted from sample 0 of the stream. */
  readonly phase: number;
  /** RMS of what is neither the tone nor direct voltage. */
  readonly residual: number;
  readonly rms: number;
}

/** Least squares of a sine and a constant over y[from..to). */
export function fit(y: ArrayLike<number>, rateHz: number, hz: number, from: number, to: number): Tone {
  const w = (2 * Math.PI * hz) / rateHz;
  const n = to - from;
  let cc = 0, ss = 0, cs = 0, c1 = 0, s1 = 0, yc = 0, ys = 0, y1 = 0, yy = 0;
  for (let i = from; i < to; i++) {
    const c = Math.cos(w * i), s = Math.sin(w * i), v = y[i] as number;
    cc += c * c; ss += s * s; cs += c * s; c1 += c; s1 += s; yc += v * c; ys += v * s; y1 += v; yy += v * v;
  }
  const a = cc - (c1 * c1) / n, b = cs - (c1 * s1) / n, d = ss - (s1 * s1) / n;
  const p = yc - (c1 * y1) / n, q = ys - (s1 * y1) / n;
  const determinant = a * d - b * b;
  const cosine = (p * d - q * b) / determinant;
  const sine = (a * q - b * p) / determinant;
  const offset = (y1 - cosine * c1 - sine * s1) / n;
  let residual = 0;
  for (let i = from; i < to; i++) residual += ((y[i] as number) - cosine * Math.cos(w * i) - sine * Math.sin(w * i) - offset) ** 2;
  return { amplitude: Math.hypot(cosine, sine), phase: Math.atan2(cosine, sine), residual: Math.sqrt(residual / n), rms: Math.sqrt(yy / n) };
}

export const decibels = (ratio: number): number => 20 * Math.log10(Math.max(ratio, 1e-9));

/** Samples 0.. of a signal given in +-1, in the contender's format; int16 is rounded, not dithered. */
export function samplesOf(signal: (i: number) => number, from: number, count: number, format: SampleFormat): Samples {
  if (format === 'f32') return Float32Array.from({ length: count }, (_, i) => signal(from + i));
  return Int16Array.from({ length: count }, (_, i) => Math.max(-32768, Math.min(32767, Math.round(32767 * signal(from + i)))));
}

export interface Recording {
  /** The whole output, full scale +-1. */
  readonly samples: Float64Array;
  /** Samples delivered by each push. */
  readonly counts: readonly number[];
}

/** Drives a new stream with frames of `frame` samples, `pushes` of them. */
export async function record(
  contender: Contender,
  fromHz: number,
  toHz: number,
  format: SampleFormat,
  signal: (i: number) => number,
  pushes: number,
  frame = fromHz / 50,
): Promise<Recording> {
  const stream = await contender.open(fromHz, toHz, format);
  const scale = format === 's16' ? 1 / 32767 : 1;
  const samples = new Float64Array(Math.ceil((pushes * frame * toHz) / fromHz) + toHz);
  const counts: number[] = [];
  let written = 0;
  for (let k = 0; k < pushes; k++) {
    const count = stream.push(samplesOf(signal, k * frame, frame, format));
    for (let i = 0; i < count; i++) samples[written++] = scale * (stream.output[i] as number);
    counts.push(count);
  }
  stream.close?.();
  return { samples: samples.subarray(0, written), counts };
}

const PUSHES = 28;
const WINDOW_S = 0.14;

/** A tone through a new stream, looked at where everything has settled. */
export async function throughTone(contender: Contender, fromHz: number, toHz: number, format: SampleFormat, hz: number, amplitude: number): Promise<Tone> {
  const w = (2 * Math.PI * hz) / fromHz;
  const { samples } = await record(contender, fromHz, toHz, format, (i) => amplitude * Math.sin(w * i), PUSHES);
  const to = Math.min(samples.length, Math.round(0.4 * toHz));
  return fit(samples, toHz, hz, Math.max(0, to - Math.round(WINDOW_S * toHz)), to);
}
