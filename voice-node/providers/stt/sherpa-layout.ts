/** Files of a model's folder, and what is written into a model about itself. */
export interface ModelFolder {
  /** Names of the files, without folders. */
  readonly files: readonly string[];
  /** Whole path of a file. */
  path(name: string): string;
  /** The end of a model, where ONNX keeps its metadata: names and values as they are in the file. */
  metadata(name: string): string;
}

/** How sherpa-onnx-node is to be called: for a model that decodes while it is fed (online), or all at once. */
export interface SherpaModel {
  readonly kind: 'online' | 'offline';
  /** What the layout is called, for people. */
  readonly name: string;
  /** The rate the model hears at. */
  readonly rateHz: 8000 | 16000;
  /** The fields of `modelConfig`, besides tokens and threads. */
  readonly model: Readonly<Record<string, unknown>>;
  readonly tokens: string;
}

export const EXPECTED_LAYOUTS =
  'tokens.txt with encoder, decoder and joiner (transducer, streaming or not), encoder and decoder (whisper, streaming paraformer), ' +
  'preprocess, encode, uncached_decode and cached_decode (moonshine), or one model.onnx (zipformer, NeMo, Wenet or T-one CTC, paraformer, SenseVoice)';

/** Keys that only the exporters of streaming models write. */
const STREAMING = /decode_chunk_len|rnn_hidden_size|chunk_shift|window_size|cache_last_channel_dim1/;

/**
 * Recognises the common layouts of sherpa-onnx models by their files. Where both are there the 8-bit model is
 * taken: it is the one meant for CPUs. Undefined: none of them.
 */
export function recogniseLayout(folder: ModelFolder, language: string): SherpaModel | undefined {
  const find = (part: string): string | undefined => {
    const found = folder.files.filter((name) => name.endsWith('.onnx') && part.split('|').some((each) => name.toLowerCase().includes(each))).sort();
    return found.find((name) => name.endsWith('.int8.onnx')) ?? found[0];
  };
  const tokens = folder.files.filter((name) => name.endsWith('tokens.txt')).sort()[0];
  if (tokens === undefined) return undefined;
  const at = (name: string): string => folder.path(name);
  const whole = (kind: SherpaModel['kind'], name: string, model: SherpaModel['model'], rateHz: 8000 | 16000 = 16_000): SherpaModel => ({ kind, name, rateHz, model, tokens: at(tokens) });
  const [uncached, cached, preprocess] = [find('uncached_decode'), find('cached_decode'), find('preprocess')];
  const encoder = find('encode');
  if (preprocess !== undefined && encoder !== undefined && uncached !== undefined && cached !== undefined) {
    const cachedDecoder = folder.files.find((name) => name.startsWith('cached_decode') && name.endsWith(uncached.slice('uncached_decode'.length))) ?? cached;
    return whole('offline', 'moonshine', { moonshine: { preprocessor: at(preprocess), encoder: at(encoder), uncachedDecoder: at(uncached), cachedDecoder: at(cachedDecoder) } });
  }
  const [decoder, joiner] = [find('decoder'), find('joiner')];
  if (encoder !== undefined && decoder !== undefined) {
    if (joiner !== undefined) return transducer({ encoder: at(encoder), decoder: at(decoder), joiner: at(joiner) }, folder.metadata(encoder), whole);
    if (/lfr_window_size|decoder_kernel_size/.test(folder.metadata(encoder))) return whole('online', 'streaming paraformer', { paraformer: { encoder: at(encoder), decoder: at(decoder) } });
    // Only a model for several languages can be told which: the English ones say so in their names.
    const spoken = encoder.includes('.en-') ? 'en' : (language.split('-')[0] ?? 'en');
    return whole('offline', 'whisper', { whisper: { encoder: at(encoder), decoder: at(decoder), language: spoken, task: 'transcribe' } });
  }
  const single = find('model') ?? find('ctc');
  return single === undefined ? undefined : oneFile(at(single), folder.metadata(single), language, whole);
}

type Whole = (kind: SherpaModel['kind'], name: string, model: SherpaModel['model'], rateHz?: 8000 | 16000) => SherpaModel;

function transducer(files: object, metadata: string, whole: Whole): SherpaModel {
  if (STREAMING.test(metadata)) return whole('online', 'streaming transducer', { transducer: files });
  // NeMo's transducers say what they are; sherpa-onnx wants to be told.
  const isNemo = /EncDec|NeMo/i.test(metadata);
  return whole('offline', isNemo ? 'NeMo transducer' : 'transducer', { transducer: files, ...(isNemo ? { modelType: 'nemo_transducer' } : {}) });
}

function oneFile(model: string, metadata: string, language: string, whole: Whole): SherpaModel | undefined {
  if (/sense_voice/.test(metadata)) return whole('offline', 'SenseVoice', { senseVoice: { model, language: language.split('-')[0], useInverseTextNormalization: 1 } });
  if (/paraformer|lfr_window_size/.test(metadata)) return whole('offline', 'paraformer', { paraformer: { model } });
  if (/t-one|tone_ctc|frame_length_ms/.test(metadata)) return whole('online', 'T-one CTC', { toneCtc: { model } }, 8000);
  if (/cache_last_channel_dim1/.test(metadata)) return whole('online', 'streaming NeMo CTC', { nemoCtc: { model } });
  if (/EncDec|nemo/i.test(metadata)) return whole('offline', 'NeMo CTC', { nemoCtc: { model } });
  if (/wenet/i.test(metadata)) return whole('offline', 'Wenet CTC', { wenetCtc: { model } });
  if (STREAMING.test(metadata)) return whole('online', 'streaming zipformer CTC', { zipformer2Ctc: { model } });
  if (/zipformer/.test(metadata)) return whole('offline', 'zipformer CTC', { zipformerCtc: { model } });
  return undefined;
}
