import type { SampleFormat } from '../../voice-node/dsp/resampler.js';
import type { Contender } from './contenders.js';
import { decibels, record, throughTone } from './tones.js';

const AMPLITUDE = 0.5;

export interface Curve {
  readonly hz: readonly number[];
  readonly db: readonly number[];
}

export interface Quality {
  readonly name: string;
  readonly fromHz: number;
  readonly toHz: number;
  /** Largest deviation from the gain at 40 Hz up to 0.85 of the lower Nyquist frequency. */
  readonly rippleDb: number;
  /** Worst alias (down) or sum of images (up) that concerns 0 to 0.85 of the lower Nyquist frequency. */
  readonly aliasDb: number;
  /** The same without that restriction, tones 4 % away from the Nyquist frequency. */
  readonly aliasAnywhereDb: number;
  readonly thdFloatDb: number | null;
  readonly thdInt16Db: number | null;
  /** Mean group delay over 0.3 to 3.4 kHz between samples of the same nominal time. */
  readonly filterDelayMs: number;
  /** The same at 1 kHz, and the spread over the band. */
  readonly delaySpreadMs: number;
  /** filterDelayMs plus the worst backlog of a 20 ms push in the settled stream. */
  readonly streamDelayMs: number;
  readonly magnitude: Curve;
  readonly alias: Curve;
}

const grid = (from: number, to: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => from + ((i + 0.37) / count) * (to - from));

const folded = (hz: number, rateHz: number): number => Math.abs(hz - rateHz * Math.round(hz / rateHz));

export async function measureQuality(contender: Contender, fromHz: number, toHz: number, points: number): Promise<Quality> {
  const format: SampleFormat = contender.formats.includes('f32') ? 'f32' : 's16';
  const nyquist = Math.min(fromHz, toHz) / 2;
  const edge = 0.85 * nyquist;
  const tone = (hz: number) => throughTone(contender, fromHz, toHz, format, hz, AMPLITUDE);
  const reference = (await tone(40)).amplitude;
  const magnitudeHz = [...grid(60, edge, points), edge, ...grid(edge, nyquist, 12)];
  const magnitudeDb: number[] = [];
  const imageDb: number[] = [];
  for (const hz of magnitudeHz) {
    const { amplitude, residual } = await tone(hz);
    magnitudeDb.push(decibels(amplitude / reference));
    imageDb.push(decibels((residual * Math.SQRT2) / AMPLITUDE));
  }
  const inBand = magnitudeHz.map((hz) => hz <= edge);
  const alias: { hz: number[]; db: number[] } = { hz: [], db: [] };
  let aliasDb = -Infinity;
  if (toHz < fromHz) {
    for (const hz of grid(1.04 * nyquist, fromHz / 2, 2 * points)) {
      const db = decibels(((await tone(hz)).rms * Math.SQRT2) / AMPLITUDE);
      alias.hz.push(hz);
      alias.db.push(db);
      if (folded(hz, toHz) <= edge) aliasDb = Math.max(aliasDb, db);
    }
  } else {
    alias.hz = magnitudeHz.filter((hz) => hz <= 0.96 * nyquist);
    alias.db = imageDb.slice(0, alias.hz.length);
    aliasDb = Math.max(...alias.db.filter((_, i) => inBand[i]));
  }
  const delay = await measureDelay(contender, fromHz, toHz, format);
  return {
    name: contender.name,
    fromHz,
    toHz,
    rippleDb: Math.max(...magnitudeDb.filter((_, i) => inBand[i]).map(Math.abs)),
    aliasDb,
    aliasAnywhereDb: Math.max(...alias.db),
    thdFloatDb: contender.formats.includes('f32') ? await distortion(contender, fromHz, toHz, 'f32') : null,
    thdInt16Db: contender.formats.includes('s16') ? await distortion(contender, fromHz, toHz, 's16') : null,
    ...delay,
    magnitude: { hz: magnitudeHz, db: magnitudeDb },
    alias,
  };
}

async function distortion(contender: Contender, fromHz: number, toHz: number, format: SampleFormat): Promise<number> {
  const { amplitude, residual } = await throughTone(contender, fromHz, toHz, format, 1000.3, 10 ** (-1 / 20));
  return decibels((residual * Math.SQRT2) / amplitude);
}

