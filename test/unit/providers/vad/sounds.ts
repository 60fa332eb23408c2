import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../../../voice-node/config.js';
import { createResampler } from '../../../../voice-node/dsp/resampler.js';
import { readWav } from '../../../../voice-node/dsp/wav.js';
import { trimmed, voice as recording, type VoiceName } from '../../../../bench/rig/voices.js';
import { concat, mix, noise } from '../../vad/signals.js';

const RECORDINGS: readonly VoiceName[] = ['Front_Center', 'Front_Left', 'Front_Right', 'Rear_Center', 'Rear_Left', 'Rear_Right', 'Side_Left', 'Side_Right'];

export function resampled(samples: Int16Array, fromHz: number, toHz: number): Int16Array {
  if (fromHz === toHz) return samples;
  const resampler = createResampler({ fromHz, toHz });
  const out = new Int16Array(resampler.maxOutputSamples(samples.length));
  return out.slice(0, resampler.processInto(samples, out));
}

const scaled = (samples: Int16Array, gain: number): Int16Array => samples.map((x) => Math.max(-32768, Math.min(32767, Math.round(x * gain))));

/**
 * Some 100 s in one piece: real voices with pauses, at three levels and over noise, synthetic ones, digital silence,
 * faint and loud noise, and squares at full scale.
 */
export function longSound(rateHz: 8000 | 16_000): Int16Array {
  const spoken = RECORDINGS.map((name) => resampled(trimmed(recording(name)), 48_000, rateHz));
  const synthetic = ['en', 'ru'].map((name) => {
    const { samples, rateHz: ownHz } = readWav(readFileSync(join(ROOT, 'phrases', `${name}.wav`)), name);
    return resampled(samples, ownHz, rateHz);
  });
  const pause = new Int16Array(rateHz * 0.4);
  const talk = concat(...spoken.flatMap((each, i) => [each, i % 3 === 0 ? noise(rateHz / 2, 6, i + 1) : pause]), ...synthetic);
  const square = Int16Array.from({ length: rateHz }, (_, i) => (i % (rateHz / 200) < rateHz / 400 ? 32767 : -32768));
  return concat(
    talk,
    new Int16Array(2 * rateHz),
    scaled(talk, 0.05),
    noise(3 * rateHz, 8, 77),
    mix(scaled(talk, 0.5), noise(talk.length, 800, 78)),
    noise(3 * rateHz, 9000, 79),
    square,
    scaled(talk, 4),
    mix(talk, noise(talk.length, 80, 80)),
  );
}

export const asFloats = (samples: Int16Array): Float32Array => Float32Array.from(samples, (x) => x / 32768);
