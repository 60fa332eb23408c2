import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { VoiceNodeError, messageOf } from '../../domain/errors.js';

interface Memory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

/** What of the global WebAssembly is used here: TypeScript declares it only together with a browser's DOM. */
declare const WebAssembly: {
  readonly Memory: new (options: { readonly initial: number }) => Memory;
  validate(bytes: Uint8Array): boolean;
  instantiate(bytes: Uint8Array, imports: object): Promise<{ readonly instance: { readonly exports: object } }>;
};

/** What of RNNoise's interface (rnnoise.h) the module exports, and its memory. Addresses are bytes; 0 means none. */
export interface RnnoiseWasm {
  readonly memory: Memory;
  /** To be called once, before anything else. */
  __wasm_call_ctors(): void;
  malloc(bytes: number): number;
  free(address: number): void;
  /** 480 for every version there is. */
  rnnoise_get_frame_size(): number;
  /** A new state with the built-in model (0). Returns 0 where memory is short. */
  rnnoise_create(model: number): number;
  rnnoise_destroy(state: number): void;
  /** Reads one frame of float32 in the range of int16 at `input`, writes one to `output`; returns the probability of a voice. */
  rnnoise_process_frame(state: number, output: number, input: number): number;
}

const PACKAGE = '@sapphi-red/web-noise-suppressor';
/** Where SIMD is missing the plain build does the same at a fifth more. */
const BUILDS = ['rnnoise_simd.wasm', 'rnnoise.wasm'] as const;
const FUNCTIONS = ['__wasm_call_ctors', 'malloc', 'free', 'rnnoise_get_frame_size', 'rnnoise_create', 'rnnoise_destroy', 'rnnoise_process_frame'] as const;
const PAGE_BYTES = 65_536;

/** RNNoise works in frames of 10 ms at 48 kHz; its window of 20 ms makes it one frame late. */
export const RNNOISE_RATE_HZ = 48_000;
export const RNNOISE_FRAME_SAMPLES = 480;

let loading: Promise<RnnoiseWasm> | undefined;

/**
 * RNNoise as the package's bare WebAssembly, without its code for browsers. Loaded once for the process, however
 * often it is asked for; a failure is not kept. Throws `denoise_failed`.
 */
export function loadRnnoise(): Promise<RnnoiseWasm> {
  loading ??= load().catch((error: unknown) => {
    loading = undefined;
    throw new VoiceNodeError('denoise_failed', `RNNoise: its WebAssembly could not be loaded: ${messageOf(error)}`, { cause: error });
  });
  return loading;
}

async function load(): Promise<RnnoiseWasm> {
  const { resolve } = createRequire(import.meta.url);
  for (const build of BUILDS) {
    const bytes = await readFile(resolve(`${PACKAGE}/${build}`));
    if (WebAssembly.validate(bytes)) return start(bytes);
  }
  throw new Error(`expected WebAssembly that this processor runs, got ${BUILDS.join(' and ')} of ${PACKAGE}`);
}

/** Makes the module run: what Emscripten's own loader would do for it. */
async function start(bytes: Uint8Array): Promise<RnnoiseWasm> {
  // Called once a frame: another view each time would be the only thing that a frame allocates.
  let bytesOf = new Uint8Array(0);
  const heap = (): Memory => (exports as RnnoiseWasm).memory;
  const env = {
    __assert_fail(): never {
      throw new Error('an assertion failed');
    },
    emscripten_memcpy_big(to: number, from: number, count: number): void {
      // A view whose memory has grown under it is empty.
      if (bytesOf.length === 0) bytesOf = new Uint8Array(heap().buffer);
      bytesOf.copyWithin(to, from, from + count);
    },
    emscripten_resize_heap(wantedBytes: number): number {
      try {
        heap().grow(Math.ceil((wantedBytes - heap().buffer.byteLength) / PAGE_BYTES));
        return 1;
      } catch {
        return 0;
      }
    },
  };
  const { exports } = (await WebAssembly.instantiate(bytes, { env })).instance;
  if (!isRnnoise(exports)) throw new Error(`expected the exports ${FUNCTIONS.join(', ')}, got ${Object.keys(exports).join(', ')}`);
  exports.__wasm_call_ctors();
  const frameSamples = exports.rnnoise_get_frame_size();
  if (frameSamples !== RNNOISE_FRAME_SAMPLES) throw new Error(`expected frames of ${RNNOISE_FRAME_SAMPLES} samples, got ${frameSamples}`);
  return exports;
}

const isRnnoise = (wasm: object): wasm is RnnoiseWasm =>
  'memory' in wasm && wasm.memory instanceof WebAssembly.Memory && FUNCTIONS.every((name) => typeof (wasm as Record<string, unknown>)[name] === 'function');
