import { msOfSamples, rmsOf, samplesOfMs, type Range, type Sound } from './sound.js';

/**
 * Where somebody speaks in a clean recording, from its energy in the telephone band: 10 ms windows every 2.5 ms,
 * active where they lie less than 36 dB under the loudest, the ends drawn in to what lies less than 30 dB under it.
 */
const WINDOW_MS = 10;
const HOP_MS = 2.5;
const ACTIVE_DB = -36;
const EDGE_DB = -30;
/** A shorter gap is the closure of a stop, not a pause. */
export const SHORTEST_PAUSE_MS = 200;
/** What stands alone and is shorter, or so much softer than the loudest segment, is a click or a breath. */
const SHORTEST_SEGMENT_MS = 100;
const SOFTEST_SEGMENT_DB = -15;
/** A gap nearer than this to a pause is no place for another one. */
const SHORTEST_PART_MS = 150;
/** What lies this near to speech may be its tail, and says nothing about the noise of the recording. */
const COLLAR_MS = 50;
const LEAST_SILENCE_WINDOWS = 20;

export interface Labelled {
  /** Speech without pauses, in samples. */
  readonly segments: readonly Range[];
  /** Speech over the recording's own noise. */
  readonly snrDb: number;
  /** Gaps of 60 to 200 ms inside the segments: places where a speaker could have paused for longer. */
  readonly breaths: readonly Range[];
}

/** Labels of a clean recording; undefined where there is nothing in it, or clicks and breaths by themselves. */
export function labelled(sound: Sound): Labelled | undefined {
  const energy = energies(sound);
  let loudest = 0;
  for (const e of energy) if (e > loudest) loudest = e;
  if (loudest === 0) return undefined;
  const edge = loudest * 10 ** (EDGE_DB / 10);
  const runs = runsAbove(energy, loudest * 10 ** (ACTIVE_DB / 10)).map((run) => drawnIn(run, energy, edge)).filter((run) => run !== undefined);
  const spans = withoutSmacks(runs.map(({ begin, end }) => spanOf(begin, end, sound.length)), sound, loudest);
  const segments = closed(spans, samplesOfMs(SHORTEST_PAUSE_MS));
  if (segments.length === 0 || hasStrays(sound, segments)) return undefined;
  const breaths = gaps(spans, samplesOfMs(60), samplesOfMs(SHORTEST_PAUSE_MS));
  return { segments, snrDb: snrOf(energy, segments), breaths: spaced(breaths, segments) };
}

/** Lips part a moment before many a word: short, soft, and then nothing for a moment. The word begins after it. */
const SMACK = { longestMs: 45, loudestDb: -20, leastAfterMs: 40 } as const;

function withoutSmacks(spans: readonly Range[], sound: Sound, loudest: number): Range[] {
  const limit = loudest * 10 ** (SMACK.loudestDb / 10);
  return spans.filter(({ begin, end }, i) => {
    const before = spans[i - 1]?.end ?? -Infinity;
    const after = spans[i + 1]?.begin ?? Infinity;
    const opens = begin - before >= samplesOfMs(SHORTEST_PAUSE_MS) && after - end < samplesOfMs(SHORTEST_PAUSE_MS);
    const isSmack = end - begin <= samplesOfMs(SMACK.longestMs) && after - end >= samplesOfMs(SMACK.leastAfterMs) && rmsOf(sound, begin, end) ** 2 < limit;
    return !(opens && isSmack);
  });
}

/** From where a sound that is no speech begins to where it ends; all of it where it is silent. */
export function extentOf(sound: Sound): Range {
  const energy = energies(sound);
  let loudest = 0;
  for (const e of energy) if (e > loudest) loudest = e;
  const runs = loudest === 0 ? [] : runsAbove(energy, loudest * 10 ** (EDGE_DB / 10));
  const [first, last] = [runs[0], runs.at(-1)];
  return first === undefined || last === undefined ? { begin: 0, end: sound.length } : spanOf(first.begin, last.end, sound.length);
}

function hasStrays(sound: Sound, segments: readonly Range[]): boolean {
  const levels = segments.map(({ begin, end }) => rmsOf(sound, begin, end));
  const softest = Math.max(...levels) * 10 ** (SOFTEST_SEGMENT_DB / 20);
  return segments.some(({ begin, end }, i) => end - begin < samplesOfMs(SHORTEST_SEGMENT_MS) || (levels[i] as number) < softest);
}

