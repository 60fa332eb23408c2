import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeOnnx, type Model } from './tiny-onnx.js';

/** Mel bins around 1 and 3 kHz, of 80: there the scales of Kaldi and of librosa (which NeMo models want) agree. */
const LOW = [24, 25, 26, 27, 28];
const HIGH = [51, 52, 53, 54, 55];
const BINS = 80;
const WORDS = 3;
/** In the logarithm of a filter's energy: above silence, below any tone that can be heard. */
const BLANK = -6;
const CHUNK = 8;
const SUBSAMPLING = 4;
const TOKENS = '▁low 0\n▁high 1\n<blk> 2\n';

/** Columns: "low" is the mean of its bins, "high" of its own; the blank is what neither reaches in silence. */
function weights(frames: number): number[] {
  const matrix = new Array<number>(frames * BINS * WORDS).fill(0);
  for (let frame = 0; frame < frames; frame++) {
    for (const [word, bins] of [LOW, HIGH].entries()) {
      for (const bin of bins) matrix[(frame * BINS + bin) * WORDS + word] = 1 / (bins.length * frames);
    }
  }
  return matrix;
}

/** A NeMo CTC model that says "low" to a tone of 1 kHz and "high" to one of 3 kHz. Not streaming. */
const offline: Model = {
  inputs: [
    { name: 'audio_signal', type: 'float', shape: ['N', BINS, 'T'] },
    { name: 'length', type: 'int64', shape: ['N'] },
  ],
  outputs: [{ name: 'logprobs', type: 'float', shape: ['N', 'S', WORDS] }],
  nodes: [
    // Over 90 ms: a tone switched on or off splashes over the whole spectrum.
    { op: 'AveragePool', inputs: ['audio_signal'], outputs: ['smooth'], ints: { kernel_shape: [9], strides: [SUBSAMPLING], pads: [4, 4] } },
    { op: 'Transpose', inputs: ['smooth'], outputs: ['frames'], ints: { perm: [0, 2, 1] } },
    { op: 'MatMul', inputs: ['frames', 'weights'], outputs: ['words'] },
    { op: 'Add', inputs: ['words', 'bias'], outputs: ['logprobs'] },
  ],
  constants: [
    { name: 'weights', shape: [BINS, WORDS], values: weights(1), type: 'float' },
    { name: 'bias', shape: [WORDS], values: [0, 0, BLANK], type: 'float' },
  ],
  metadata: { vocab_size: '2', subsampling_factor: String(SUBSAMPLING), normalize_type: '', model_type: 'EncDecCTCModelBPE', version: '1', model_author: 'tests' },
};

/** The same as a streaming model: 8 frames of 10 ms at a time, a word for every four, and caches it has no use for. */
const online: Model = {
  inputs: [
    { name: 'audio_signal', type: 'float', shape: [1, BINS, CHUNK] },
    { name: 'length', type: 'int64', shape: [1] },
    { name: 'cache_last_channel', type: 'float', shape: [1, 1, 1, 1] },
    { name: 'cache_last_time', type: 'float', shape: [1, 1, 1, 1] },
    { name: 'cache_last_channel_len', type: 'int64', shape: [1] },
  ],
  outputs: [
    { name: 'logprobs', type: 'float', shape: [1, CHUNK / SUBSAMPLING, WORDS] },
    { name: 'encoded_lengths', type: 'int64', shape: [1] },
    { name: 'cache_last_channel_next', type: 'float', shape: [1, 1, 1, 1] },
    { name: 'cache_last_time_next', type: 'float', shape: [1, 1, 1, 1] },
    { name: 'cache_last_channel_next_len', type: 'int64', shape: [1] },
  ],
  nodes: [
    { op: 'Transpose', inputs: ['audio_signal'], outputs: ['frames'], ints: { perm: [0, 2, 1] } },
    { op: 'Reshape', inputs: ['frames', 'stacked_shape'], outputs: ['stacked'] },
    { op: 'MatMul', inputs: ['stacked', 'weights'], outputs: ['words'] },
    { op: 'Add', inputs: ['words', 'bias'], outputs: ['logprobs'] },
    { op: 'Identity', inputs: ['length'], outputs: ['encoded_lengths'] },
    { op: 'Identity', inputs: ['cache_last_channel'], outputs: ['cache_last_channel_next'] },
    { op: 'Identity', inputs: ['cache_last_time'], outputs: ['cache_last_time_next'] },
    { op: 'Identity', inputs: ['cache_last_channel_len'], outputs: ['cache_last_channel_next_len'] },
  ],
  constants: [
    { name: 'stacked_shape', shape: [3], values: [1, CHUNK / SUBSAMPLING, SUBSAMPLING * BINS], type: 'int64' },
    { name: 'weights', shape: [SUBSAMPLING * BINS, WORDS], values: weights(SUBSAMPLING), type: 'float' },
    { name: 'bias', shape: [WORDS], values: [0, 0, BLANK], type: 'float' },
  ],
  metadata: {
    window_size: String(CHUNK), chunk_shift: String(CHUNK), subsampling_factor: String(SUBSAMPLING), vocab_size: '2',
    cache_last_channel_dim1: '1', cache_last_channel_dim2: '1', cache_last_channel_dim3: '1',
    cache_last_time_dim1: '1', cache_last_time_dim2: '1', cache_last_time_dim3: '1',
    normalize_type: '', model_type: 'EncDecHybridRNNTCTCBPEModel', version: '1', model_author: 'tests',
  },
};

/** A folder with a model that knows two tones. The caller removes it. */
export function toneModel(kind: 'online' | 'offline'): string {
  const folder = mkdtempSync(join(tmpdir(), 'voice-node-sherpa-'));
  writeFileSync(join(folder, 'model.onnx'), writeOnnx(kind === 'online' ? online : offline));
  writeFileSync(join(folder, 'tokens.txt'), TOKENS);
  return folder;
}