/** Group delay from the phases of neighbouring tones; for streams of frames the backlog of counts is added. */
async function measureDelay(
  contender: Contender,
  fromHz: number,
  toHz: number,
  format: SampleFormat,
): Promise<{ filterDelayMs: number; delaySpreadMs: number; streamDelayMs: number }> {
  const step = 31;
  const delays: number[] = [];
  let before: number | undefined;
  for (let hz = 300; hz <= 3400; hz += step) {
    const { phase } = await throughTone(contender, fromHz, toHz, format, hz, AMPLITUDE);
    if (before !== undefined) {
      const turn = phase - before;
      delays.push((-1000 * (turn - 2 * Math.PI * Math.round(turn / (2 * Math.PI)))) / (2 * Math.PI * step));
    }
    before = phase;
  }
  const filterDelayMs = delays.reduce((sum, x) => sum + x, 0) / delays.length;
  const backlog = await worstBacklogMs(contender, fromHz, toHz, format);
  return { filterDelayMs, delaySpreadMs: Math.max(...delays) - Math.min(...delays), streamDelayMs: filterDelayMs + backlog };
}

/** Worst time between what had been pushed and what had come out, after the first half second. */
async function worstBacklogMs(contender: Contender, fromHz: number, toHz: number, format: SampleFormat): Promise<number> {
  const { counts } = await record(contender, fromHz, toHz, format, () => 0, 100);
  let delivered = 0;
  let worst = -Infinity;
  counts.forEach((count, k) => {
    // Just before this push the 20 ms it brings were already spoken; what counts is what is out after it.
    delivered += count;
    if (k >= 25) worst = Math.max(worst, 20 * (k + 1) - (1000 * delivered) / toHz);
  });
  return worst;
}

export interface StreamingFacts {
  readonly name: string;
  /** Samples delivered by the first pushes of 20 ms. */
  readonly counts: readonly number[];
  readonly fewest: number;
  readonly most: number;
  /** Largest difference between pushing 20 ms frames and 331 samples at a time, re full scale; null: lengths differ. */
  readonly seamDb: number | null;
  /** Share of nonzero samples that silence becomes. */
  readonly noiseInSilence: number | null;
  /** Whether a full-scale square wave came out with the wrong sign anywhere. */
  readonly wraps: boolean | null;
}

export async function streamingFacts(contender: Contender, fromHz: number, toHz: number): Promise<StreamingFacts> {
  const format: SampleFormat = contender.formats.includes('f32') ? 'f32' : 's16';
  const ints = contender.formats.includes('s16');
  const signal = (i: number): number => 0.4 * Math.sin(i * 0.031) + 0.3 * Math.sin(i * 0.0077 + 1);
  const framed = await record(contender, fromHz, toHz, format, signal, 100);
  const odd = await record(contender, fromHz, toHz, format, signal, Math.floor((100 * fromHz) / 50 / 331), 331);
  const common = Math.min(framed.samples.length, odd.samples.length);
  let seam = 0;
  for (let i = 0; i < common; i++) seam = Math.max(seam, Math.abs((framed.samples[i] as number) - (odd.samples[i] as number)));
  const silence = ints ? (await record(contender, fromHz, toHz, 's16', () => 0, 60)).samples : null;
  const settled = framed.counts.slice(25);
  return {
    name: contender.name,
    counts: framed.counts.slice(0, 40),
    fewest: Math.min(...settled),
    most: Math.max(...settled),
    seamDb: seam === 0 ? Number.NEGATIVE_INFINITY : decibels(seam),
    noiseInSilence: silence === null ? null : silence.filter((x) => x !== 0).length / silence.length,
    wraps: ints ? await wrapsAround(contender, fromHz, toHz) : null,
  };
}

/** A 200 Hz square wave at full scale: between its edges no sample may have the other sign. */
async function wrapsAround(contender: Contender, fromHz: number, toHz: number): Promise<boolean> {
  const square = (i: number): number => (Math.floor((i * 400) / fromHz) % 2 === 0 ? 1 : -1);
  const { samples } = await record(contender, fromHz, toHz, 's16', square, 40);
  let flips = 0;
  for (let i = Math.round(0.3 * toHz); i < samples.length; i++) {
    if (Math.abs((samples[i] as number) - (samples[i - 1] as number)) > 1.7) flips++;
  }
  // Twice 200 edges a second are honest ones; a wrap adds a pair of jumps over the whole range.
  return flips > ((samples.length - 0.3 * toHz) / toHz) * 400 + 4;
}
