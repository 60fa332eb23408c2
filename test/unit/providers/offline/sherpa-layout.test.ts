import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { ROOT } from '../../../../voice-node/config.js';
import { systemClock } from '../../../../voice-node/platform/clock.js';
import { recogniseLayout } from '../../../../voice-node/providers/stt/sherpa-layout.js';
import { Sherpa } from '../../../../voice-node/providers/stt/sherpa.js';
import { spokenFeed, writeDown } from '../../../support/speech-feed.js';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'voice-node-model-'));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

const open = (modelDir: string): Sherpa => new Sherpa({ modelDir, script: join(ROOT, 'sidecars/sherpa.mjs'), node: process.execPath, clock: systemClock });

/** Files of published models, by what is in their metadata. */
const LAYOUTS: readonly (readonly [string, readonly string[], string, object])[] = [
  ['streaming zipformer', ['encoder-epoch-99-avg-1-chunk-16-left-128.onnx', 'decoder-epoch-99-avg-1-chunk-16-left-128.onnx', 'joiner-epoch-99-avg-1-chunk-16-left-128.onnx', 'tokens.txt'], 'decode_chunk_len 32', { kind: 'online', name: 'streaming transducer' }],
  ['zipformer', ['encoder-epoch-30-avg-4.onnx', 'decoder-epoch-30-avg-4.onnx', 'joiner-epoch-30-avg-4.onnx', 'tokens.txt', 'bpe.model'], 'model_type zipformer2', { kind: 'offline', name: 'transducer' }],
  ['NeMo transducer', ['encoder.int8.onnx', 'decoder.int8.onnx', 'joiner.int8.onnx', 'tokens.txt'], 'model_type EncDecRNNTBPEModel', { kind: 'offline', name: 'NeMo transducer', model: { transducer: expect.anything() as object, modelType: 'nemo_transducer' } }],
  ['whisper', ['small-encoder.int8.onnx', 'small-encoder.onnx', 'small-decoder.int8.onnx', 'small-decoder.onnx', 'small-tokens.txt'], 'model_type whisper-small', { kind: 'offline', name: 'whisper', model: { whisper: { encoder: '/m/small-encoder.int8.onnx', decoder: '/m/small-decoder.int8.onnx', language: 'ru', task: 'transcribe' } } }],
  ['whisper, English', ['tiny.en-encoder.onnx', 'tiny.en-decoder.onnx', 'tiny.en-tokens.txt'], '', { model: { whisper: { encoder: '/m/tiny.en-encoder.onnx', decoder: '/m/tiny.en-decoder.onnx', language: 'en', task: 'transcribe' } } }],
  ['moonshine', ['preprocess.onnx', 'encode.int8.onnx', 'uncached_decode.int8.onnx', 'cached_decode.int8.onnx', 'tokens.txt'], '', { kind: 'offline', name: 'moonshine', model: { moonshine: { preprocessor: '/m/preprocess.onnx', encoder: '/m/encode.int8.onnx', uncachedDecoder: '/m/uncached_decode.int8.onnx', cachedDecoder: '/m/cached_decode.int8.onnx' } } }],
  ['streaming paraformer', ['encoder.int8.onnx', 'decoder.int8.onnx', 'tokens.txt'], 'lfr_window_size 7 decoder_kernel_size 11', { kind: 'online', name: 'streaming paraformer' }],
  ['paraformer', ['model.int8.onnx', 'tokens.txt'], 'model_type paraformer', { kind: 'offline', name: 'paraformer' }],
  ['SenseVoice', ['model.onnx', 'tokens.txt'], 'lfr_window_size 7 model_type sense_voice_ctc', { kind: 'offline', name: 'SenseVoice' }],
  ['NeMo CTC', ['model.onnx', 'tokens.txt'], 'model_type EncDecCTCModelBPE', { kind: 'offline', name: 'NeMo CTC' }],
  ['streaming NeMo CTC', ['model.onnx', 'tokens.txt'], 'cache_last_channel_dim1 17 EncDecHybridRNNTCTCBPEModel', { kind: 'online', name: 'streaming NeMo CTC' }],
  ['streaming zipformer CTC', ['ctc-epoch-20-avg-1-chunk-16-left-128.int8.onnx', 'tokens.txt', 'bpe.model'], 'model_type zipformer2 decode_chunk_len 32', { kind: 'online', name: 'streaming zipformer CTC' }],
  ['zipformer CTC', ['model.int8.onnx', 'tokens.txt'], 'model_type zipformer2_ctc', { kind: 'offline', name: 'zipformer CTC' }],
  ['Wenet CTC', ['model.onnx', 'tokens.txt'], 'model_type wenet_ctc', { kind: 'offline', name: 'Wenet CTC' }],
  ['T-one', ['model.onnx', 'tokens.txt'], 'model_type t-one', { kind: 'online', name: 'T-one CTC', rateHz: 8000 }],
];

describe('folders of sherpa-onnx models', () => {
  it.each(LAYOUTS)('%s', (_, files, metadata, expected) => {
    expect(recogniseLayout({ files, path: (name) => `/m/${name}`, metadata: () => metadata }, 'ru-RU')).toMatchObject(expected);
  });

  it('that are none say what was expected, and what came', () => {
    for (const [files, came] of [[{ 'model.onnx': '' }, 'model.onnx'], [{ 'tokens.txt': '' }, 'tokens.txt'], [{ 'tokens.txt': '', 'model.onnx': 'what is this' }, 'model.onnx, tokens.txt'], [{}, 'an empty folder']] as const) {
      expect(() => open(folderWith(files))).toThrow(new RegExp(`^sherpa: expected in model_dir.*tokens\\.txt with encoder, decoder and joiner.*; got ${came}$`));
    }
    expect(() => open('/nowhere/at/all')).toThrow(/got no folder \/nowhere\/at\/all$/);
  });
});

describe('a model that native code cannot read', () => {
  it('ends its own process and nothing else', async () => {
    const stt = open(folderWith({ 'tokens.txt': '<blk> 0\n', 'model.onnx': 'garbage EncDecCTCModelBPE' }));
    await expect(writeDown(stt, spokenFeed(new Int16Array(160), 8000))).rejects.toMatchObject({ code: 'provider_unreachable', message: expect.stringMatching(/^sherpa: expected a process that goes on, got /) as string });
    expect(stt.processes).toBe(0);
    stt.close();
  });
});
