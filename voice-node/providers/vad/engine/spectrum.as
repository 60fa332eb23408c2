import { add, mul, sub } from './simd';

// Magnitudes of four overlapping frames at once, a frame in each lane. A frame has 2 h samples and begins h after
// the one before. Its transform is that of h complex numbers (even samples real, odd ones imaginary), taken apart
// afterwards: Press et al., Numerical Recipes, "FFT of Real Functions".

const LANES: usize = 16; // bytes of a vector
const POINT: usize = 32; // bytes of a complex number: four real parts, four imaginary ones

/**
 * `samples`: 5 h floats. `tables`, as tables.ts writes them: window (2 h floats), cos and sin of 2 pi k / h (h / 2 each),
 * cos and sin of pi k / h (h each), places in bit-reversed order (h words). `work`: h complex vectors.
 * `out`: h + 1 vectors of magnitudes.
 */
export function spectrum(samples: usize, tables: usize, h: usize, work: usize, out: usize): void {
  const turns = tables + 8 * h;
  const splits = turns + 4 * h;
  const places = splits + 8 * h;
  load(samples, tables, places, h, work);
  transform(turns, h, work);
  magnitudes(splits, h, work, out);
}

function load(samples: usize, window: usize, places: usize, h: usize, work: usize): void {
  const hop = 4 * h;
  for (let n: usize = 0; n < h; n++) {
    const at = work + (<usize>load32(places + 4 * n)) * POINT;
    v128.store(at, mul(gather(samples, hop), v128.load32_splat(window)));
    v128.store(at, mul(gather(samples + 4, hop), v128.load32_splat(window + 4)), 16);
    samples += 8;
    window += 8;
  }
}

@inline function load32(at: usize): u32 { return i32.load(at); }

/** The same sample of all four frames. */
@inline function gather(at: usize, hop: usize): v128 {
  let v = v128.load32_zero(at);
  v = v128.load_lane<f32>(at + hop, v, 1);
  v = v128.load_lane<f32>(at + 2 * hop, v, 2);
  return v128.load_lane<f32>(at + 3 * hop, v, 3);
}

/** Radix 2, decimation in time, in place; the points lie in bit-reversed order. */
function transform(turns: usize, h: usize, work: usize): void {
  const end = work + h * POINT;
  const sines = turns + 2 * h;
  // The first pass turns by nothing.
  for (let a = work; a < end; a += 2 * POINT) {
    const ar = v128.load(a), ai = v128.load(a, 16), br = v128.load(a, 32), bi = v128.load(a, 48);
    v128.store(a, add(ar, br));
    v128.store(a, add(ai, bi), 16);
    v128.store(a, sub(ar, br), 32);
    v128.store(a, sub(ai, bi), 48);
  }
  for (let span: usize = 2 * POINT, step: usize = 2 * h; span < h * POINT; span <<= 1) {
    step >>= 1; // bytes from one turn to the next: a circle of 4 h bytes in 2 span / POINT steps
    for (let j: usize = 0, turn: usize = 0; j < span; j += POINT, turn += step) {
      const c = v128.load32_splat(turns + turn);
      const s = v128.load32_splat(sines + turn);
      for (let a = work + j; a < end; a += 2 * span) {
        const b = a + span;
        const br = v128.load(b), bi = v128.load(b, 16), ar = v128.load(a), ai = v128.load(a, 16);
        const re = add(mul(br, c), mul(bi, s));
        const im = sub(mul(bi, c), mul(br, s));
        v128.store(a, add(ar, re));
        v128.store(a, add(ai, im), 16);
        v128.store(b, sub(ar, re));
        v128.store(b, sub(ai, im), 16);
      }
    }
  }
}

/** X[k] = E + e^(-i pi k / h) O, with E and O the transforms of the even and the odd samples. */
function magnitudes(splits: usize, h: usize, work: usize, out: usize): void {
  const first = v128.load(work), odd = v128.load(work, 16);
  v128.store(out, f32x4.abs(add(first, odd)));
  v128.store(out + h * LANES, f32x4.abs(sub(first, odd)));
  const half = f32x4.splat(0.5);
  for (let k: usize = 1; k < h; k++) {
    const a = work + k * POINT, b = work + (h - k) * POINT;
    const ar = v128.load(a), ai = v128.load(a, 16), br = v128.load(b), bi = v128.load(b, 16);
    const c = mul(half, v128.load32_splat(splits + 4 * k));
    const s = mul(half, v128.load32_splat(splits + 4 * h + 4 * k));
    const sumI = add(ai, bi), lessR = sub(br, ar);
    const re = add(mul(half, add(ar, br)), add(mul(c, sumI), mul(s, lessR)));
    const im = add(mul(half, sub(ai, bi)), sub(mul(c, lessR), mul(s, sumI)));
    v128.store(out + k * LANES, f32x4.sqrt(add(mul(re, re), mul(im, im))));
  }
}
