/**
 * Taps of a polyphase filter in the order in which they are used. The prototype h runs at `up` times the input
 * rate; phase p meets the samples newest first with h[p], h[p + up], h[p + 2 up], ...
 */
export interface FirBank {
  readonly up: number;
  readonly down: number;
  /** Taps per phase, a multiple of 4, so that the kernels need no remainder. */
  readonly taps: number;
  /** `up` rows of `taps`, oldest sample first: row p holds up * h[p + up * k] at taps - 1 - k. */
  readonly rows: Float64Array;
  /** Centre of the prototype in its own samples: group delay (linear phase) or its mean (minimum phase). */
  readonly delayAtUp: number;
}

/** Sorts a prototype of unit sum into its phases; each phase then has unit gain. */
export function polyphase(h: Float64Array, up: number, down: number, delayAtUp: number): FirBank {
  const taps = 4 * Math.ceil(h.length / up / 4);
  const rows = new Float64Array(up * taps);
  for (let i = 0; i < h.length; i++) rows[(i % up) * taps + taps - 1 - Math.floor(i / up)] = up * (h[i] as number);
  return { up, down, taps, rows, delayAtUp };
}

/**
 * Mean group delay in samples over `from`..`to` cycles per sample:
 * Re(sum n h[n] e^{-jwn} / sum h[n] e^{-jwn}).
 */
export function meanGroupDelay(h: Float64Array, from: number, to: number): number {
  const points = 64;
  let mean = 0;
  for (let i = 0; i < points; i++) {
    const omega = 2 * Math.PI * (from + ((i + 0.5) / points) * (to - from));
    let re = 0;
    let im = 0;
    let rampRe = 0;
    let rampIm = 0;
    for (let n = 0; n < h.length; n++) {
      const c = (h[n] as number) * Math.cos(omega * n);
      const s = (h[n] as number) * Math.sin(omega * n);
      re += c;
      im -= s;
      rampRe += n * c;
      rampIm -= n * s;
    }
    mean += (rampRe * re + rampIm * im) / (re * re + im * im);
  }
  return mean / points;
}
