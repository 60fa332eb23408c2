import { VoiceNodeError } from '../domain/errors.js';
import { dbfsToAmplitude } from './level.js';

export interface LimiterOptions {
  readonly rateHz: number;
  /** What no output sample exceeds, default -1 dBFS. */
  readonly ceilingDbfs?: number;
  /** How far ahead it looks, which is its delay; default 5 ms. */
  readonly lookAheadMs?: number;
  /** Time constant with which the gain comes back, default 80 ms. */
  readonly releaseMs?: number;
}

/**
 * Look-ahead peak limiter. The gain that each sample needs, min(1, ceiling / |x|), goes through a sliding
 * minimum over the look-ahead (hold), a release that only ever lags upwards, and a moving average of the same
 * length (attack). Every value averaged has seen the peak, so none exceeds what the peak needs when it comes
 * out: the ceiling is met exactly, by a ramp instead of a clip.
 * (The minimum: D. Lemire, "Streaming maximum-minimum filter", Nordic J. Computing 13(4), 2006.)
 *
 * Works on float64 samples in int16 units, in place: a gain may have taken them beyond full scale.
 * Delay: `delaySamples`. Allocates nothing per call.
 */
export class Limiter {
  readonly delaySamples: number;
  private readonly ceiling: number;
  private readonly recovery: number;
  private readonly length: number;
  private readonly delayed: Float64Array;
  private readonly averaged: Float64Array;
  /** Candidates of the sliding minimum: gains that rise, with the sample they belong to. */
  private readonly candidateGain: Float64Array;
  private readonly candidateAt: Float64Array;
  private candidateHead = 0;
  private candidates = 0;
  private envelope = 1;
  /** Of `averaged`. */
  private sum = 0;
  private at = 0;

  /** Throws VoiceNodeError `argument_invalid` for a ceiling above 0 dBFS or a look-ahead under one sample. */
  constructor({ rateHz, ceilingDbfs = -1, lookAheadMs = 5, releaseMs = 80 }: LimiterOptions) {
    const length = Math.round((rateHz * lookAheadMs) / 1000);
    if (!(ceilingDbfs <= 0)) throw new VoiceNodeError('argument_invalid', `expected a ceiling of at most 0 dBFS, got ${ceilingDbfs}`);
    if (!(length >= 1 && releaseMs > 0)) {
      throw new VoiceNodeError('argument_invalid', `expected a look-ahead of a sample or more and a release above 0 ms, got ${lookAheadMs} and ${releaseMs} ms`);
    }
    this.ceiling = Math.min(32767, dbfsToAmplitude(ceilingDbfs));
    this.recovery = 1 - Math.exp(-1000 / (rateHz * releaseMs));
    this.length = length;
    this.delaySamples = length - 1;
    this.delayed = new Float64Array(length);
    this.averaged = new Float64Array(length);
    this.candidateGain = new Float64Array(length);
    this.candidateAt = new Float64Array(length);
    this.reset();
  }

  /** Limits `count` samples of `samples` in place; each comes out `delaySamples` later. */
  processInPlace(samples: Float64Array, count: number): void {
    const { length, ceiling, recovery, delayed, averaged } = this;
    for (let i = 0; i < count; i++) {
      const x = samples[i] as number;
      const magnitude = x < 0 ? -x : x;
      const lowest = this.slidingMinimum(magnitude > ceiling ? ceiling / magnitude : 1);
      const risen = this.envelope + recovery * (1 - this.envelope);
      this.envelope = lowest < risen ? lowest : risen;
      const slot = this.at % length;
      this.sum += this.envelope - (averaged[slot] as number);
      averaged[slot] = this.envelope;
      delayed[slot] = x;
      if (slot === 0) this.sumAfresh();
      this.at++;
      const out = (delayed[this.at % length] as number) * (this.sum / length);
      samples[i] = out > ceiling ? ceiling : out < -ceiling ? -ceiling : out;
    }
  }

  reset(): void {
    this.delayed.fill(0);
    this.averaged.fill(1);
    this.sum = this.length;
    this.envelope = 1;
    this.at = 0;
    this.candidateHead = 0;
    this.candidates = 0;
  }

  /** Once round the ring, so that the rounding errors of the running sum do not collect over hours. */
  private sumAfresh(): void {
    let sum = 0;
    for (let k = 0; k < this.length; k++) sum += this.averaged[k] as number;
    this.sum = sum;
  }

  private slidingMinimum(gain: number): number {
    const { length, candidateGain, candidateAt } = this;
    // What is larger than the newcomer and older can never be the minimum again.
    while (this.candidates > 0) {
      const last = (this.candidateHead + this.candidates - 1) % length;
      if ((candidateGain[last] as number) < gain) break;
      this.candidates--;
    }
    if (this.candidates > 0 && (candidateAt[this.candidateHead] as number) <= this.at - length) {
      this.candidateHead = (this.candidateHead + 1) % length;
      this.candidates--;
    }
    const slot = (this.candidateHead + this.candidates) % length;
    candidateGain[slot] = gain;
    candidateAt[slot] = this.at;
    this.candidates++;
    return candidateGain[this.candidateHead] as number;
  }
}
