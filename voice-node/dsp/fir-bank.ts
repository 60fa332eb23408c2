/**
 * Taps of a polyphase filter in the order in which they are used. The prototype h runs at `up` times the input
 * rate; phase p meets the samples newest first with h[p], h[p + up], h[p + 2 up], ...
 */
export interface FirBank {
  readonly up: number;
  readonly down: number;
  /** Taps per phase, a multiple of what the kernel takes at a time: 2 where it works in blocks, 4 where it does not. */
  readonly taps: number;
  /** `up` rows of `taps`, oldest sample first: row p holds up * h[p + up * k] at taps - 1 - k. */
  readonly rows: Float64Array;
  /** Group delay of the prototype in its own samples: its centre, as all of them are symmetric. */
  readonly delayAtUp: number;
}

/** Sorts a prototype of unit sum into its phases; each phase then has unit gain. */
export function polyphase(h: Float64Array, up: number, down: number, delayAtUp: number): FirBank {
  const unit = down === 1 ? 2 : 4;
  const taps = unit * Math.ceil(h.length / up / unit);
  const rows = new Float64Array(up * taps);
  for (let i = 0; i < h.length; i++) rows[(i % up) * taps + taps - 1 - Math.floor(i / up)] = up * (h[i] as number);
  return { up, down, taps, rows, delayAtUp };
}
