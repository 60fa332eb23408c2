import { closeSync, fstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../domain/clock.js';
import { ProviderError } from '../../domain/provider.js';
import type { SpeechToText, TranscribeRequest, Transcript } from '../../domain/stt.js';
import { createResampler } from '../../dsp/resampler.js';
import { WorkerPool, type PoolOptions } from '../process/pool.js';
import { transcripts, type Shape } from '../process/transcripts.js';
import { EXPECTED_LAYOUTS, recogniseLayout, type ModelFolder, type SherpaModel } from './sherpa-layout.js';

export interface SherpaOptions extends Pick<PoolOptions, 'maxWorkers' | 'maxWaiting' | 'lingerMs'> {
  /** Folder with the model's files, as sherpa-onnx publishes them. Whole path. */
  readonly modelDir: string;
  /** BCP 47: for models of several languages (whisper, SenseVoice). Default en-US. */
  readonly language?: string | undefined;
  /** sidecars/sherpa.mjs. */
  readonly script: string;
  readonly clock: Clock;
  /** Threads of one utterance, 1 to 16. Default 1. */
  readonly threads?: number;
  /** The Node to run it with: `process.execPath`. */
  readonly node: string;
}

/** Metadata is the last field of an ONNX file; whatever the model's size, it is in here. */
const METADATA_BYTES = 65_536;

/**
 * Speech to text on this machine with a model of the user's own: sherpa-onnx in side processes, so that a fault in
 * native code costs one utterance. Any language the model knows; partial results where it is a streaming one.
 */
export class Sherpa implements SpeechToText {
  readonly vendor = 'sherpa';
  /** What was found in the folder. */
  readonly model: SherpaModel;
  readonly #pool: WorkerPool;

  /** Reads the folder, not the models. Throws `provider_rejected` that says what was expected where there is none. */
  constructor({ modelDir, language = 'en-US', script, node, threads = 1, ...options }: SherpaOptions) {
    this.model = findModel(modelDir, language);
    const { kind, rateHz, model, tokens } = this.model;
    const config = { featConfig: { sampleRate: rateHz, featureDim: 80 }, modelConfig: { ...model, tokens, numThreads: threads, provider: 'cpu', debug: 0 }, decodingMethod: 'greedy_search' };
    const program = { command: node, args: [script, JSON.stringify({ kind, rateHz, config })], remedy: 'install the package sherpa-onnx-node' };
    this.#pool = new WorkerPool({ vendor: this.vendor, program, ...options });
  }

  /** Starts a process ahead of the first utterance: loading a model can take seconds. */
  warm(): void {
    this.#pool.warm();
  }

  /** Processes that run. */
  get processes(): number {
    return this.#pool.size;
  }

  transcribe(request: TranscribeRequest): AsyncIterable<Transcript> {
    return transcripts(this.vendor, this.#pool, request, {}, shapeTo(request.speech.rateHz, this.model.rateHz));
  }

  close(): void {
    this.#pool.close();
  }
}

function shapeTo(fromHz: number, toHz: number): Shape {
  if (fromHz === toHz) return (samples) => samples;
  const resampler = createResampler({ fromHz, toHz });
  return (samples) => resampler.process(samples);
}

function findModel(modelDir: string, language: string): SherpaModel {
  const wrong = (came: string): ProviderError => new ProviderError('provider_rejected', `sherpa: expected in model_dir a model of sherpa-onnx: ${EXPECTED_LAYOUTS}; got ${came}`);
  let files: string[];
  try {
    files = readdirSync(modelDir);
  } catch {
    throw wrong(`no folder ${modelDir}`);
  }
  const folder: ModelFolder = { files, path: (name) => join(modelDir, name), metadata: (name) => endOf(join(modelDir, name)) };
  const model = recogniseLayout(folder, language);
  if (model === undefined) throw wrong(files.length === 0 ? 'an empty folder' : files.sort().slice(0, 12).join(', '));
  return model;
}

function endOf(file: string): string {
  const handle = openSync(file, 'r');
  try {
    const bytes = Buffer.alloc(METADATA_BYTES);
    const from = Math.max(0, fstatSync(handle).size - METADATA_BYTES);
    return bytes.toString('latin1', 0, readSync(handle, bytes, 0, METADATA_BYTES, from));
  } finally {
    closeSync(handle);
  }
}
