import { add, mul, relu } from './simd';

// The four convolutions, three taps each, zero padding of one frame, followed by max(0, x). Frames: 4, 4, 2, 1, 1.
// Lanes are output channels; an input value is spread over all of them. Weights lie in the order they are read in
// (packing.ts), so that a pass over a layer is one pass through memory. Products of one input channel are summed up
// before they reach the accumulator: as many additions, a third of the chain. Much of what max(0, x) leaves is zero: a
// third of the first layer's channels in all frames, two thirds of the last one's. What is zero is not multiplied.

/** Input channels the first layer's weights are packed for; at 8 kHz only the lower 65 of them exist. */
const BINS: usize = 129;

/**
 * `bins` x 4 frames -> 128 x 4, weights [16][129][3][8]. `bins`: 129, or fewer where the rest is silent.
 * In: [bin][frame]. Out: [frame][channel].
 */
export function conv1(weights: usize, bias: usize, bins: usize, input: usize, out: usize): void {
  const end = input + 16 * bins;
  const skip = 96 * (BINS - bins);
  for (const last = out + 512; out < last; out += 32) {
    let p0 = v128.load(bias), p1 = p0, p2 = p0, p3 = p0;
    let q0 = v128.load(bias, 16), q1 = q0, q2 = q0, q3 = q0;
    for (let at = input; at < end; at += 16) {
      const f0 = v128.load32_splat(at), f1 = v128.load32_splat(at, 4), f2 = v128.load32_splat(at, 8), f3 = v128.load32_splat(at, 12);
      let before = v128.load(weights), now = v128.load(weights, 32), after = v128.load(weights, 64);
      p0 = add(p0, add(mul(now, f0), mul(after, f1)));
      p1 = add(p1, add(add(mul(before, f0), mul(now, f1)), mul(after, f2)));
      p2 = add(p2, add(add(mul(before, f1), mul(now, f2)), mul(after, f3)));
      p3 = add(p3, add(mul(before, f2), mul(now, f3)));
      before = v128.load(weights, 16);
      now = v128.load(weights, 48);
      after = v128.load(weights, 80);
      q0 = add(q0, add(mul(now, f0), mul(after, f1)));
      q1 = add(q1, add(add(mul(before, f0), mul(now, f1)), mul(after, f2)));
      q2 = add(q2, add(add(mul(before, f1), mul(now, f2)), mul(after, f3)));
      q3 = add(q3, add(mul(before, f2), mul(now, f3)));
      weights += 96;
    }
    v128.store(out, relu(p0));
    v128.store(out, relu(q0), 16);
    v128.store(out, relu(p1), 512);
    v128.store(out, relu(q1), 528);
    v128.store(out, relu(p2), 1024);
    v128.store(out, relu(q2), 1040);
    v128.store(out, relu(p3), 1536);
    v128.store(out, relu(q3), 1552);
    weights += skip;
    bias += 32;
  }
}

/** Writes the byte offsets of those of `count` floats that are not zero to `list`; returns the end of the list. */
export function nonzero(input: usize, count: usize, list: usize): usize {
  for (let at: usize = 0; at < 4 * count; at += 4) {
    i32.store(list, <i32>at);
    list += f32.load(input + at) != 0 ? 4 : 0;
  }
  return list;
}

/** The same for 128 channels, none below zero, of which any of four frames is not zero. */
function nonzeroFrames(input: usize, list: usize): usize {
  for (let at: usize = 0; at < 512; at += 4) {
    const f = input + at;
    i32.store(list, <i32>at);
    list += f32.load(f) + f32.load(f, 512) + f32.load(f, 1024) + f32.load(f, 1536) != 0 ? 4 : 0;
  }
  return list;
}

/** 128 x 4 frames -> 64 x 2, stride 2, weights [8][128][3][8]. In and out: [frame][channel]. `list`: room for 129 words. */
export function conv2(weights: usize, bias: usize, input: usize, list: usize, out: usize): void {
  const end = nonzeroFrames(input, list);
  for (const last = out + 256; out < last; out += 32) {
    let p0 = v128.load(bias), p1 = p0, q0 = v128.load(bias, 16), q1 = q0;
    for (let next = list; next < end; next += 4) {
      const offset: usize = i32.load(next);
      const at = input + offset, w = weights + 24 * offset;
      const f0 = v128.load32_splat(at), f1 = v128.load32_splat(at, 512), f2 = v128.load32_splat(at, 1024), f3 = v128.load32_splat(at, 1536);
      let now = v128.load(w, 32), after = v128.load(w, 64);
      p0 = add(p0, add(mul(now, f0), mul(after, f1)));
      p1 = add(p1, add(add(mul(v128.load(w), f1), mul(now, f2)), mul(after, f3)));
      now = v128.load(w, 48);
      after = v128.load(w, 80);
      q0 = add(q0, add(mul(now, f0), mul(after, f1)));
      q1 = add(q1, add(add(mul(v128.load(w, 16), f1), mul(now, f2)), mul(after, f3)));
    }
    v128.store(out, relu(p0));
    v128.store(out, relu(q0), 16);
    v128.store(out, relu(p1), 256);
    v128.store(out, relu(q1), 272);
    bias += 32;
    weights += 128 * 96;
  }
}

/** 64 x 2 frames -> 64 x 1, stride 2: the first tap only meets the padding. Weights [4][64][2][16]. */
export function conv3(weights: usize, bias: usize, input: usize, out: usize): void {
  for (const last = out + 256; out < last; out += 64) {
    let p = v128.load(bias), q = v128.load(bias, 16), r = v128.load(bias, 32), s = v128.load(bias, 48);
    for (let at = input; at < input + 256; at += 4) {
      const f0 = v128.load32_splat(at), f1 = v128.load32_splat(at, 256);
      p = add(p, add(mul(v128.load(weights), f0), mul(v128.load(weights, 64), f1)));
      q = add(q, add(mul(v128.load(weights, 16), f0), mul(v128.load(weights, 80), f1)));
      r = add(r, add(mul(v128.load(weights, 32), f0), mul(v128.load(weights, 96), f1)));
      s = add(s, add(mul(v128.load(weights, 48), f0), mul(v128.load(weights, 112), f1)));
      weights += 128;
    }
    v128.store(out, relu(p));
    v128.store(out, relu(q), 16);
    v128.store(out, relu(r), 32);
    v128.store(out, relu(s), 48);
    bias += 64;
  }
}

/** 64 x 1 frame -> 128 x 1: only the middle tap meets anything. Weights [8][64][16]. `list`: room for 65 words. */
export function conv4(weights: usize, bias: usize, input: usize, list: usize, out: usize): void {
  const end = nonzero(input, 64, list);
  for (const last = out + 512; out < last; out += 64) {
    let p = v128.load(bias), q = v128.load(bias, 16), r = v128.load(bias, 32), s = v128.load(bias, 48);
    for (let next = list; next < end; next += 4) {
      const offset: usize = i32.load(next);
      const w = weights + 16 * offset;
      const f = v128.load32_splat(input + offset);
      p = add(p, mul(v128.load(w), f));
      q = add(q, mul(v128.load(w, 16), f));
      r = add(r, mul(v128.load(w, 32), f));
      s = add(s, mul(v128.load(w, 48), f));
    }
    v128.store(out, relu(p));
    v128.store(out, relu(q), 16);
    v128.store(out, relu(r), 32);
    v128.store(out, relu(s), 48);
    bias += 64;
    weights += 64 * 64;
  }
}
