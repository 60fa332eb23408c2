import type { CallRateHz } from '../../../domain/audio.js';
import { NET_WASM_BASE64 } from './net-wasm.js';
import { packWeights } from './packing.js';
import { transformTables } from './tables.js';
import type { SileroWeights } from './weights.js';

/** The LSTM's memory: 128 floats of output, 128 of cell. */
export const STATE_FLOATS = 256;
/** What the state contributes to the LSTM's gates. */
export const RECURRENT_FLOATS = 512;
const WORK_BYTES = 128 * 32 + 129 * 16 + 4 * 128 * 4 + 2 * 64 * 4 + 64 * 4 + 128 * 4 + 512 * 4 + 129 * 4;
const PAGE_BYTES = 65_536;
const CACHE_LINE = 64;

/** What is used of it; neither TypeScript's ES library nor Node's types know WebAssembly. */
declare const WebAssembly: {
  readonly Memory: new (size: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer };
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
};

/** What net.as exports. */
interface NetExports {
  remember(weights: number, state: number, recurrent: number, work: number): void;
  run(samples: number, tables: number, h: number, weights: number, recurrent: number, state: number, work: number): number;
}

/** A rate at which the net can be fed; the weights are the same ones. */
export interface Form {
  readonly rateHz: CallRateHz;
  /** Where context and window go before `run`: 576 floats at 16 kHz, 288 at 8 kHz. */
  readonly input: Float32Array;
}

interface FormPlace extends Form {
  readonly half: number;
  readonly samples: number;
  readonly tables: number;
}

/**
 * Silero v6 in WebAssembly: its 16 kHz net, once for all calls of a process. A call is 3 kB that are copied in and
 * out. 8 kHz samples get a transform of half the length and the 65 bins that exist there; the bins above 4 kHz, which
 * an upsampler would leave empty, are not worked out at all. Synchronous, allocates nothing. Memory never grows, so
 * the views of it stay good.
 */
export class SileroEngine {
  private readonly net: NetExports;
  private readonly forms: Readonly<Record<CallRateHz, FormPlace>>;
  private readonly weights: number;
  private readonly stateAt: number;
  private readonly recurrentAt: number;
  private readonly work: number;
  private readonly state: Float32Array;
  private readonly recurrent: Float32Array;

  constructor(weights: SileroWeights) {
    const packed = packWeights(weights);
    const tables = { 8000: transformTables(64), 16_000: transformTables(128) };
    const plan = new Plan();
    this.weights = plan.take(packed.byteLength);
    this.stateAt = plan.take(4 * STATE_FLOATS);
    this.recurrentAt = plan.take(4 * RECURRENT_FLOATS);
    this.work = plan.take(WORK_BYTES);
    const place = (rateHz: CallRateHz, half: number) => ({ rateHz, half, samples: plan.take(20 * half), tables: plan.take(tables[rateHz].length) });
    const narrow = place(8000, 64);
    const wide = place(16_000, 128);

    const memory = new WebAssembly.Memory({ initial: plan.pages, maximum: plan.pages });
    new Float32Array(memory.buffer, this.weights, packed.length).set(packed);
    const form = (of: typeof narrow): FormPlace => {
      new Uint8Array(memory.buffer, of.tables).set(tables[of.rateHz]);
      return { ...of, input: new Float32Array(memory.buffer, of.samples, (9 * of.half) / 2) };
    };
    this.forms = { 8000: form(narrow), 16_000: form(wide) };
    this.state = new Float32Array(memory.buffer, this.stateAt, STATE_FLOATS);
    this.recurrent = new Float32Array(memory.buffer, this.recurrentAt, RECURRENT_FLOATS);
    const module = new WebAssembly.Module(Buffer.from(NET_WASM_BASE64, 'base64'));
    this.net = new WebAssembly.Instance(module, { env: { memory } }).exports as NetExports;
  }

  form(rateHz: CallRateHz): Form {
    return this.forms[rateHz];
  }

  /** Works out what `state` (256 floats) contributes to the gates, into `recurrent` (512 floats). */
  remember(state: Float32Array, recurrent: Float32Array): void {
    this.state.set(state);
    this.net.remember(this.weights, this.stateAt, this.recurrentAt, this.work);
    recurrent.set(this.recurrent);
  }

  /**
   * The probability of speech in the form's `input`. `recurrent` has to be that of `state`. The state it leads to is
   * written to `next`, which may be `state` itself, where one is given.
   */
  run(rateHz: CallRateHz, state: Float32Array, recurrent: Float32Array, next: Float32Array | undefined): number {
    const { samples, tables, half } = this.forms[rateHz];
    this.state.set(state);
    this.recurrent.set(recurrent);
    const p = this.net.run(samples, tables, half, this.weights, this.recurrentAt, this.stateAt, this.work);
    next?.set(this.state);
    return p;
  }
}

/** Deals out addresses. Zero is left alone: nothing of ours is there. */
class Plan {
  private end = CACHE_LINE;

  take(bytes: number): number {
    const at = this.end;
    this.end = Math.ceil((at + bytes) / CACHE_LINE) * CACHE_LINE;
    return at;
  }

  get pages(): number {
    return Math.ceil(this.end / PAGE_BYTES);
  }
}
