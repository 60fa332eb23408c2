import { decide, gates } from './decoder';
import { conv1, conv2, conv3, conv4 } from './encoder';
import { spectrum } from './spectrum';

// Silero v6 as a whole. AssemblyScript; `node scripts/silero-wasm.mjs` turns it into net-wasm.ts. The suffix keeps
// TypeScript's tools away from it. All arguments are addresses of 16-byte aligned memory that the host lays out.

// Where the layers are in the weights, in bytes; packing.ts writes them in this order.
const CONV1: usize = 0;
const BIAS1: usize = CONV1 + 16 * 129 * 3 * 8 * 4;
const CONV2: usize = BIAS1 + 128 * 4;
const BIAS2: usize = CONV2 + 8 * 128 * 3 * 8 * 4;
const CONV3: usize = BIAS2 + 64 * 4;
const BIAS3: usize = CONV3 + 4 * 64 * 2 * 16 * 4;
const CONV4: usize = BIAS3 + 64 * 4;
const BIAS4: usize = CONV4 + 8 * 64 * 16 * 4;
const INPUT: usize = BIAS4 + 128 * 4;
const RECURRENT: usize = INPUT + 16 * 128 * 32 * 4;
const BIAS: usize = RECURRENT + 16 * 128 * 32 * 4;
const OUTPUT: usize = BIAS + 512 * 4;

// The same of the working memory; WORK_BYTES of engine.ts is the sum.
const TRANSFORM: usize = 0;
const SPECTRUM: usize = TRANSFORM + 128 * 32;
const MAPS1: usize = SPECTRUM + 129 * 16;
const MAPS2: usize = MAPS1 + 4 * 128 * 4;
const MAPS3: usize = MAPS2 + 2 * 64 * 4;
const FEATURES: usize = MAPS3 + 64 * 4;
const GATES: usize = FEATURES + 128 * 4;
const LIST: usize = GATES + 512 * 4;

/** What `state` contributes to the gates: 512 floats to `recurrent`. */
export function remember(weights: usize, state: usize, recurrent: usize, work: usize): void {
  gates(weights + RECURRENT, weights + BIAS, state, work + LIST, recurrent);
}

/**
 * The probability of speech in `samples`: context and window, 9 h / 2 floats of -1 to 1, with room for h / 2 more,
 * which become their mirror image. `h` is 128 at 16 kHz, 64 at 8 kHz; `tables` belong to it. `recurrent` is what
 * `remember` made of `state`, which moves on.
 */
export function run(samples: usize, tables: usize, h: usize, weights: usize, recurrent: usize, state: usize, work: usize): f32 {
  const end = samples + 18 * h;
  for (let i: usize = 0; i < 2 * h; i += 4) f32.store(end + i, f32.load(end - 8 - i));
  spectrum(samples, tables, h, work + TRANSFORM, work + SPECTRUM);
  conv1(weights + CONV1, weights + BIAS1, h + 1, work + SPECTRUM, work + MAPS1);
  conv2(weights + CONV2, weights + BIAS2, work + MAPS1, work + LIST, work + MAPS2);
  conv3(weights + CONV3, weights + BIAS3, work + MAPS2, work + MAPS3);
  conv4(weights + CONV4, weights + BIAS4, work + MAPS3, work + LIST, work + FEATURES);
  gates(weights + INPUT, recurrent, work + FEATURES, work + LIST, work + GATES);
  return decide(work + GATES, state, weights + OUTPUT);
}
