import { ANTI_DENORMAL_BIAS } from './stage.js';

/** Inner loops of the third-band stages with 3 sections a branch; see halfband-kernels.ts for the form. */

const THIRD = 1 / 3;

/** Three branches of 3 sections: `groups` groups of three in, one sample out for each. */
export function thirdBandDecimate(
  input: Float64Array, from: number, groups: number,
  output: Float64Array, at: number,
  a: Float64Array, s: Float64Array,
): void {
  const a1 = a[0] as number, a2 = a[1] as number, a3 = a[2] as number;
  const b1 = a[3] as number, b2 = a[4] as number, b3 = a[5] as number;
  const c1 = a[6] as number, c2 = a[7] as number, c3 = a[8] as number;
  let p0 = s[0] as number, p1 = s[1] as number, p2 = s[2] as number, p3 = s[3] as number;
  let q0 = s[4] as number, q1 = s[5] as number, q2 = s[6] as number, q3 = s[7] as number;
  let r0 = s[8] as number, r1 = s[9] as number, r2 = s[10] as number, r3 = s[11] as number;
  const bias = ANTI_DENORMAL_BIAS;
  let o = at;
  for (let i = from, end = from + 3 * groups; i < end; i += 3) {
    const u0 = (input[i + 2] as number) + bias;
    const u1 = a1 * (u0 - p1) + p0;
    const u2 = a2 * (u1 - p2) + p1;
    const u3 = a3 * (u2 - p3) + p2;
    p0 = u0; p1 = u1; p2 = u2; p3 = u3;
    const v0 = (input[i + 1] as number) + bias;
    const v1 = b1 * (v0 - q1) + q0;
    const v2 = b2 * (v1 - q2) + q1;
    const v3 = b3 * (v2 - q3) + q2;
    q0 = v0; q1 = v1; q2 = v2; q3 = v3;
    const w0 = (input[i] as number) + bias;
    const w1 = c1 * (w0 - r1) + r0;
    const w2 = c2 * (w1 - r2) + r1;
    const w3 = c3 * (w2 - r3) + r2;
    r0 = w0; r1 = w1; r2 = w2; r3 = w3;
    output[o++] = (u3 + v3 + w3) * THIRD;
  }
  s[0] = p0; s[1] = p1; s[2] = p2; s[3] = p3;
  s[4] = q0; s[5] = q1; s[6] = q2; s[7] = q3;
  s[8] = r0; s[9] = r1; s[10] = r2; s[11] = r3;
}

/** Three branches of 3 sections: three samples out for each one in. */
export function thirdBandInterpolate(
  input: Float64Array, from: number, count: number,
  output: Float64Array, at: number,
  a: Float64Array, s: Float64Array,
): void {
  const a1 = a[0] as number, a2 = a[1] as number, a3 = a[2] as number;
  const b1 = a[3] as number, b2 = a[4] as number, b3 = a[5] as number;
  const c1 = a[6] as number, c2 = a[7] as number, c3 = a[8] as number;
  let p0 = s[0] as number, p1 = s[1] as number, p2 = s[2] as number, p3 = s[3] as number;
  let q0 = s[4] as number, q1 = s[5] as number, q2 = s[6] as number, q3 = s[7] as number;
  let r0 = s[8] as number, r1 = s[9] as number, r2 = s[10] as number, r3 = s[11] as number;
  const bias = ANTI_DENORMAL_BIAS;
  let o = at;
  for (let i = from, end = from + count; i < end; i++, o += 3) {
    const x = (input[i] as number) + bias;
    const u1 = a1 * (x - p1) + p0;
    const u2 = a2 * (u1 - p2) + p1;
    const u3 = a3 * (u2 - p3) + p2;
    p0 = x; p1 = u1; p2 = u2; p3 = u3;
    const v1 = b1 * (x - q1) + q0;
    const v2 = b2 * (v1 - q2) + q1;
    const v3 = b3 * (v2 - q3) + q2;
    q0 = x; q1 = v1; q2 = v2; q3 = v3;
    const w1 = c1 * (x - r1) + r0;
    const w2 = c2 * (w1 - r2) + r1;
    const w3 = c3 * (w2 - r3) + r2;
    r0 = x; r1 = w1; r2 = w2; r3 = w3;
    output[o] = u3;
    output[o + 1] = v3;
    output[o + 2] = w3;
  }
  s[0] = p0; s[1] = p1; s[2] = p2; s[3] = p3;
  s[4] = q0; s[5] = q1; s[6] = q2; s[7] = q3;
  s[8] = r0; s[9] = r1; s[10] = r2; s[11] = r3;
}
