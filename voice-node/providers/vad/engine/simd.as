// Four floats at a time. WebAssembly's baseline SIMD has no fused multiply-add, so a product is rounded before it is added.

@inline export function mul(a: v128, b: v128): v128 { return f32x4.mul(a, b); }
@inline export function add(a: v128, b: v128): v128 { return f32x4.add(a, b); }
@inline export function sub(a: v128, b: v128): v128 { return f32x4.sub(a, b); }
@inline export function relu(a: v128): v128 { return f32x4.max(a, f32x4.splat(0)); }

// Where e^x is 1e38 or nearly 0: far outside of what sigmoid and tanh can tell apart.
const EXP_LIMIT: f32 = 87;
const LOG2_E: f32 = 1.4426950408889634;

/** e^x = 2^n 2^r with n the nearest whole number to x log2(e) and |r| <= 1/2; 2^r by its Taylor series, 2e-8 off at most. */
@inline export function exp(x: v128): v128 {
  const clamped = f32x4.max(f32x4.min(x, f32x4.splat(EXP_LIMIT)), f32x4.splat(-EXP_LIMIT));
  const t = mul(clamped, f32x4.splat(LOG2_E));
  const n = f32x4.nearest(t);
  const r = sub(t, n);
  // ln(2)^k / k!, k = 7 to 0.
  let p = f32x4.splat(1.5252733804e-5);
  p = add(f32x4.splat(1.5403530393e-4), mul(p, r));
  p = add(f32x4.splat(1.3333558146e-3), mul(p, r));
  p = add(f32x4.splat(9.6181291076e-3), mul(p, r));
  p = add(f32x4.splat(5.5504108665e-2), mul(p, r));
  p = add(f32x4.splat(2.4022650696e-1), mul(p, r));
  p = add(f32x4.splat(6.9314718056e-1), mul(p, r));
  p = add(f32x4.splat(1), mul(p, r));
  // 2^n as a float: the biased exponent alone.
  const power = i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(n), i32x4.splat(127)), 23);
  return mul(p, power);
}

@inline export function sigmoid(x: v128): v128 {
  const one = f32x4.splat(1);
  return f32x4.div(one, add(one, exp(f32x4.neg(x))));
}

@inline export function tanh(x: v128): v128 {
  const one = f32x4.splat(1);
  const e = exp(mul(x, f32x4.splat(-2)));
  return f32x4.div(sub(one, e), add(one, e));
}
