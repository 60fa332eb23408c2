import { VoiceNodeError } from '../domain/errors.js';

const RADICES = [4, 2, 3, 5];

interface Stage {
  readonly radix: number;
  /** How many butterflies, and how many transforms side by side. */
  readonly count: number;
  readonly stride: number;
  /** exp(-2 pi i p k / (radix * count)), at p * radix + k. */
  readonly cos: Float64Array;
  readonly sin: Float64Array;
}

/**
 * Fourier transform of complex signals of any length made of the factors 2, 3 and 5: X[k] = sum x[n] exp(-2 pi i k n / N).
 * Stockham's form of the mixed-radix algorithm, which needs no reordering (C. Van Loan, Computational Frameworks for the
 * Fast Fourier Transform, 1992, 1.7). Allocates nothing after construction. An instance is not re-entrant.
 */
export class MixedFft {
  readonly size: number;
  readonly #stages: readonly Stage[];
  /** exp(-2 pi i j k / radix) for each radix in use, at j * radix + k. */
  readonly #roots = new Map<number, { readonly cos: Float64Array; readonly sin: Float64Array }>();
  #re: Float64Array;
  #im: Float64Array;
  #nextRe: Float64Array;
  #nextIm: Float64Array;

  /** Throws `argument_invalid` for a length with other factors, or above 65536. */
  constructor(size: number) {
    const factors = factorsOf(size);
    if (factors === undefined) throw new VoiceNodeError('argument_invalid', `expected a length of the factors 2, 3 and 5, 2 to 65536, got ${size}`);
    this.size = size;
    let rest = size;
    let stride = 1;
    this.#stages = factors.map((radix) => {
      const count = rest / radix;
      const stage = { radix, count, stride, ...turns(count, radix, rest) };
      this.#roots.set(radix, turns(radix, radix, radix));
      rest = count;
      stride *= radix;
      return stage;
    });
    this.#re = new Float64Array(size);
    this.#im = new Float64Array(size);
    this.#nextRe = new Float64Array(size);
    this.#nextIm = new Float64Array(size);
  }

  /** Transforms `re` + i `im` in place; both `size` long. */
  transform(re: Float64Array, im: Float64Array): void {
    this.#re.set(re);
    this.#im.set(im);
    for (const stage of this.#stages) {
      this.#pass(stage);
      [this.#re, this.#nextRe] = [this.#nextRe, this.#re];
      [this.#im, this.#nextIm] = [this.#nextIm, this.#im];
    }
    re.set(this.#re);
    im.set(this.#im);
  }

  #pass({ radix, count, stride, cos, sin }: Stage): void {
    const roots = this.#roots.get(radix) as { cos: Float64Array; sin: Float64Array };
    const re = this.#re;
    const im = this.#im;
    for (let p = 0; p < count; p++) {
      for (let k = 0; k < radix; k++) {
        const turnRe = cos[p * radix + k] as number;
        const turnIm = sin[p * radix + k] as number;
        for (let q = 0; q < stride; q++) {
          let sumRe = 0;
          let sumIm = 0;
          for (let j = 0; j < radix; j++) {
            const at = q + stride * (p + count * j);
            const c = roots.cos[j * radix + k] as number;
            const s = roots.sin[j * radix + k] as number;
            sumRe += (re[at] as number) * c - (im[at] as number) * s;
            sumIm += (re[at] as number) * s + (im[at] as number) * c;
          }
          const to = q + stride * (radix * p + k);
          this.#nextRe[to] = sumRe * turnRe - sumIm * turnIm;
          this.#nextIm[to] = sumRe * turnIm + sumIm * turnRe;
        }
      }
    }
  }
}

/** exp(-2 pi i a b / of) for a below `rows` and b below `columns`. */
function turns(rows: number, columns: number, of: number): { readonly cos: Float64Array; readonly sin: Float64Array } {
  const angle = (i: number): number => (-2 * Math.PI * ((Math.floor(i / columns) * (i % columns)) % of)) / of;
  return {
    cos: Float64Array.from({ length: rows * columns }, (_, i) => Math.cos(angle(i))),
    sin: Float64Array.from({ length: rows * columns }, (_, i) => Math.sin(angle(i))),
  };
}

function factorsOf(size: number): number[] | undefined {
  if (!Number.isInteger(size) || size < 2 || size > 65_536) return undefined;
  const factors: number[] = [];
  let rest = size;
  for (const radix of RADICES) {
    while (rest % radix === 0) {
      factors.push(radix);
      rest /= radix;
    }
  }
  return rest === 1 ? factors : undefined;
}
