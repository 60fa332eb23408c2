import { ANTI_DENORMAL_BIAS, HEADROOM, type Stage } from './stage.js';

/** Coefficients of a sum of all-pass branches; all branches have the same number of sections. */
export type AllpassBranches = readonly (readonly number[])[];

/** Inner loop: `groups` groups of input from index `from`, output from index `at`; see halfband-kernels.ts. */
export type AllpassKernel = (
  input: Float64Array,
  from: number,
  groups: number,
  output: Float64Array,
  at: number,
  a: Float64Array,
  s: Float64Array,
) => void;

/**
 * Sum of all-pass branches: H(z) = 1/M sum_k z^-k A_k(z^M), each A_k a chain of first-order sections
 * A(z) = (a + z^-1) / (1 + a z^-1), that is y[n] = a (x[n] - y[n-1]) + x[n-1], all at the low rate.
 * In the pass band the branches agree and add up to 1; in the stop band they cancel. Where the stop band is
 * -120 dB, what is lost of the pass band is 1 - |H|^2 of that order: it is flat to a millionth of a decibel.
 * (P. A. Regalia, S. K. Mitra, P. P. Vaidyanathan, "The digital all-pass filter", Proc. IEEE 76(1), 1988.)
 */
abstract class AllpassSum {
  protected readonly coefficients: Float64Array;
  protected readonly states: Float64Array;
  private readonly branches: AllpassBranches;

  constructor(branches: AllpassBranches) {
    this.branches = branches;
    this.coefficients = Float64Array.from(branches.flat());
    this.states = new Float64Array(this.coefficients.length + branches.length).fill(ANTI_DENORMAL_BIAS);
  }

  /**
   * Mean group delay of H in samples of the high rate. A section delays by (1 - a^2) / (1 + a^2 + 2 a cos w)
   * of its own samples; where the branches agree, the phase of their sum is the mean of their phases.
   */
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

  reset(): void {
    this.states.fill(ANTI_DENORMAL_BIAS);
  }
}

/** Keeps every M-th sample, M = number of branches. Emits as soon as the group of M is complete. */
export class AllpassDecimator extends AllpassSum implements Stage {
  readonly up = 1;
  readonly down: number;
  private readonly kernel: AllpassKernel;
  private readonly leftover: Float64Array;
  private waiting = 0;

  constructor(branches: AllpassBranches, kernel: AllpassKernel) {
    super(branches);
    this.kernel = kernel;
    this.down = branches.length;
    this.leftover = new Float64Array(branches.length);
  }

  delaySeconds(inputHz: number, fromHz: number, toHz: number): number {
    return (this.meanDelaySamples(inputHz, fromHz, toHz) - (this.down - 1)) / inputHz;
  }

  process(input: Float64Array, count: number, output: Float64Array): number {
    const { down, leftover } = this;
    const from = HEADROOM - this.waiting;
    for (let i = 0; i < this.waiting; i++) input[from + i] = leftover[i] as number;
    const available = this.waiting + count;
    const groups = Math.floor(available / down);
    this.kernel(input, from, groups, output, HEADROOM, this.coefficients, this.states);
    this.waiting = available - groups * down;
    const rest = from + groups * down;
    for (let i = 0; i < this.waiting; i++) leftover[i] = input[rest + i] as number;
    return groups;
  }

  override reset(): void {
    super.reset();
    this.waiting = 0;
  }
}

/** Writes M samples for each one: branch k gives phase k. */
export class AllpassInterpolator extends AllpassSum implements Stage {
  readonly up: number;
  readonly down = 1;
  private readonly kernel: AllpassKernel;

  constructor(branches: AllpassBranches, kernel: AllpassKernel) {
    super(branches);
    this.kernel = kernel;
    this.up = branches.length;
  }

  delaySeconds(inputHz: number, fromHz: number, toHz: number): number {
    return this.meanDelaySamples(inputHz * this.up, fromHz, toHz) / (inputHz * this.up);
  }

  process(input: Float64Array, count: number, output: Float64Array): number {
    this.kernel(input, HEADROOM, count, output, HEADROOM, this.coefficients, this.states);
    return count * this.up;
  }
}
