import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Tensor } from 'onnxruntime-node';
import type { Binding } from 'onnxruntime-node/dist/binding.js';
import { VoiceNodeError, messageOf } from '../../domain/errors.js';

/**
 * Silero v6.2. Other versions of the file load and run just as well and are far worse on a telephone, so the
 * weights are pinned.
 */
export const SILERO_SHA256 = '1a153a22f4509e292a94e67d6f9b85e8deb25b4988682b7e174c65279d8788e3';

/** The rate of the branch of the net that is used, whatever the call's rate: its 8 kHz branch is far worse. */
export const NET_RATE_HZ = 16_000;
/** New samples per run. Other lengths are accepted by the graph and answered wrongly. */
export const WINDOW_SAMPLES = 512;
/** Samples before the window that the net expects in front of it; without them it is deaf, without an error. */
export const CONTEXT_SAMPLES = 64;
export const NET_INPUT_SAMPLES = CONTEXT_SAMPLES + WINDOW_SAMPLES;
const STATE_SHAPE = [2, 1, 128];
const STATE_FLOATS = 256;

/** The net's memory of one call. Two tensors that take turns, so that a run neither copies nor overwrites it. */
export class NetState {
  current: Tensor;
  next: Tensor;

  constructor(current: Tensor, next: Tensor) {
    this.current = current;
    this.next = next;
  }

  set(values: Float32Array): void {
    (this.current.data as Float32Array).set(values);
  }

  swap(): void {
    const was = this.current;
    this.current = this.next;
    this.next = was;
  }
}

/**
 * One ONNX Runtime session, shared by all calls of the process: the state of a call is a tensor of its own.
 * Runs are synchronous. The package's promise API does the same native call behind a setImmediate, so it
 * blocks the loop just as long and costs more.
 */
export class SileroNet {
  /** Where the context and the window go, floats of -1 to 1, before `run`. */
  readonly input = new Float32Array(NET_INPUT_SAMPLES);
  private readonly session: Binding.InferenceSession;
  private readonly newTensor: (data: Float32Array, shape: readonly number[]) => Tensor;
  private readonly feeds: Record<string, Tensor>;
  private readonly fetches: Record<string, Tensor>;
  private readonly options = {};
  private readonly probability = new Float32Array(1);
  private readonly scratch: Tensor;

  constructor(session: Binding.InferenceSession, tensorOf: typeof Tensor) {
    this.session = session;
    this.newTensor = (data, shape) => new tensorOf('float32', data, shape);
    this.scratch = this.newTensor(new Float32Array(STATE_FLOATS), STATE_SHAPE);
    this.feeds = {
      input: this.newTensor(this.input, [1, NET_INPUT_SAMPLES]),
      state: this.scratch,
      sr: new tensorOf('int64', BigInt64Array.of(BigInt(NET_RATE_HZ)), []),
    };
    this.fetches = { output: this.newTensor(this.probability, [1, 1]), stateN: this.scratch };
  }

  /** A memory of nothing: all zeros, the state the net was trained to begin with. */
  newState(): NetState {
    return new NetState(
      this.newTensor(new Float32Array(STATE_FLOATS), STATE_SHAPE),
      this.newTensor(new Float32Array(STATE_FLOATS), STATE_SHAPE),
    );
  }

  /** The probability of speech in `input`. With `commit` the state moves on, otherwise it stays as it is. */
  run(state: NetState, commit: boolean): number {
    this.feeds['state'] = state.current;
    this.fetches['stateN'] = commit ? state.next : this.scratch;
    this.session.run(this.feeds, this.fetches, this.options);
    if (commit) state.swap();
    const p = this.probability[0] ?? NaN;
    if (!(p >= 0 && p <= 1)) throw new VoiceNodeError('vad_failed', `Silero VAD: expected a probability of 0 to 1, got ${p}`);
    return p;
  }

  close(): void {
    this.session.dispose();
  }
}

/** The file inside the installed package. */
function packagedModelPath(): string {
  try {
    return createRequire(import.meta.url).resolve('@ricky0123/vad-web/dist/silero_vad_v6.onnx');
  } catch (error) {
    throw new VoiceNodeError('vad_failed', `Silero VAD: the package @ricky0123/vad-web is not installed: ${messageOf(error)}`, { cause: error });
  }
}

/** Reads the weights and refuses any but the pinned ones. */
function readModel(path: string): Uint8Array {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new VoiceNodeError('vad_failed', `Silero VAD: cannot read the model ${path}: ${messageOf(error)}`, { cause: error });
  }
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (sha256 !== SILERO_SHA256) {
    throw new VoiceNodeError(
      'vad_failed',
      `Silero VAD: ${path} is not the v6.2 model: expected sha256 ${SILERO_SHA256}, got ${sha256}`,
    );
  }
  return bytes;
}

/** Loads the model, by default the packaged one. Throws `vad_failed` where file, weights or runtime are not right. */
export async function loadNet(modelPath?: string): Promise<SileroNet> {
  const bytes = readModel(modelPath ?? packagedModelPath());
  try {
    // Only loaded when wanted: the native library takes 35 MB.
    const [{ binding, initOrt }, { Tensor }] = await Promise.all([
      import('onnxruntime-node/dist/binding.js'),
      import('onnxruntime-node'),
    ]);
    initOrt();
    const session = new binding.InferenceSession();
    // One thread: more of them cost twice the CPU on a net this small. The arena made no measurable
    // difference in time (under 3 %) and about 1 MB in memory; it is off so that memory is given back.
    session.loadModel(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength, {
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      graphOptimizationLevel: 'all',
      enableCpuMemArena: false,
      logSeverityLevel: 3,
    });
    return new SileroNet(session, Tensor);
  } catch (error) {
    throw new VoiceNodeError('vad_failed', `Silero VAD: ONNX Runtime could not load the model: ${messageOf(error)}`, { cause: error });
  }
}
