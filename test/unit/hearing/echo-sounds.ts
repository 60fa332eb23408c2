import type { CallRateHz } from '../../../voice-node/domain/audio.js';
import { createResampler } from '../../../voice-node/dsp/resampler.js';
import type { EchoGuard} from '../../../voice-node/hearing/echo-guard.js';
import { type EchoView } from '../../../voice-node/hearing/echo-guard.js';

/** Numbers of -1 to 1, the same for the same seed. */
export function noise(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return state / 2_147_483_648;
  };
}

/** Noise in syllables, four a second with pauses, brown like a voice: what an echo guard makes of it is what it makes of speech. */
export function voice(seed: number, samples: number, rateHz: number, rms: number): Float64Array {
  const next = noise(seed);
  const out = new Float64Array(samples);
  let low = 0;
  let power = 0;
  let syllable = 0;
  for (let i = 0; i < samples; i++) {
    const t = (4 * i) / rateHz;
    if (Math.floor(t) !== Math.floor((4 * (i - 1)) / rateHz)) syllable = next() > -0.6 ? 0.5 + 0.5 * Math.abs(next()) : 0;
    low += 0.3 * (next() - low);
    out[i] = low * syllable * Math.sin(Math.PI * (t % 1)) ** 2;
    power += (out[i] as number) ** 2;
  }
  const gain = rms / Math.sqrt(power / samples);
  return out.map((x) => x * gain);
}

export const int16 = (samples: Float64Array): Int16Array => Int16Array.from(samples, (x) => Math.max(-32768, Math.min(32767, Math.round(x))));

/** What comes back of the wire's 48 kHz at the call's rate: later, and as loud as `gain` says. */
export function echoOf(wire: Int16Array, rateHz: CallRateHz, delaySamples: number, gain: number): Float64Array {
  const narrow = createResampler({ fromHz: 48_000, toHz: rateHz }).process(wire);
  return Float64Array.from(narrow, (_, i) => gain * (narrow[i - delaySamples] ?? 0));
}

export interface Heard {
  readonly clean: Int16Array;
  readonly views: readonly EchoView[];
}

/** Plays and hears in step, 20 ms at a time. */
export function run(guard: EchoGuard, rateHz: CallRateHz, wire: Int16Array, near: Int16Array, pieces: readonly number[] = [480]): Heard {
  const frame = rateHz / 50;
  const clean = new Int16Array(near.length);
  const views: EchoView[] = [];
  let piece = 0;
  for (let i = 0; (i + 1) * frame <= near.length; i++) {
    const end = Math.min(wire.length, (i + 1) * 960);
    for (let at = i * 960; at < end; ) {
      const to = Math.min(end, at + (pieces[piece++ % pieces.length] as number));
      guard.played(wire.subarray(at, to));
      at = to;
    }
    const view = guard.hear(near.subarray(i * frame, (i + 1) * frame));
    clean.set(view.clean, i * frame);
    views.push({ ...view, clean: view.clean.slice() });
  }
  return { clean, views };
}

/** RMS from second `from` to second `to`. */
export function rmsOf(samples: Int16Array, rateHz: number, from: number, to: number): number {
  const part = samples.subarray(from * rateHz, to * rateHz);
  return Math.sqrt(part.reduce((sum, x) => sum + x * x, 0) / part.length);
}
