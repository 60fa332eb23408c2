import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { ROOT } from '../../voice-node/config.js';
import { createResampler } from '../../voice-node/dsp/resampler.js';
import type { Stream } from '../speech-set/format.js';
import { SET_RATE_HZ } from '../speech-set/format.js';
import { OnnxNet } from '../vad/onnx-net.js';

const CACHE = join(ROOT, '.cache/hearing-scores');

/** How a net that is not ours makes its windows' probabilities of a stream at 8 kHz. */
export interface StockNet {
  /** Names the cache: whatever changes the scores changes it. */
  readonly name: string;
  readonly windowMs: number;
  run(samples: Int16Array): Float32Array | Promise<Float32Array>;
}

/** The scores of a net on a stream, kept on disk for the next run, by what the stream sounds like. */
export async function stockScores(net: StockNet, samples: Int16Array, stream: Stream): Promise<Float32Array> {
  const print = createHash('sha256').update(new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength)).digest('hex').slice(0, 16);
  const file = join(CACHE, net.name, `${stream.name}-${print}.f32`);
  if (existsSync(file)) {
    const bytes = readFileSync(file);
    return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  }
  const scores = await net.run(samples);
  mkdirSync(dirname(file), { recursive: true });
  // Whole or not at all: a run may be interrupted.
  writeFileSync(`${file}.part`, new Uint8Array(scores.buffer, scores.byteOffset, scores.byteLength));
  renameSync(`${file}.part`, file);
  return scores;
}

/** Telephone audio at the rate that the nets want, as the floats they want. */
export function upsampled(samples: Int16Array): Float32Array {
  const resampler = createResampler({ fromHz: SET_RATE_HZ, toHz: 16_000 });
  return Float32Array.from(resampler.process(samples), (x) => x / 32768);
}

/** Silero v6.2 as its makers run it, in ONNX Runtime: 32 ms windows with their context, never reset, no gate. */
export class StockSilero implements StockNet {
  readonly name = 'silero-v6.2-16k';
  readonly windowMs = 32;
  private readonly net = new OnnxNet();

  run(samples: Int16Array): Float32Array {
    const { net } = this;
    const { windowSamples, contextSamples, input } = net;
    const audio = upsampled(samples);
    const out = new Float32Array(Math.floor(audio.length / windowSamples));
    const state = net.newState();
    input.fill(0);
    for (let w = 0; w < out.length; w++) {
      input.copyWithin(0, windowSamples);
      input.set(audio.subarray(w * windowSamples, (w + 1) * windowSamples), contextSamples);
      out[w] = net.run(state, true);
    }
    return out;
  }
}
