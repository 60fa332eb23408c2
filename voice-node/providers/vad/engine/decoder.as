import { nonzero } from './encoder';
import { add, mul, relu, sigmoid, tanh } from './simd';

// The LSTM (128 units; gates in PyTorch's order: input, forget, cell, output) and the output unit on top of it.

/**
 * out = start + W x: 128 inputs, 512 outputs, weights [16][128][32]. What the state contributes does not change until
 * the state does, so it is worked out apart from what the sound contributes. `list`: room for 129 words.
 */
export function gates(weights: usize, start: usize, input: usize, list: usize, out: usize): void {
  const end = nonzero(input, 128, list);
  for (const last = out + 2048; out < last; out += 128) {
    let a = v128.load(start), b = v128.load(start, 16), c = v128.load(start, 32), d = v128.load(start, 48);
    let e = v128.load(start, 64), f = v128.load(start, 80), g = v128.load(start, 96), h = v128.load(start, 112);
    for (let next = list; next < end; next += 4) {
      const offset: usize = i32.load(next);
      const w = weights + 32 * offset;
      const x = v128.load32_splat(input + offset);
      a = add(a, mul(v128.load(w), x));
      b = add(b, mul(v128.load(w, 16), x));
      c = add(c, mul(v128.load(w, 32), x));
      d = add(d, mul(v128.load(w, 48), x));
      e = add(e, mul(v128.load(w, 64), x));
      f = add(f, mul(v128.load(w, 80), x));
      g = add(g, mul(v128.load(w, 96), x));
      h = add(h, mul(v128.load(w, 112), x));
    }
    v128.store(out, a);
    v128.store(out, b, 16);
    v128.store(out, c, 32);
    v128.store(out, d, 48);
    v128.store(out, e, 64);
    v128.store(out, f, 80);
    v128.store(out, g, 96);
    v128.store(out, h, 112);
    start += 128;
    weights += 128 * 128;
  }
}

/**
 * c' = f c + i g, h' = o tanh(c'), p = sigmoid(w max(0, h') + b). `state`: h (128 floats), then c; replaced.
 * `output`: 128 weights, then the bias.
 */
export function decide(gates: usize, state: usize, output: usize): f32 {
  let sum = f32x4.splat(0);
  for (const last = gates + 512; gates < last; gates += 16) {
    const i = sigmoid(v128.load(gates)), f = sigmoid(v128.load(gates, 512));
    const g = tanh(v128.load(gates, 1024)), o = sigmoid(v128.load(gates, 1536));
    const c = add(mul(f, v128.load(state, 512)), mul(i, g));
    const h = mul(o, tanh(c));
    v128.store(state, c, 512);
    v128.store(state, h);
    sum = add(sum, mul(relu(h), v128.load(output)));
    state += 16;
    output += 16;
  }
  const y = f32x4.extract_lane(sum, 0) + f32x4.extract_lane(sum, 1) + f32x4.extract_lane(sum, 2) + f32x4.extract_lane(sum, 3) + f32.load(output);
  return f32x4.extract_lane(sigmoid(f32x4.splat(y)), 0);
}
