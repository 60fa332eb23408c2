import type { CallRateHz } from '../../domain/audio.js';
import { VoiceNodeError } from '../../domain/errors.js';
import { CONTEXT_SAMPLES, NET_INPUT_SAMPLES, NET_RATE_HZ, WINDOW_SAMPLES, type SileroNet } from './silero-net.js';

/**
 * The start-up check. Wrong weights, a window of the wrong length or missing context samples raise no error:
 * the net merely goes deaf. So it is shown something whose probabilities are known.
 */

/**
 * What the pinned weights say about `checkVector()`, window by window from the zero state, by another ONNX
 * Runtime (1.31.1, x86-64, from Python). Without the context samples all of them are below 0.001.
 */
export const CHECK_PROBABILITIES: readonly number[] = [0.1368, 0.64057, 0.79475, 0.97813, 0.99477, 0.99611, 0.99868, 0.99821];
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
 * 1/k, weighted by three formants on their way from /a/ to /i/, in syllables. 16 kHz, peak 0.3.
 */
export function checkVector(): Float32Array {
  const out = new Float32Array(CHECK_WINDOWS * WINDOW_SAMPLES);
  let phase = 0;
  let peak = 0;
  for (let i = 0; i < out.length; i++) {
    const t = i / NET_RATE_HZ;
    const f0 = VOICE_HZ + 12 * Math.sin(2 * Math.PI * 2.3 * t);
    phase += f0 / NET_RATE_HZ;
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

/** Throws `vad_failed` where the net does not answer as the pinned one does. */
export function checkNet(net: SileroNet): void {
  const samples = checkVector();
  const state = net.newState();
  net.input.fill(0);
  CHECK_PROBABILITIES.forEach((expected, window) => {
    net.input.copyWithin(0, WINDOW_SAMPLES);
    net.input.set(samples.subarray(window * WINDOW_SAMPLES, (window + 1) * WINDOW_SAMPLES), CONTEXT_SAMPLES);
    const p = net.run(state, true);
    if (Math.abs(p - expected) > TOLERANCE) {
      throw new VoiceNodeError(
        'vad_failed',
        `Silero VAD: start-up check failed at window ${window} of ${NET_INPUT_SAMPLES} samples: expected ${expected.toFixed(3)} ± ${TOLERANCE}, got ${p.toFixed(3)}`,
      );
    }
  });
}

const SILENCE_WINDOWS = 156;
const SILENCE_PEAK = 12 / 32768;

/**
 * The state after five seconds of a quiet line of `rateHz` (triangular noise of 12 LSB): where a call begins,
 * and where it goes back to after noise. Better than zeros, which the net takes a while to leave. At 8 kHz
 * every second sample is interpolated, as the line's band ends there: 14 ms earlier in the median after a burst of music.
 */
export function silentState(net: SileroNet, rateHz: CallRateHz): Float32Array {
  const state = net.newState();
  const { input } = net;
  const step = NET_RATE_HZ / rateHz;
  let seed = 5;
  const uniform = (): number => {
    // Numerical Recipes' linear congruential generator; the same noise in every process.
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return seed / 2 ** 32;
  };
  input.fill(0);
  for (let window = 0; window < SILENCE_WINDOWS; window++) {
    input.copyWithin(0, WINDOW_SAMPLES);
    for (let i = CONTEXT_SAMPLES + step - 1; i < NET_INPUT_SAMPLES; i += step) {
      input[i] = (uniform() + uniform() - 1) * SILENCE_PEAK;
      if (step === 2) input[i - 1] = ((input[i - 2] as number) + (input[i] as number)) / 2;
    }
    net.run(state, true);
  }
  return Float32Array.from(state.current.data as Float32Array);
}
