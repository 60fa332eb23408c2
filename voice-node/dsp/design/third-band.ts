import { dealBranches, designEllipticHalfBand } from './elliptic-halfband.js';
import { solveInPlace } from './linear-solve.js';

/**
 * Third-band low-pass as the sum of three all-pass branches, H(z) = 1/3 sum z^-k A_k(z^3), made minimax over
 * what folds onto the protected band, that is rate/3 +- protectEdge. No closed form is known, so:
 *
 * - start from the coefficients of an elliptic half-band of the same size, sorted and dealt round the branches
 *   (the optimum keeps this interlacing of poles);
 * - Levenberg-Marquardt on the complex error, in p = atanh(a) so that every section stays stable (|a| < 1);
 * - Lawson's reweighting towards the worst frequency until the ripples are level;
 * - widen the protected band step by step to the one asked for, each step starting from the last.
 *
 * (C. L. Lawson, "Contributions to the theory of linear least maximum approximation", 1961; M. Renfors,
 * T. Saramaeki, "Recursive Nth-band digital filters", IEEE Trans. CAS 34(1), 1987.)
 */
export interface ThirdBandCall {
  /** Sections in each of the three branches. */
  readonly sectionsPerBranch: number;
  /** Half width of the protected band as a fraction of the high rate, below 1/6. */
  readonly protectEdge: number;
}

const POINTS = 160;
const LAWSON_ROUNDS = 50;
/** On the way to the asked band the ripples need not be level yet. */
const LAWSON_ROUNDS_ON_THE_WAY = 8;
/** Half width of the band that the half-band's coefficients already serve well. */
const EASY_EDGE = 0.08;
const START_PASS_EDGE = 0.17;
/** Widest step of the continuation. */
const EDGE_STEP = 0.012;

/** Three lists of coefficients, branch 0 to 2. */
export function designThirdBand({ sectionsPerBranch, protectEdge }: ThirdBandCall): number[][] {
  const start = dealBranches(designEllipticHalfBand({ sections: 3 * sectionsPerBranch, passEdge: START_PASS_EDGE }), 3);
  let p = Float64Array.from(start.flat(), Math.atanh);
  const steps = Math.max(0, Math.ceil((protectEdge - EASY_EDGE) / EDGE_STEP));
  for (let step = 0; step < steps; step++) {
    p = minimax(p, sectionsPerBranch, EASY_EDGE + (step / steps) * (protectEdge - EASY_EDGE), LAWSON_ROUNDS_ON_THE_WAY);
  }
  p = minimax(p, sectionsPerBranch, protectEdge, LAWSON_ROUNDS);
  const flat = Array.from(p, Math.tanh);
  return [0, 1, 2].map((k) => flat.slice(k * sectionsPerBranch, (k + 1) * sectionsPerBranch));
}

/** The error at every frequency and its derivatives: rows of (re, im), columns of parameters. */
class ErrorGrid {
  readonly omega: Float64Array;
  readonly re = new Float64Array(POINTS);
  readonly im = new Float64Array(POINTS);
  readonly jacobian: Float64Array;
  private readonly sections: number;

  constructor(sectionsPerBranch: number, edge: number) {
    this.sections = sectionsPerBranch;
    this.jacobian = new Float64Array(POINTS * 2 * 3 * sectionsPerBranch);
    // Dense towards the edges, where the extremes of a minimax error crowd.
    this.omega = Float64Array.from({ length: POINTS }, (_, i) => {
      const u = Math.sin(-Math.PI / 2 + (Math.PI * i) / (POINTS - 1));
      return 2 * Math.PI * (1 / 3 + edge * u);
    });
  }

