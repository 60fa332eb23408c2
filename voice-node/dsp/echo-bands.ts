/** Bark-like: about a critical band each from 200 Hz on, where speech is and where a telephone line begins. */
const EDGES_HZ = [200, 300, 400, 510, 630, 770, 920, 1080, 1270, 1480, 1720, 2000, 2320, 2700, 3150, 3650, 4400, 5300, 6400, 7700];

/** Where the bands of a spectrum begin and end, in bins: band b is bins edge[b] up to edge[b + 1]. */
export class EchoBands {
  readonly count: number;
  readonly edges: Uint16Array;

  /** Bands that lie below half of `rateHz`, for transforms of `size` samples. */
  constructor(rateHz: number, size: number) {
    const hz = EDGES_HZ.filter((edge) => edge < rateHz / 2);
    this.edges = Uint16Array.from(hz, (edge) => Math.round((edge * size) / rateHz));
    this.count = hz.length - 1;
  }

  /** Energy of each band of a spectrum (|X|^2 summed, times `scale`), to `out` from `at`. */
  measure(re: ArrayLike<number>, im: ArrayLike<number>, from: number, scale: number, out: Float64Array, at: number): void {
    const { count, edges } = this;
    for (let b = 0; b < count; b++) {
      const end = from + (edges[b + 1] as number);
      let sum = 0;
      for (let k = from + (edges[b] as number); k < end; k++) {
        const x = re[k] as number;
        const y = im[k] as number;
        sum += x * x + y * y;
      }
      out[at + b] = sum * scale;
    }
  }
}
