import { RealFft } from '../../voice-node/dsp/fft.js';
import { decodeMuLaw, encodeMuLaw } from '../../voice-node/dsp/g711.js';
import { activeRms, scaled } from './material.js';

/** How the robot's voice comes back. All at 8 kHz. */
export type PathKind = 'linear' | 'room' | 'distorted' | 'jump' | 'drift' | 'line';
export const PATHS: readonly PathKind[] = ['linear', 'room', 'distorted', 'jump', 'drift', 'line'];

export interface EchoSetting {
  readonly path: PathKind;
  /** Active level of the echo against the robot's own. */
  readonly levelDb: number;
  /** From the wire to the caller's stream. */
  readonly delayMs: number;
}

const RATE_HZ = 8000;
const DRIFT = 100e-6;
/** Multiplicative noise, as codecs leave it: y = x (1 + 10^(-Q/20) n), the modulated noise reference unit of ITU-T P.810. */
const MNRU_Q_DB = 20;
/** A loudspeaker driven so hard that its peaks are squeezed by half. */
const DRIVE = 1.5;

/** What comes back of `far`, as long as that. */
export function echoOf(far: Float64Array, { path, levelDb, delayMs }: EchoSetting, random: () => number): Float64Array {
  let sound = far;
  if (path === 'distorted') sound = squeezed(sound);
  if (path !== 'linear' && path !== 'line') sound = convolved(sound, roomResponse(50 + 100 * random(), random));
  if (path === 'line') sound = convolved(sound, hybridResponse(random));
  sound = moved(sound, delays(path, delayMs, random));
  if (path === 'distorted') sound = modulated(sound, random);
  sound = scaled(sound, (activeRms(far) * 10 ** (levelDb / 20)) / Math.max(1e-9, activeRms(sound)));
  return path === 'line' ? throughLaw(sound) : sound;
}

/** Delay in samples at sample n. */
function delays(path: PathKind, delayMs: number, random: () => number): (n: number) => number {
  const first = (delayMs * RATE_HZ) / 1000 + random();
  if (path === 'drift') return (n) => first + n * DRIFT;
  if (path !== 'jump') return () => first;
  // A jitter buffer that adapts: every 5 to 9 s 20 to 60 ms more, and back again.
  const jumps: { at: number; by: number }[] = [];
  let up = true;
  let size = 0;
  for (let at = 0; at < 600 * RATE_HZ; up = !up) {
    at += Math.round((5 + 4 * random()) * RATE_HZ);
    if (up) size = Math.round((0.02 + 0.04 * random()) * RATE_HZ);
    jumps.push({ at, by: up ? size : -size });
  }
  let next = 0;
  let delay = first;
  return (n) => {
    for (; next < jumps.length && n >= (jumps[next]?.at ?? Infinity); next++) delay += jumps[next]?.by ?? 0;
    return delay;
  };
}

const SINC_TAPS = 24;

/** The sound later by a delay that need not be whole, nor stay the same: a windowed sinc at each sample. */
function moved(sound: Float64Array, delayAt: (n: number) => number): Float64Array {
  const out = new Float64Array(sound.length);
  const taps = new Float64Array(SINC_TAPS);
  let fraction = -1;
  for (let n = 0; n < out.length; n++) {
    const position = n - delayAt(n);
    const whole = Math.floor(position);
    if (Math.abs(position - whole - fraction) > 1e-4) {
      fraction = position - whole;
      for (let i = 0; i < SINC_TAPS; i++) {
        const t = i - SINC_TAPS / 2 + 1 - fraction;
        const sinc = Math.abs(t) < 1e-9 ? 1 : Math.sin(Math.PI * t) / (Math.PI * t);
        taps[i] = sinc * (0.5 + 0.5 * Math.cos((2 * Math.PI * t) / (SINC_TAPS + 2)));
      }
    }
    const from = whole - SINC_TAPS / 2 + 1;
    let sum = 0;
    for (let i = 0; i < SINC_TAPS; i++) sum += (sound[from + i] ?? 0) * (taps[i] as number);
    out[n] = sum;
  }
  return out;
}

const normal = (random: () => number): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

/** A direct sound and a tail of noise that fades by 60 dB in `lengthMs`; direct 3 dB above the tail. */
function roomResponse(lengthMs: number, random: () => number): Float64Array {
  const length = Math.round((lengthMs * RATE_HZ) / 1000);
  const tail = Float64Array.from({ length }, (_, n) => (n < 8 ? 0 : normal(random) * 10 ** ((-3 * n) / length)));
  const energy = tail.reduce((sum, x) => sum + x * x, 0);
  const response = scaled(tail, Math.sqrt(0.5 / energy));
  response[0] = 1;
  return response;
}

/** A telephone hybrid: a few milliseconds of ringing. */
function hybridResponse(random: () => number): Float64Array {
  const hz = 500 + 1500 * random();
  return Float64Array.from({ length: 64 }, (_, n) => Math.sin((2 * Math.PI * hz * (n + 2)) / RATE_HZ) * Math.exp(-n / 12));
}

function squeezed(sound: Float64Array): Float64Array {
  const peak = sound.reduce((most, x) => Math.max(most, Math.abs(x)), 1);
  return sound.map((x) => (peak * Math.tanh((DRIVE * x) / peak)) / DRIVE);
}

const modulated = (sound: Float64Array, random: () => number): Float64Array =>
  sound.map((x) => x * (1 + 10 ** (-MNRU_Q_DB / 20) * normal(random)));

const throughLaw = (sound: Float64Array): Float64Array => sound.map((x) => decodeMuLaw(encodeMuLaw(Math.max(-32768, Math.min(32767, Math.round(x))))));

function convolved(sound: Float64Array, response: Float64Array): Float64Array {
  const fft = new RealFft(8192);
  const block = fft.size - response.length;
  const spectrum = (samples: Float64Array): [Float64Array, Float64Array] => {
    const parts: [Float64Array, Float64Array] = [new Float64Array(fft.bins), new Float64Array(fft.bins)];
    const padded = new Float64Array(fft.size);
    padded.set(samples);
    fft.forward(padded, ...parts);
    return parts;
  };
  const [hr, hi] = spectrum(response);
  const out = new Float64Array(sound.length);
  const time = new Float64Array(fft.size);
  for (let from = 0; from < sound.length; from += block) {
    const [xr, xi] = spectrum(sound.subarray(from, from + block));
    for (let k = 0; k < fft.bins; k++) {
      const [a, b, c, d] = [xr[k] as number, xi[k] as number, hr[k] as number, hi[k] as number];
      xr[k] = a * c - b * d;
      xi[k] = a * d + b * c;
    }
    fft.inverse(xr, xi, time);
    const end = Math.min(out.length - from, fft.size);
    for (let i = 0; i < end; i++) out[from + i] = (out[from + i] as number) + (time[i] as number);
  }
  return out;
}