  /**
   * The section's phase at the low rate is -theta + 2 atan(a sin theta / (1 + a cos theta)), written with
   * theta = 3 omega; its derivative in a is 2 sin theta / (1 + 2 a cos theta + a^2). |A| is 1 throughout.
   */
  evaluate(p: Float64Array): number {
    const columns = p.length;
    let worst = 0;
    for (let i = 0; i < POINTS; i++) {
      const omega = this.omega[i] as number;
      const theta = 3 * omega;
      const sin = Math.sin(theta);
      const cos = Math.cos(theta);
      let re = 0;
      let im = 0;
      for (let k = 0; k < 3; k++) {
        let phase = -k * omega;
        for (let s = 0; s < this.sections; s++) {
          const a = Math.tanh(p[k * this.sections + s] as number);
          phase += -theta + 2 * Math.atan2(a * sin, 1 + a * cos);
        }
        const branchRe = Math.cos(phase) / 3;
        const branchIm = Math.sin(phase) / 3;
        re += branchRe;
        im += branchIm;
        for (let s = 0; s < this.sections; s++) {
          const a = Math.tanh(p[k * this.sections + s] as number);
          const slope = ((2 * sin) / (1 + 2 * a * cos + a * a)) * (1 - a * a);
          this.jacobian[2 * i * columns + k * this.sections + s] = -branchIm * slope;
          this.jacobian[(2 * i + 1) * columns + k * this.sections + s] = branchRe * slope;
        }
      }
      this.re[i] = re;
      this.im[i] = im;
      worst = Math.max(worst, Math.hypot(re, im));
    }
    return worst;
  }
}

function minimax(start: Float64Array<ArrayBuffer>, sectionsPerBranch: number, edge: number, rounds: number): Float64Array<ArrayBuffer> {
  const grid = new ErrorGrid(sectionsPerBranch, edge);
  const weights = new Float64Array(POINTS).fill(1);
  let p = start;
  let best = p;
  let bestWorst = Infinity;
  for (let round = 0; round < rounds; round++) {
    p = leastSquares(grid, weights, p);
    const worst = grid.evaluate(p);
    if (worst < bestWorst) {
      bestWorst = worst;
      best = p;
    }
    let sum = 0;
    for (let i = 0; i < POINTS; i++) {
      const error = Math.hypot(grid.re[i] as number, grid.im[i] as number);
      weights[i] = (weights[i] as number) * ((error / worst) ** 0.8 + 1e-4);
      sum += weights[i] as number;
    }
    for (let i = 0; i < POINTS; i++) weights[i] = ((weights[i] as number) * POINTS) / sum;
  }
  return best;
}

/** Levenberg-Marquardt on sum w |H|^2; the damping falls after a good step and rises after a bad one. */
function leastSquares(grid: ErrorGrid, weights: Float64Array, start: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const n = start.length;
  let p = start;
  let damping = 1e-6;
  let cost = weightedCost(grid, weights, p);
  for (let iteration = 0; iteration < 40; iteration++) {
    const normal = new Float64Array(n * n);
    const gradient = new Float64Array(n);
    grid.evaluate(p);
    accumulate(grid, weights, normal, gradient);
    for (let i = 0; i < n; i++) normal[i * n + i] = (normal[i * n + i] as number) * (1 + damping);
    const step = solveInPlace(normal, gradient);
    const next = p.map((value, i) => value - (step[i] as number));
    const nextCost = weightedCost(grid, weights, next);
    if (nextCost < cost) {
      const gained = (cost - nextCost) / cost;
      p = next;
      cost = nextCost;
      damping = Math.max(1e-12, damping / 10);
      if (gained < 1e-9) break;
    } else {
      damping *= 10;
      if (damping > 1e6) break;
    }
  }
  return p;
}

function weightedCost(grid: ErrorGrid, weights: Float64Array, p: Float64Array): number {
  grid.evaluate(p);
  let sum = 0;
  for (let i = 0; i < POINTS; i++) sum += (weights[i] as number) * ((grid.re[i] as number) ** 2 + (grid.im[i] as number) ** 2);
  return sum;
}

function accumulate(grid: ErrorGrid, weights: Float64Array, normal: Float64Array, gradient: Float64Array): void {
  const n = gradient.length;
  for (let row = 0; row < 2 * POINTS; row++) {
    const weight = weights[row >> 1] as number;
    const error = (row % 2 === 0 ? grid.re[row >> 1] : grid.im[row >> 1]) as number;
    for (let i = 0; i < n; i++) {
      const left = weight * (grid.jacobian[row * n + i] as number);
      gradient[i] = (gradient[i] as number) + left * error;
      for (let j = 0; j <= i; j++) normal[i * n + j] = (normal[i * n + j] as number) + left * (grid.jacobian[row * n + j] as number);
    }
  }
  for (let i = 0; i < n; i++) for (let j = i + 1; j < n; j++) normal[i * n + j] = normal[j * n + i] as number;
}
