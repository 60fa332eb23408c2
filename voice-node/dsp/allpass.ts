import { ANTI_DENORMAL_BIAS, type Stage } from './stage.js';

/**
 * Sum of all-pass branches: H(z) = 1/M sum_k z^-k A_k(z^M), each A_k a chain of first-order sections
 * A(z) = (a + z^-1) / (1 + a z^-1), that is y[n] = a (x[n] - y[n-1]) + x[n-1], all at the low rate.
 * In the pass band the branches agree and add up; in the stop band they cancel.
 * (P. A. Regalia, S. K. Mitra, P. P. Vaidyanathan, "The digital all-pass filter", Proc. IEEE 76(1), 1988.)
 */
abstract class AllpassSum {
  protected readonly branches: readonly Float64Array[];
  protected readonly states: readonly Float64Array[];

  constructor(branches: readonly (readonly number[])[]) {
    this.branches = branches.map((branch) => Float64Array.from(branch));
    this.states = branches.map((branch) => new Float64Array(branch.length + 1).fill(ANTI_DENORMAL_BIAS));
  }

  protected clearStates(): void {
    for (const state of this.states) state.fill(ANTI_DENORMAL_BIAS);
  }

  /** Mean group delay of H in samples of the high rate. The branches' mean is the sum's phase slope. */
  protected meanDelaySamples(highHz: number, fromHz: number, toHz: number): number {
    const points = 256;
    const m = this.branches.length;
    let sum = 0;
    for (let i = 0; i < points; i++) {
      const omega = (2 * Math.PI * m * (fromHz + ((i + 0.5) / points) * (toHz - fromHz))) / highHz;
      for (const [k, branch] of this.branches.entries()) {
        sum += k;
        for (const a of branch) sum += (m * (1 - a * a)) / (1 + a * a + 2 * a * Math.cos(omega));
      }
    }
    return sum / (points * m);
  }
}

function runBranch(a: Float64Array, state: Float64Array, input: number): number {
  let x = input;
  const sections = a.length;
  for (let i = 0; i < sections; i++) {
    const y = (a[i] as number) * (x - (state[i + 1] as number)) + (state[i] as number);
    state[i] = x;
    x = y;
  }
  state[sections] = x;
  return x;
}

/** Keeps every M-th sample, M = number of branches. Emits as soon as the group of M is complete. */
export class AllpassDecimator extends AllpassSum implements Stage {
  readonly up = 1;
  readonly down: number;
  private readonly group: Float64Array;
  private filled = 0;

  constructor(branches: readonly (readonly number[])[]) {
    super(branches);
    this.down = branches.length;
    this.group = new Float64Array(branches.length);
  }

  delaySeconds(inputHz: number, fromHz: number, toHz: number): number {
    return (this.meanDelaySamples(inputHz, fromHz, toHz) - (this.down - 1)) / inputHz;
  }

  process(input: Float64Array, count: number, output: Float64Array): number {
    const m = this.down;
    let written = 0;
    for (let i = 0; i < count; i++) {
      this.group[this.filled++] = input[i] as number;
      if (this.filled < m) continue;
      this.filled = 0;
      let sum = 0;
      for (let k = 0; k < m; k++) {
        sum += runBranch(this.branches[k] as Float64Array, this.states[k] as Float64Array, this.group[m - 1 - k] as number);
      }
      output[written++] = sum / m;
    }
    return written;
  }

  reset(): void {
    this.clearStates();
    this.filled = 0;
  }
}

/** Writes M samples for each one: branch k gives phase k. */
export class AllpassInterpolator extends AllpassSum implements Stage {
  readonly up: number;
  readonly down = 1;

  constructor(branches: readonly (readonly number[])[]) {
    super(branches);
    this.up = branches.length;
  }

  delaySeconds(inputHz: number, fromHz: number, toHz: number): number {
    return this.meanDelaySamples(inputHz * this.up, fromHz, toHz) / (inputHz * this.up);
  }

  process(input: Float64Array, count: number, output: Float64Array): number {
    const m = this.up;
    let written = 0;
    for (let i = 0; i < count; i++) {
      const x = input[i] as number;
      for (let k = 0; k < m; k++) {
        output[written++] = runBranch(this.branches[k] as Float64Array, this.states[k] as Float64Array, x);
      }
    }
    return written;
  }

  reset(): void {
    this.clearStates();
  }
}
