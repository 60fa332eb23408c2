import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Tensor } from 'onnxruntime-node';
import { binding, initOrt, type Binding } from 'onnxruntime-node/dist/binding.js';

export const NET_RATE_HZ = 16_000;
const WINDOW_SAMPLES = 512;
const CONTEXT_SAMPLES = 64;
const STATE_SHAPE = [2, 1, 128];
const STATE_FLOATS = 256;

/** The file that the node pins. */
export const MODEL_PATH = createRequire(import.meta.url).resolve('@ricky0123/vad-web/dist/silero_vad_v6.onnx');

/** Two tensors that take turns, so that a run neither copies nor overwrites the state. */
export interface OnnxState {
  current: Tensor;
  next: Tensor;
}

/**
 * The same weights in ONNX Runtime: what the node's engine is checked against and measured beside. One session,
 * one thread, run synchronously, with everything allocated once: the cheapest way there is.
 */
export class OnnxNet {
  readonly windowSamples = WINDOW_SAMPLES;
  readonly contextSamples = CONTEXT_SAMPLES;
  /** Context and window, floats of -1 to 1 at 16 kHz. */
  readonly input = new Float32Array(CONTEXT_SAMPLES + WINDOW_SAMPLES);
  private readonly session: Binding.InferenceSession;
  private readonly probability = new Float32Array(1);
  private readonly scratch = stateTensor();
  private readonly feeds: Record<string, Tensor>;
  private readonly fetches: Record<string, Tensor>;
  private readonly options = {};

  constructor(modelPath = MODEL_PATH) {
    initOrt();
    this.session = new binding.InferenceSession();
    const bytes = readFileSync(modelPath);
    this.session.loadModel(bytes.buffer, bytes.byteOffset, bytes.byteLength, {
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      graphOptimizationLevel: 'all',
      enableCpuMemArena: false,
      logSeverityLevel: 3,
    });
    this.feeds = {
      input: new Tensor('float32', this.input, [1, this.input.length]),
      state: this.scratch,
      sr: new Tensor('int64', BigInt64Array.of(BigInt(NET_RATE_HZ)), []),
    };
    this.fetches = { output: new Tensor('float32', this.probability, [1, 1]), stateN: this.scratch };
  }

  /** All zeros, or a state from elsewhere. */
  newState(values = new Float32Array(STATE_FLOATS)): OnnxState {
    const current = stateTensor();
    (current.data as Float32Array).set(values);
    return { current, next: stateTensor() };
  }

  run(state: OnnxState, commit: boolean): number {
    this.feeds['state'] = state.current;
    this.fetches['stateN'] = commit ? state.next : this.scratch;
    this.session.run(this.feeds, this.fetches, this.options);
    if (commit) [state.current, state.next] = [state.next, state.current];
    return this.probability[0] as number;
  }

  close(): void {
    this.session.dispose();
  }
}

function stateTensor(): Tensor {
  return new Tensor('float32', new Float32Array(STATE_FLOATS), STATE_SHAPE);
}
