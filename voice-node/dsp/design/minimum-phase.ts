/**
 * The minimum-phase filter with the same magnitude: the shortest delay a causal filter of that magnitude can
 * have. By the real cepstrum: the logarithm of the magnitude, its cepstrum folded onto positive quefrencies,
 * and back. Zeros inside the unit circle stay, those outside are reflected, so the length does not grow.
 * (A. V. Oppenheim, R. W. Schafer, "Discrete-Time Signal Processing", 3rd ed., section 13.5.)
 */
export function minimumPhase(taps: Float64Array): Float64Array {
  const size = 2 ** Math.ceil(Math.log2(taps.length * 512));
  const re = new Float64Array(size);
  const im = new Float64Array(size);
  re.set(taps);
  transform(re, im, 1);
  // A stop band with zeros on the circle has a logarithm of minus infinity; a floor at -170 dB bounds it.
  for (let i = 0; i < size; i++) {
    re[i] = 0.5 * Math.log((re[i] as number) ** 2 + (im[i] as number) ** 2 + 1e-17);
    im[i] = 0;
  }
  transform(re, im, -1);
  for (let i = 1; i < size / 2; i++) {
    re[i] = 2 * (re[i] as number);
    re[size - i] = 0;
  }
  im.fill(0);
  transform(re, im, 1);
  for (let i = 0; i < size; i++) {
    const magnitude = Math.exp(re[i] as number);
    re[i] = magnitude * Math.cos(im[i] as number);
    im[i] = magnitude * Math.sin(im[i] as number);
  }
  transform(re, im, -1);
  return re.slice(0, taps.length);
}

/** Radix-2 FFT in place, `direction` 1 forward, -1 inverse (scaled). Length a power of two. */
export function transform(re: Float64Array, im: Float64Array, direction: 1 | -1): void {
  const n = re.length;
  for (let i = 1, j = 0; i < n; i++) {
    let bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) {
      [re[i], re[j]] = [re[j] as number, re[i] as number];
      [im[i], im[j]] = [im[j] as number, im[i] as number];
    }
  }
  const cos = Float64Array.from({ length: n / 2 }, (_, i) => Math.cos((2 * Math.PI * i) / n));
  const sin = Float64Array.from({ length: n / 2 }, (_, i) => -direction * Math.sin((2 * Math.PI * i) / n));
  for (let length = 2; length <= n; length *= 2) butterflies(re, im, cos, sin, length);
  if (direction === -1) {
    for (let i = 0; i < n; i++) {
      re[i] = (re[i] as number) / n;
      im[i] = (im[i] as number) / n;
    }
  }
}

function butterflies(re: Float64Array, im: Float64Array, cos: Float64Array, sin: Float64Array, length: number): void {
  const half = length / 2;
  const stride = re.length / length;
  for (let block = 0; block < re.length; block += length) {
    for (let k = 0; k < half; k++) {
      const c = cos[k * stride] as number;
      const s = sin[k * stride] as number;
      const a = block + k;
      const b = a + half;
      const tr = (re[b] as number) * c - (im[b] as number) * s;
      const ti = (re[b] as number) * s + (im[b] as number) * c;
      re[b] = (re[a] as number) - tr;
      im[b] = (im[a] as number) - ti;
      re[a] = (re[a] as number) + tr;
      im[a] = (im[a] as number) + ti;
    }
  }
}
