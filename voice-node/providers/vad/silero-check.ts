import type { CallRateHz } from '../../domain/audio.js';
import { VoiceNodeError } from '../../domain/errors.js';
import type { NetState, SileroNet } from './silero-net.js';

/**
 * The start-up check. Wrong weights, a window of the wrong length or missing context samples raise no error:
 * the net merely goes deaf. So it is shown something whose probabilities are known.
 */

/**
 * What the pinned weights say about `checkVector()`, window by window from the zero state. At 16 kHz by another
 * ONNX Runtime (1.31.1, x86-64, from Python); at 8 kHz, where there is no other, by the net's formulas in double
 * precision, one by one (the test has them).
 */
export const CHECK_PROBABILITIES: Readonly<Record<CallRateHz, readonly number[]>> = {
  8000: [0.13924, 0.64116, 0.79534, 0.97932, 0.99488, 0.99623, 0.99872, 0.99828],
  16_000: [0.1368, 0.64057, 0.79475, 0.97813, 0.99477, 0.99611, 0.99868, 0.99821],
};
/** Far above what differs between processors (1e-5), far below what any of the mistakes does. */
const TOLERANCE = 0.02;

const CHECK_WINDOWS = 8;
const VOICE_HZ = 130;
const HARMONICS = 24;
const SYLLABLES_PER_S = 6;
const PEAK = 0.3;

/** Weight of a resonance `widthHz` wide at `hz`: a Lorentzian, which is what a single pole pair gives near its peak. */
const resonance = (hz: number, centreHz: number, widthHz: number): number => 1 / (1 + ((hz - centreHz) / widthHz) ** 2);

/**
 * A quarter of a second of something like "aya": the harmonics of a gliding voice with a glottal slope of
 * 1/k, weighted by three formants on their way from /a/ to /i/, in syllables. Up to 3.4 kHz, so it is the same
 * sound at either rate. Peak 0.3.
 */
export function checkVector(net: Pick<SileroNet, 'rateHz' | 'windowSamples'>): Float32Array {
  const out = new Float32Array(CHECK_WINDOWS * net.windowSamples);
  let phase = 0;
  let peak = 0;
  for (let i = 0; i < out.length; i++) {
    const t = i / net.rateHz;
    const f0 = VOICE_HZ + 12 * Math.sin(2 * Math.PI * 2.3 * t);
    phase += f0 / net.rateHz;
    const glide = 0.5 - 0.5 * Math.cos(Math.PI * SYLLABLES_PER_S * t);
    let sum = 0;
    for (let k = 1; k <= HARMONICS; k++) {
      const hz = k * f0;
      const weight =
        resonance(hz, 700 - 400 * glide, 100) +
        0.5 * resonance(hz, 1200 + 1000 * glide, 150) +
        0.25 * resonance(hz, 2500 + 400 * glide, 200);
      sum += (weight / k) * Math.sin(2 * Math.PI * k * phase);
    }
    const syllable = 0.5 - 0.5 * Math.cos(2 * Math.PI * SYLLABLES_PER_S * t);
    out[i] = sum * syllable;
    peak = Math.max(peak, Math.abs(sum * syllable));
  }
  for (let i = 0; i < out.length; i++) out[i] = ((out[i] as number) * PEAK) / peak;
  return out;
}

/** What the net says about contiguous windows of `samples` (-1 to 1) with their context; `state` moves on. */
export function listen(net: SileroNet, samples: Float32Array, state: NetState): number[] {
  const { windowSamples, contextSamples, input } = net;
  const out: number[] = [];
  input.fill(0);
  for (let at = 0; at + windowSamples <= samples.length; at += windowSamples) {
    input.copyWithin(0, windowSamples);
    input.set(samples.subarray(at, at + windowSamples), contextSamples);
    out.push(net.run(state, true));
  }
  return out;
}

/** Throws `vad_failed` where the net does not answer as the pinned one does. */
export function checkNet(net: SileroNet): void {
  const heard = listen(net, checkVector(net), net.newState());
  CHECK_PROBABILITIES[net.rateHz].forEach((expected, window) => {
    const p = heard[window] ?? NaN;
    if (Math.abs(p - expected) <= TOLERANCE) return;
    throw new VoiceNodeError(
      'vad_failed',
      `Silero VAD: start-up check at ${net.rateHz} Hz failed at window ${window}: expected ${expected.toFixed(3)} ± ${TOLERANCE}, got ${p.toFixed(3)}`,
    );
  });
}

const SILENCE_WINDOWS = 156;
const SILENCE_PEAK = 12 / 32768;

/**
 * The state after five seconds of a quiet line of the net's rate (triangular noise of 12 LSB): where a call begins,
 * and where it goes back to after noise. Better than zeros, which the net takes a while to leave.
 */
export function silentState(net: SileroNet): Float32Array {
  let seed = 5;
  const uniform = (): number => {
    // Numerical Recipes' linear congruential generator; the same noise in every process.
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return seed / 2 ** 32;
  };
  const line = new Float32Array(SILENCE_WINDOWS * net.windowSamples);
  for (let i = 0; i < line.length; i++) line[i] = (uniform() + uniform() - 1) * SILENCE_PEAK;
  const state = net.newState();
  listen(net, line, state);
  return state.values;
}
