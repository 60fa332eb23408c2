/**
 * Elliptic half-band low-pass as the sum of two all-pass branches, in closed form.
 *
 * With the modulus k = tan^2((1 - 2 t) pi / 4) of the transition t = (stop - pass) / rate and its nome q, the
 * pole positions are quotients of Jacobi theta series, and the order alone sets the attenuation.
 * (R. A. Valenzuela, A. G. Constantinides, "Digital signal processing schemes for efficient interpolation and
 * decimation", IEE Proc. G 130(6), 1983; the nome's series: Abramowitz & Stegun 17.3.21.)
 */
export interface HalfBandCall {
  /** Number of first-order sections; the filter has order 2 * sections + 1. */
  readonly sections: number;
  /** End of the pass band as a fraction of the high rate, below 1/4. The stop band mirrors it at 1/4. */
  readonly passEdge: number;
}

/** Coefficients a of the sections, ascending; even indices belong to branch 0, odd ones to branch 1. */
export function designEllipticHalfBand({ sections, passEdge }: HalfBandCall): number[] {
  const transition = 0.5 - 2 * passEdge;
  const k = Math.tan(((1 - 2 * transition) * Math.PI) / 4) ** 2;
  const q = nome(k);
  const order = 2 * sections + 1;
  const coefficients: number[] = [];
  for (let c = 1; c <= sections; c++) {
    const w = thetaQuotient(q, c, order) ** 2;
    const r = Math.sqrt((1 - w * k) * (1 - w / k)) / (1 + w);
    coefficients.push((1 - r) / (1 + r));
  }
  return coefficients;
}

/** q = e + 2 e^5 + 15 e^9 + 150 e^13 + ..., e = (1 - sqrt(k')) / (1 + sqrt(k')) / 2, k' = sqrt(1 - k^2). */
function nome(k: number): number {
  const root = (1 - k * k) ** 0.25;
  const e = (0.5 * (1 - root)) / (1 + root);
  const e4 = e ** 4;
  return e * (1 + e4 * (2 + e4 * (15 + 150 * e4)));
}

/** theta1 / theta4 at the c-th of the order's points: the elliptic sine, up to a constant factor. */
function thetaQuotient(q: number, c: number, order: number): number {
  const angle = (c * Math.PI) / order;
  let above = 0;
  let below = 0.5;
  for (let i = 0; q ** (i * i) > 1e-30; i++) {
    const sign = i % 2 === 0 ? 1 : -1;
    above += sign * q ** (i * (i + 1)) * Math.sin((2 * i + 1) * angle);
    if (i > 0) below += sign * q ** (i * i) * Math.cos(2 * i * angle);
  }
  return (q ** 0.25 * above) / below;
}

/** The sections of a list, dealt round `branches` branches. */
export const dealBranches = (sorted: readonly number[], branches: number): number[][] =>
  Array.from({ length: branches }, (_, k) => sorted.filter((_a, i) => i % branches === k));
