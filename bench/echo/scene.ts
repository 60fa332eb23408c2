import { createFloatResampler } from '../../voice-node/dsp/resampler.js';
import { seeded } from '../rig/random.js';
import { scaled, type Material } from './material.js';
import { echoOf, type EchoSetting } from './paths.js';

const RATE_HZ = 8000;
const FRAME = 160;
const NOISE_DBOV = -65;

/** A call in which the robot speaks nearly all the time. */
export interface Scene extends EchoSetting {
  /** What the robot plays, 48 kHz. */
  readonly wire: Int16Array;
  /** How much of it is speech, in hours. */
  readonly robotHours: number;
  /** Caller's stream at 8 kHz: echo and the line's noise; the same with the caller; caller and noise without echo. */
  readonly echoOnly: Int16Array;
  readonly talkedOver: Int16Array;
  readonly callerOnly: Int16Array;
  /** The latter with another noise of the same level: how much a detector's answer is a matter of chance. */
  readonly callerAgain: Int16Array;
  /** The caller's interruptions. */
  readonly spoken: readonly { readonly beginMs: number; readonly endMs: number }[];
  /** How many near frames have arrived after each 20 ms of playing: the network's jitter, 0 to 40 ms. */
  readonly arrivals: Uint8Array;
}

export function makeScene(setting: EchoSetting, { robots, callers }: Material, seconds: number, seed: number): Scene {
  const random = seeded(seed);
  const length = Math.round(seconds * 50) * FRAME;
  const { far, speechSamples } = robotVoice(robots, length, random);
  const echo = echoOf(far, setting, random);
  const { voice, spoken } = interruptions(callers, length, random);
  const sigma = 32768 * 10 ** (NOISE_DBOV / 20) * Math.sqrt(3);
  const newNoise = (): Float64Array => Float64Array.from({ length }, () => sigma * (2 * random() - 1));
  const noise = newNoise();
  const otherNoise = newNoise();
  const mixed = (...parts: Float64Array[]): Int16Array =>
    Int16Array.from({ length }, (_, n) => Math.max(-32768, Math.min(32767, Math.round(parts.reduce((sum, part) => sum + (part[n] as number), 0)))));
  return {
    ...setting,
    wire: onWire(far),
    robotHours: speechSamples / RATE_HZ / 3600,
    echoOnly: mixed(noise, echo),
    talkedOver: mixed(noise, echo, voice),
    callerOnly: mixed(noise, voice),
    callerAgain: mixed(otherNoise, voice),
    spoken,
    arrivals: jitter(length / FRAME, random),
  };
}

/** Replies of one robot with half a second to three between them, after a moment of silence. */
function robotVoice(robots: readonly Float64Array[], length: number, random: () => number): { far: Float64Array; speechSamples: number } {
  const far = new Float64Array(length);
  const gainDb = 6 * random();
  let speechSamples = 0;
  let at = Math.round(0.3 * RATE_HZ);
  while (at < length) {
    const reply = robots[Math.floor(random() * robots.length)] as Float64Array;
    // A reply of 4 to 12 s out of a longer speech.
    const from = Math.floor(random() * Math.max(1, reply.length - 12 * RATE_HZ));
    const part = scaled(reply.subarray(from, from + Math.round((4 + 8 * random()) * RATE_HZ)), 10 ** (gainDb / 20)).subarray(0, length - at);
    // What the wire clips is clipped before it can come back.
    far.set(part.map((x) => Math.max(-32768, Math.min(32767, x))), at);
    speechSamples += part.length;
    at += part.length + Math.round((0.5 + 2.5 * random()) * RATE_HZ);
  }
  return { far, speechSamples };
}

/** The first one within the first second of the call, then one every few seconds. */
function interruptions(callers: readonly Float64Array[], length: number, random: () => number): { voice: Float64Array; spoken: { beginMs: number; endMs: number }[] } {
  const voice = new Float64Array(length);
  const spoken: { beginMs: number; endMs: number }[] = [];
  for (let at = Math.round((0.4 + 0.6 * random()) * RATE_HZ); ; ) {
    const caller = callers[Math.floor(random() * callers.length)] as Float64Array;
    const part = scaled(caller, 10 ** ((6 * random() - 3) / 20)).subarray(0, 2.5 * RATE_HZ);
    if (at + part.length > length) return { voice, spoken };
    voice.set(part, at);
    spoken.push({ beginMs: (at * 1000) / RATE_HZ, endMs: ((at + part.length) * 1000) / RATE_HZ });
    at += part.length + Math.round((2 + 2 * random()) * RATE_HZ);
  }
}

function onWire(far: Float64Array): Int16Array {
  const wide = createFloatResampler({ fromHz: RATE_HZ, toHz: 48_000 }).process(Float32Array.from(far, (x) => x / 32768));
  return Int16Array.from(wide, (x) => Math.max(-32768, Math.min(32767, Math.round(x * 32768))));
}

function jitter(ticks: number, random: () => number): Uint8Array {
  const arrivals = new Uint8Array(ticks);
  let waiting = 0;
  for (let tick = 0; tick < ticks; tick++) {
    waiting++;
    if (waiting <= 2 && random() < 0.1) continue;
    arrivals[tick] = waiting;
    waiting = 0;
  }
  return arrivals;
}