/** Of the gaps inside segments, from left to right, those with enough speech before and after them. */
function spaced(breaths: readonly Range[], segments: readonly Range[]): Range[] {
  const least = samplesOfMs(SHORTEST_PART_MS);
  return segments.flatMap(({ begin, end }) => {
    const kept: Range[] = [];
    for (const breath of breaths) {
      const from = kept.at(-1)?.end ?? begin;
      if (breath.begin - from >= least && breath.end > begin && end - breath.end >= least) kept.push(breath);
    }
    return kept;
  });
}

/** Mean power of each window. Window i begins at sample i * hop. */
export function energies(sound: Sound): Float64Array {
  const window = samplesOfMs(WINDOW_MS);
  const hop = samplesOfMs(HOP_MS);
  const out = new Float64Array(Math.max(0, Math.floor((sound.length - window) / hop) + 1));
  for (let i = 0; i < out.length; i++) {
    let sum = 0;
    for (let k = i * hop; k < i * hop + window; k++) sum += (sound[k] as number) ** 2;
    out[i] = sum / window;
  }
  return out;
}

function runsAbove(energy: Float64Array, threshold: number): Range[] {
  const runs: Range[] = [];
  let begin = -1;
  for (let i = 0; i <= energy.length; i++) {
    const above = i < energy.length && (energy[i] as number) >= threshold;
    if (above && begin < 0) begin = i;
    if (!above && begin >= 0) {
      runs.push({ begin, end: i });
      begin = -1;
    }
  }
  return runs;
}

function drawnIn({ begin, end }: Range, energy: Float64Array, edge: number): Range | undefined {
  let from = begin;
  let to = end;
  while (from < to && (energy[from] as number) < edge) from++;
  while (to > from && (energy[to - 1] as number) < edge) to--;
  return from < to ? { begin: from, end: to } : undefined;
}

/**
 * Windows as samples. It is the newest quarter of the first window that lifted it over the threshold, and the oldest
 * quarter of the last that held it there: sound that begins and ends at once is found to 2.5 ms.
 */
function spanOf(first: number, afterLast: number, length: number): Range {
  const [window, hop] = [samplesOfMs(WINDOW_MS), samplesOfMs(HOP_MS)];
  // A sound that is there from the first window on has no newest quarter.
  const begin = first === 0 ? 0 : first * hop + window - hop;
  const end = Math.min(length, (afterLast - 1) * hop + hop);
  // Of a click shorter than a window the newest quarter lies after the oldest one.
  return begin < end ? { begin, end } : { begin: end - hop, end: begin + hop };
}

function closed(spans: readonly Range[], gap: number): Range[] {
  const out: Range[] = [];
  for (const span of spans) {
    const last = out.at(-1);
    if (last !== undefined && span.begin - last.end < gap) out[out.length - 1] = { begin: last.begin, end: span.end };
    else out.push(span);
  }
  return out;
}

/** What lies between neighbours, where it is `from` to `to` samples long. */
export function gaps(spans: readonly Range[], from: number, to: number): Range[] {
  const out: Range[] = [];
  for (let i = 1; i < spans.length; i++) {
    const [begin, end] = [(spans[i - 1] as Range).end, (spans[i] as Range).begin];
    if (end - begin >= from && end - begin < to) out.push({ begin, end });
  }
  return out;
}

/** Speech over what is heard away from it; where there is next to no silence, over the quietest twentieth of it all. */
function snrOf(energy: Float64Array, segments: readonly Range[]): number {
  const hop = samplesOfMs(HOP_MS);
  const [window, collar] = [samplesOfMs(WINDOW_MS), samplesOfMs(COLLAR_MS)];
  const speech: number[] = [];
  const rest: number[] = [];
  let segment = 0;
  for (let i = 0; i < energy.length; i++) {
    const [from, to] = [i * hop, i * hop + window];
    while (segment < segments.length - 1 && from >= (segments[segment] as Range).end + collar) segment++;
    const { begin, end } = segments[segment] as Range;
    const before = segments[segment - 1]?.end ?? -Infinity;
    if (from >= begin && to <= end) speech.push(energy[i] as number);
    else if ((to < begin - collar && from >= before + collar) || from >= end + collar) rest.push(energy[i] as number);
  }
  const all = [...energy].sort((a, b) => a - b);
  const noise = rest.length >= LEAST_SILENCE_WINDOWS ? mean(rest) : (all[Math.floor(all.length / 20)] ?? 0);
  return 10 * Math.log10(mean(speech) / Math.max(noise, 1e-12));
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);

/** The pauses between segments, in ms. */
export const pausesMs = (segments: readonly Range[]): number[] => gaps(segments, 0, Infinity).map(({ begin, end }) => msOfSamples(end - begin));
