/**
 * FIR over `branches` parallel streams, four outputs at a time: 16 multiplications for 11 loads, all sums in
 * registers. Output m is sum over b, k of h[b * taps + k] * x[b * stride + at + m + k].
 *
 * `count` is rounded up to a multiple of 4; the outputs beyond it are computed from whatever follows and are
 * not to be used. So every output, in the middle of a block or at its end, is summed in the same order, and
 * the way the input was cut changes no bit. `x` and `y` need 4 samples of slack at their ends.
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
  count: number,
): void {
  for (let m = 0; m < count; m += 4) {
    let s0 = 0;
    let s1 = 0;
    let s2 = 0;
    let s3 = 0;
    for (let b = 0; b < branches; b++) {
      let p = b * stride + at + m;
      const first = row + b * taps;
      for (let k = first, end = first + taps; k < end; k += 4, p += 4) {
        const h0 = h[k] as number;
        const h1 = h[k + 1] as number;
        const h2 = h[k + 2] as number;
        const h3 = h[k + 3] as number;
        const x1 = x[p + 1] as number;
        const x2 = x[p + 2] as number;
        const x3 = x[p + 3] as number;
        const x4 = x[p + 4] as number;
        const x5 = x[p + 5] as number;
        s0 += h0 * (x[p] as number) + h1 * x1 + h2 * x2 + h3 * x3;
        s1 += h0 * x1 + h1 * x2 + h2 * x3 + h3 * x4;
        s2 += h0 * x2 + h1 * x3 + h2 * x4 + h3 * x5;
        s3 += h0 * x3 + h1 * x4 + h2 * x5 + h3 * (x[p + 6] as number);
      }
    }
    y[m] = s0;
    y[m + 1] = s1;
    y[m + 2] = s2;
    y[m + 3] = s3;
  }
}

/**
 * One output: the sum of `taps` products from h[row] and x[at], in four interleaved sums. The `| 0` tells the
 * compiler that the indices cannot overflow, which saves a check on each and a quarter of the time.
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
