import { ANTI_DENORMAL_BIAS } from './stage.js';

/**
 * The inner loops of the all-pass stages, written out: every coefficient and every state is a local variable,
 * which the compiler keeps in registers or on the stack, and the branches stand side by side, so that the
 * processor works on all of them while each waits for its own recursion. Five times faster than loops over
 * sections. All take and give Float64Array only, so that each is compiled once, for one type.
 *
 * One section is y = a (x - y1) + x1. Neighbours share their delays: the state behind section i is both its
 * y1 and the x1 of section i + 1, so a branch of n sections has n + 1 states. `a` holds the coefficients
 * branch by branch, `s` the states. Decimators take the newest sample of a group into branch 0.
 */

/** Two branches of 4 sections: `groups` pairs in, one sample out for each. */
export function halfBandDecimate(
  input: Float64Array, from: number, groups: number,
  output: Float64Array, at: number,
  a: Float64Array, s: Float64Array,
): void {
  const a1 = a[0] as number, a2 = a[1] as number, a3 = a[2] as number, a4 = a[3] as number;
  const b1 = a[4] as number, b2 = a[5] as number, b3 = a[6] as number, b4 = a[7] as number;
  let p0 = s[0] as number, p1 = s[1] as number, p2 = s[2] as number, p3 = s[3] as number, p4 = s[4] as number;
  let q0 = s[5] as number, q1 = s[6] as number, q2 = s[7] as number, q3 = s[8] as number, q4 = s[9] as number;
  const bias = ANTI_DENORMAL_BIAS;
  let o = at;
  for (let i = from, end = from + 2 * groups; i < end; i += 2) {
    const u0 = (input[i + 1] as number) + bias;
    const u1 = a1 * (u0 - p1) + p0;
    const u2 = a2 * (u1 - p2) + p1;
    const u3 = a3 * (u2 - p3) + p2;
    const u4 = a4 * (u3 - p4) + p3;
    p0 = u0; p1 = u1; p2 = u2; p3 = u3; p4 = u4;
    const v0 = (input[i] as number) + bias;
    const v1 = b1 * (v0 - q1) + q0;
    const v2 = b2 * (v1 - q2) + q1;
    const v3 = b3 * (v2 - q3) + q2;
    const v4 = b4 * (v3 - q4) + q3;
    q0 = v0; q1 = v1; q2 = v2; q3 = v3; q4 = v4;
    output[o++] = (u4 + v4) * 0.5;
  }
  s[0] = p0; s[1] = p1; s[2] = p2; s[3] = p3; s[4] = p4;
  s[5] = q0; s[6] = q1; s[7] = q2; s[8] = q3; s[9] = q4;
}

/** Two branches of 4 sections: two samples out for each one in. */
export function halfBandInterpolate(
  input: Float64Array, from: number, count: number,
  output: Float64Array, at: number,
  a: Float64Array, s: Float64Array,
): void {
  const a1 = a[0] as number, a2 = a[1] as number, a3 = a[2] as number, a4 = a[3] as number;
  const b1 = a[4] as number, b2 = a[5] as number, b3 = a[6] as number, b4 = a[7] as number;
  let p0 = s[0] as number, p1 = s[1] as number, p2 = s[2] as number, p3 = s[3] as number, p4 = s[4] as number;
  let q0 = s[5] as number, q1 = s[6] as number, q2 = s[7] as number, q3 = s[8] as number, q4 = s[9] as number;
  const bias = ANTI_DENORMAL_BIAS;
  let o = at;
  for (let i = from, end = from + count; i < end; i++, o += 2) {
    const x = (input[i] as number) + bias;
    const u1 = a1 * (x - p1) + p0;
    const u2 = a2 * (u1 - p2) + p1;
    const u3 = a3 * (u2 - p3) + p2;
    const u4 = a4 * (u3 - p4) + p3;
    p0 = x; p1 = u1; p2 = u2; p3 = u3; p4 = u4;
    const v1 = b1 * (x - q1) + q0;
    const v2 = b2 * (v1 - q2) + q1;
    const v3 = b3 * (v2 - q3) + q2;
    const v4 = b4 * (v3 - q4) + q3;
    q0 = x; q1 = v1; q2 = v2; q3 = v3; q4 = v4;
    output[o] = u4;
    output[o + 1] = v4;
  }
  s[0] = p0; s[1] = p1; s[2] = p2; s[3] = p3; s[4] = p4;
  s[5] = q0; s[6] = q1; s[7] = q2; s[8] = q3; s[9] = q4;
}
