import type { Ending } from '../../voice-node/hearing/prosody.js';
import { endOfTurnOptions } from '../../voice-node/hearing/end-of-turn.js';
import { endsOf, type Heard } from './heard.js';
import type { PauseOrigin } from './talk.js';

const FRAME_MS = 20;
/** A pause is judged within this time of its true beginning; what is judged elsewhere is a gap nobody labelled. */
const JUDGED_WITHIN_MS = 320;

export interface Example {
  readonly ending: Ending;
  readonly finished: boolean;
  /** Of pauses; undefined for the end of a turn. */
  readonly origin: PauseOrigin | undefined;
}

/** How each turn and each pause sounded, as the node itself measures it. No utterance ends here in between. */
export function examplesOf(heard: Heard): Example[] {
  const truth = heard.talk.turns
    .flatMap((turn) => [{ atMs: turn.endMs, origin: undefined }, ...turn.pauses.map(({ beginMs, origin }) => ({ atMs: beginMs, origin }))])
    .sort((a, b) => a.atMs - b.atMs);
  const examples: Example[] = [];
  let next = 0;
  let last: Ending | undefined;
  endsOf(heard, 2400, endOfTurnOptions({ silenceMs: 2400, minSilenceMs: 2400, maxSilenceMs: 2400 }), [], (frame, { ending }) => {
    const isNew = ending !== undefined && ending !== last;
    last = ending;
    if (!isNew) return;
    const nowMs = (frame + 1) * FRAME_MS;
    while (next < truth.length && (truth[next]?.atMs ?? 0) < nowMs - JUDGED_WITHIN_MS) next++;
    const found = truth[next];
    if (found === undefined || found.atMs > nowMs) return;
    examples.push({ ending, finished: found.origin === undefined, origin: found.origin });
    next++;
  });
  return examples;
}

export interface Fit {
  readonly bias: number;
  readonly weights: readonly number[];
}

/**
 * Logistic regression by Newton's method (iteratively reweighted least squares), turns and pauses weighing the same
 * in all, with a ridge of 1 on the weights in units of the features' spread.
 */
export function fit(examples: readonly Example[], names: readonly (keyof Ending)[]): Fit {
  const raw = examples.map(({ ending }) => names.map((name) => ending[name]));
  const means = names.map((_, k) => mean(raw.map((row) => row[k] ?? 0)));
  const spreads = names.map((_, k) => Math.sqrt(mean(raw.map((row) => ((row[k] ?? 0) - (means[k] ?? 0)) ** 2))) || 1);
  const rows = raw.map((row) => [1, ...row.map((x, k) => (x - (means[k] ?? 0)) / (spreads[k] ?? 1))]);
  const share = mean(examples.map(({ finished }) => (finished ? 1 : 0)));
  const w = new Array<number>(names.length + 1).fill(0);
  for (let step = 0; step < 25; step++) {
    const gradient = w.map((weight, k) => (k === 0 ? 0 : -weight));
    const hessian = w.map((_, i) => w.map((__, k) => (i === k && i > 0 ? 1 : 0)));
    rows.forEach((row, n) => {
      const finished = examples[n]?.finished === true;
      const weight = 0.5 / (finished ? share : 1 - share);
      const p = 1 / (1 + Math.exp(-row.reduce((sum, x, k) => sum + x * (w[k] ?? 0), 0)));
      row.forEach((x, i) => {
        gradient[i] = (gradient[i] ?? 0) + weight * x * ((finished ? 1 : 0) - p);
        const h = hessian[i] as number[];
        row.forEach((y, k) => (h[k] = (h[k] ?? 0) + weight * p * (1 - p) * x * y));
      });
    });
    solved(hessian, gradient).forEach((delta, k) => (w[k] = (w[k] ?? 0) + delta));
  }
  const weights = names.map((_, k) => (w[k + 1] ?? 0) / (spreads[k] ?? 1));
  return { bias: (w[0] ?? 0) - weights.reduce((sum, weight, k) => sum + weight * (means[k] ?? 0), 0), weights };
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);

/** Gauss and Jordan with pivots; destroys what it is given. */
function solved(a: number[][], b: number[]): number[] {
  for (let i = 0; i < b.length; i++) {
    let pivot = i;
    for (let r = i + 1; r < b.length; r++) if (Math.abs(a[r]?.[i] ?? 0) > Math.abs(a[pivot]?.[i] ?? 0)) pivot = r;
    [a[i], a[pivot]] = [a[pivot] as number[], a[i] as number[]];
    [b[i], b[pivot]] = [b[pivot] as number, b[i] as number];
    const row = a[i] as number[];
    for (let r = 0; r < b.length; r++) {
      if (r === i) continue;
      const factor = (a[r]?.[i] ?? 0) / (row[i] ?? 1);
      a[r] = (a[r] as number[]).map((x, k) => x - factor * (row[k] ?? 0));
      b[r] = (b[r] ?? 0) - factor * (b[i] ?? 0);
    }
  }
  return b.map((x, i) => x / (a[i]?.[i] ?? 1));
}

/** The chance that a turn's end scores higher than a pause (Mann and Whitney): 0.5 knows nothing. */
export function areaUnder(scores: readonly { readonly score: number; readonly finished: boolean }[]): number {
  const sorted = [...scores].sort((a, b) => a.score - b.score);
  let rankSum = 0;
  for (let i = 0; i < sorted.length; ) {
    let end = i;
    while (end < sorted.length && sorted[end]?.score === sorted[i]?.score) end++;
    for (let k = i; k < end; k++) if (sorted[k]?.finished === true) rankSum += (i + 1 + end) / 2;
    i = end;
  }
  const finished = scores.filter((each) => each.finished).length;
  return (rankSum - (finished * (finished + 1)) / 2) / (finished * (scores.length - finished));
}
