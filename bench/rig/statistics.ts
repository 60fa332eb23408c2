export interface Summary {
  readonly count: number;
  readonly median: number;
  readonly p95: number;
  readonly p99: number;
  readonly min: number;
  readonly max: number;
}

/** Percentiles by the nearest-rank method. */
export function summarize(values: readonly number[]): Summary {
  const sorted = [...values].sort((a, b) => a - b);
  const rank = (p: number): number => sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(p * sorted.length) - 1))] ?? Number.NaN;
  return { count: sorted.length, median: rank(0.5), p95: rank(0.95), p99: rank(0.99), min: rank(0), max: rank(1) };
}

export const fixed = (value: number, digits = 1): string => value.toFixed(digits);
