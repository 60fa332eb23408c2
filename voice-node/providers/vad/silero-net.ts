import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { CallRateHz } from '../../domain/audio.js';
import { VoiceNodeError, messageOf } from '../../domain/errors.js';
import { RECURRENT_FLOATS, STATE_FLOATS, SileroEngine } from './engine/engine.js';
import { readSileroWeights } from './engine/weights.js';

/**
 * Silero v6.2. Other versions of the file load and run just as well and are far worse on a telephone, so the
 * weights are pinned.
 */
export const SILERO_SHA256 = '1a153a22f4509e292a94e67d6f9b85e8deb25b4988682b7e174c65279d8788e3';

/** New audio per run. At other lengths the net's frames would fall where it was never trained to see them. */
export const WINDOW_MS = 32;
/** Audio before the window that the net expects in front of it; without it the net is deaf, without an error. */
export const CONTEXT_MS = 4;

/** The net's memory of one call: 3 kB. */
export class NetState {
  readonly values = new Float32Array(STATE_FLOATS);
  /** What `values` contribute to every run until they change; worked out when first needed. */
  readonly recurrent = new Float32Array(RECURRENT_FLOATS);
  stale = true;

  set(values: Float32Array): void {
    this.values.set(values);
    this.stale = true;
  }
}

/**
 * The net as a call of one rate uses it. Always its 16 kHz branch: the 8 kHz branch of the same file is far worse.
 * One engine serves all calls of the process; what is a call's own is its `NetState`.
 */
export class SileroNet {
  readonly rateHz: CallRateHz;
  readonly windowSamples: number;
  readonly contextSamples: number;
  /** Where the context and the window go, floats of -1 to 1, before `run`. A run leaves it as it is. */
  readonly input: Float32Array;
  private readonly engine: Pick<SileroEngine, 'form' | 'remember' | 'run'>;

  constructor(engine: Pick<SileroEngine, 'form' | 'remember' | 'run'>, rateHz: CallRateHz) {
    this.engine = engine;
    this.rateHz = rateHz;
    this.windowSamples = (rateHz * WINDOW_MS) / 1000;
    this.contextSamples = (rateHz * CONTEXT_MS) / 1000;
    this.input = engine.form(rateHz).input;
    const expected = this.contextSamples + this.windowSamples;
    if (this.input.length !== expected) {
      throw new VoiceNodeError('vad_failed', `Silero VAD at ${rateHz} Hz: expected ${expected} samples of context and window, got ${this.input.length}`);
    }
  }

  /** A memory of nothing: all zeros, the state the net was trained to begin with. */
  newState(): NetState {
    return new NetState();
  }

  /** The probability of speech in `input`. With `commit` the state moves on, otherwise it stays as it is. Throws `vad_failed`. */
  run(state: NetState, commit: boolean): number {
    const { engine } = this;
    if (state.stale) {
      engine.remember(state.values, state.recurrent);
      state.stale = false;
    }
    const p = engine.run(this.rateHz, state.values, state.recurrent, commit ? state.values : undefined);
    if (commit) state.stale = true;
    if (!(p >= 0 && p <= 1)) throw new VoiceNodeError('vad_failed', `Silero VAD: expected a probability of 0 to 1, got ${p}`);
    return p;
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

export type SileroNets = Readonly<Record<CallRateHz, SileroNet>>;

/** Loads the model, by default the packaged one, for calls of either rate. Throws `vad_failed` where file or weights are not right. */
export function loadNets(modelPath?: string): SileroNets {
  const weights = readSileroWeights(readModel(modelPath ?? packagedModelPath()));
  let engine: SileroEngine;
  try {
    engine = new SileroEngine(weights);
  } catch (error) {
    throw new VoiceNodeError('vad_failed', `Silero VAD: its WebAssembly could not be loaded: ${messageOf(error)}`, { cause: error });
  }
  return { 8000: new SileroNet(engine, 8000), 16_000: new SileroNet(engine, 16_000) };
}
