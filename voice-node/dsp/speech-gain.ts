import { VoiceNodeError } from '../domain/errors.js';
import { Limiter } from './limiter.js';
import { roundToInt16 } from './pcm.js';

export interface SpeechGainOptions {
  readonly rateHz: number;
  /** RMS level that speech is brought to, default -22 dBFS: a good telephone level with room for its peaks. */
  readonly targetDbfs?: number;
  /** Bounds of the gain, default -12 and +18 dB. */
  readonly minGainDb?: number;
  readonly maxGainDb?: number;
}

/** Blocks in which the level is taken, and the longest that one pass handles. */
const BLOCK_MS = 10;
/** Blocks quieter than this, or 20 dB under the speech, are pauses and do not move the gain. */
const GATE_DBFS = -55;
const RELATIVE_GATE = 10 ** (-20 / 10);
/** Speech power is averaged over this much active speech; the first second converges faster. */
const MEMORY_S = 3;
/** The gain moves at most this fast, so that it is never heard moving. */
const MAX_SLOPE_DB_PER_S = 20;

/**
 * Makes a quiet voice and a loud one come out alike: slow gain towards a target level of the active speech,
 * then a look-ahead limiter at -1 dBFS for its peaks. Pauses are gated out, so breath and hiss are not pulled up.
 *
 * int16 in place, any block length; the result does not depend on how the stream was cut.
 * Delay: `delaySamples` (5 ms). Allocates nothing per call.
 */
export class SpeechGain {
  readonly delaySamples: number;
  private readonly limiter: Limiter;
  private readonly blockSamples: number;
  private readonly block: Float64Array;
  private readonly targetPower: number;
  private readonly minGain: number;
  private readonly maxGain: number;
  private readonly maxStep: number;
  private readonly memoryBlocks: number;
  private gain = 1;
  private goal = 1;
  private power = 0;
  private activeBlocks = 0;
  private blockPower = 0;
  private filled = 0;

  /** Throws VoiceNodeError `argument_invalid` for a target above -6 dBFS or bounds in the wrong order. */
  constructor({ rateHz, targetDbfs = -22, minGainDb = -12, maxGainDb = 18 }: SpeechGainOptions) {
    if (!(targetDbfs <= -6)) throw new VoiceNodeError('argument_invalid', `expected a target of at most -6 dBFS, got ${targetDbfs}`);
    if (!(minGainDb <= maxGainDb)) throw new VoiceNodeError('argument_invalid', `expected gain bounds in order, got ${minGainDb} and ${maxGainDb} dB`);
    this.limiter = new Limiter({ rateHz });
    this.delaySamples = this.limiter.delaySamples;
    this.blockSamples = Math.round((rateHz * BLOCK_MS) / 1000);
    this.block = new Float64Array(this.blockSamples);
    this.targetPower = 32768 ** 2 * 10 ** (targetDbfs / 10);
    this.minGain = 10 ** (minGainDb / 20);
    this.maxGain = 10 ** (maxGainDb / 20);
    this.maxStep = 10 ** (MAX_SLOPE_DB_PER_S / rateHz / 20);
    this.memoryBlocks = (MEMORY_S * 1000) / BLOCK_MS;
  }

  /** The gain at this moment, in dB. */
  get gainDb(): number {
    return 20 * Math.log10(this.gain);
  }

  processInPlace(samples: Int16Array): void {
    for (let from = 0; from < samples.length; ) {
      const count = Math.min(this.blockSamples - this.filled, samples.length - from);
      this.amplify(samples, from, count);
      this.limiter.processInPlace(this.block, count);
      for (let i = 0; i < count; i++) samples[from + i] = roundToInt16(this.block[i] as number);
      from += count;
      this.filled += count;
      if (this.filled === this.blockSamples) this.closeBlock();
    }
  }

  reset(): void {
    this.limiter.reset();
    this.gain = 1;
    this.goal = 1;
    this.power = 0;
    this.activeBlocks = 0;
    this.blockPower = 0;
    this.filled = 0;
  }

  private amplify(samples: Int16Array, from: number, count: number): void {
    const { block, goal, maxStep } = this;
    let { gain, blockPower } = this;
    for (let i = 0; i < count; i++) {
      const x = samples[from + i] as number;
      blockPower += x * x;
      gain = gain < goal ? Math.min(goal, gain * maxStep) : Math.max(goal, gain / maxStep);
      block[i] = x * gain;
    }
    this.gain = gain;
    this.blockPower = blockPower;
  }

  /** Takes the block's power into the mean of the active speech, and sets where the gain goes. */
  private closeBlock(): void {
    const power = this.blockPower / this.blockSamples;
    this.blockPower = 0;
    this.filled = 0;
    if (power < 32768 ** 2 * 10 ** (GATE_DBFS / 10) || power < RELATIVE_GATE * this.power) return;
    this.activeBlocks = Math.min(this.memoryBlocks, this.activeBlocks + 1);
    this.power += (power - this.power) / this.activeBlocks;
    this.goal = Math.min(this.maxGain, Math.max(this.minGain, Math.sqrt(this.targetPower / this.power)));
  }
}
