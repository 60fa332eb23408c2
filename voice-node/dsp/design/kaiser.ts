/**
 * Modified Bessel function I0 by its power series, sum ((x/2)^k / k!)^2 (Abramowitz & Stegun 9.6.12).
 * The terms are all positive, so the series is exact to rounding for any x used here.
 */
export function besselI0(x: number): number {
  const quarter = (x * x) / 4;
  let term = 1;
  let sum = 1;
  for (let k = 1; term > sum * 1e-17; k++) {
    term *= quarter / (k * k);
    sum += term;
  }
  return sum;
}

/** Kaiser's beta for a stop band `attenuationDb` down (J. F. Kaiser, Proc. ISCAS 1974; valid above 50 dB). */
export const kaiserBeta = (attenuationDb: number): number => 0.1102 * (attenuationDb - 8.7);

/** Number of taps for a transition of `width` cycles per sample (Kaiser 1974): (A - 7.95) / (14.36 width) + 1. */
export const kaiserTaps = (attenuationDb: number, width: number): number => Math.ceil((attenuationDb - 7.95) / (14.36 * width)) + 1;

/** Low-pass of `taps` taps: sinc cut at `cutoff` cycles per sample under a Kaiser window; sum of taps 1. */
export function kaiserLowpass(taps: number, cutoff: number, attenuationDb: number): Float64Array {
  const beta = kaiserBeta(attenuationDb);
  const scale = 1 / besselI0(beta);
  const centre = (taps - 1) / 2;
  const h = new Float64Array(taps);
  let sum = 0;
  for (let i = 0; i < taps; i++) {
    const t = i - centre;
    const sinc = t === 0 ? 2 * cutoff : Math.sin(2 * Math.PI * cutoff * t) / (Math.PI * t);
    const u = t / (centre || 1);
    h[i] = sinc * besselI0(beta * Math.sqrt(Math.max(0, 1 - u * u))) * scale;
    sum += h[i] as number;
  }
  for (let i = 0; i < taps; i++) h[i] = (h[i] as number) / sum;
  return h;
}
