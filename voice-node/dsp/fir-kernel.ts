/**
 * FIR over `branches` parallel streams, four outputs by two taps at a time: 8 multiplications for 4 loads, and
 * few enough values at once that all of them stay in the sixteen registers; four by four takes half as long
 * again. Output m is sum over b, k of h[row + b * taps + k] * x[b * stride + at + m + k] and goes to
 * y[from + m * step]; `taps` is even. The `| 0` tells the compiler that an index cannot overflow, which saves a
 * check on each.
 *
 * `count` is rounded up to a multiple of 4; the outputs beyond it are computed from whatever follows and are
 * not to be used. So every output, in the middle of a block or at its end, is summed in the same order, and
 * the way the input was cut changes no bit. `x` needs 4 samples of slack at its end and `y` 4 steps.
 */
export function firBlock(
  x: Float64Array,
  stride: number,
  at: number,
  h: Float64Array,
  row: number,
  taps: number,
  branches: number,
  y: Float64Array,
  from: number,
  step: number,
  count: number,
): void {
  let o = from;
  for (let m = 0; m < count; m += 4) {
    let s0 = 0;
    let s1 = 0;
    let s2 = 0;
    let s3 = 0;
    for (let b = 0; b < branches; b++) {
      // Three of the five samples that a step needs are those of the step before.
      let p = (b * stride + at + m + 3) | 0;
      let x0 = x[(p - 3) | 0] as number;
      let x1 = x[(p - 2) | 0] as number;
      let x2 = x[(p - 1) | 0] as number;
      const first = (row + b * taps) | 0;
      for (let k = first, end = (first + taps) | 0; k < end; k = (k + 2) | 0, p = (p + 2) | 0) {
        const h0 = h[k] as number;
        const h1 = h[(k + 1) | 0] as number;
        const x3 = x[p] as number;
        const x4 = x[(p + 1) | 0] as number;
        s0 += h0 * x0 + h1 * x1;
        s1 += h0 * x1 + h1 * x2;
        s2 += h0 * x2 + h1 * x3;
        s3 += h0 * x3 + h1 * x4;
        x0 = x2;
        x1 = x3;
        x2 = x4;
      }
    }
    y[o] = s0;
    y[o + step] = s1;
    y[o + 2 * step] = s2;
    y[o + 3 * step] = s3;
    o += 4 * step;
  }
}

/**
 * One output: the sum of `taps` products from h[row] and x[at], in four interleaved sums; `taps` is a
 * multiple of 4.
 */
export function firOne(x: Float64Array, at: number, h: Float64Array, row: number, taps: number): number {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let q = at | 0;
  for (let k = row | 0, end = (row + taps) | 0; k < end; k = (k + 4) | 0, q = (q + 4) | 0) {
    s0 += (h[k] as number) * (x[q] as number);
    s1 += (h[(k + 1) | 0] as number) * (x[(q + 1) | 0] as number);
    s2 += (h[(k + 2) | 0] as number) * (x[(q + 2) | 0] as number);
    s3 += (h[(k + 3) | 0] as number) * (x[(q + 3) | 0] as number);
  }
  return s0 + s1 + (s2 + s3);
}
