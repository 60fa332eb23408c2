import { existsSync, readFileSync } from 'node:fs';
import { readWav } from '../../voice-node/dsp/wav.js';

const FOLDER = '/usr/share/sounds/alsa';

/** Real voices at 48 kHz: the recordings of Debian's alsa-utils. */
export type VoiceName = 'Front_Center' | 'Front_Left' | 'Front_Right' | 'Rear_Center' | 'Rear_Left' | 'Rear_Right' | 'Side_Left' | 'Side_Right';

export function voice(name: VoiceName): Int16Array {
  const file = `${FOLDER}/${name}.wav`;
  if (!existsSync(file)) throw new Error(`${file} is missing: install the package alsa-utils`);
  const { samples, rateHz } = readWav(readFileSync(file), file);
  if (rateHz !== 48_000) throw new Error(`${file}: expected 48000 Hz, got ${rateHz}`);
  return samples;
}

/** The voice without the silence around it: from where it is louder than -40 dB below its peak to where it last is. */
export function trimmed(samples: Int16Array): Int16Array {
  let peak = 0;
  for (const sample of samples) peak = Math.max(peak, Math.abs(sample));
  const loud = (sample: number): boolean => Math.abs(sample) > peak / 100;
  const first = samples.findIndex(loud);
  return samples.slice(first, samples.findLastIndex(loud) + 1);
}

/** Several voices one after the other with `gapMs` of silence between them. */
export function sentence(names: readonly VoiceName[], gapMs: number): Int16Array {
  const gap = Math.round(gapMs * 48);
  const parts = names.map((name) => trimmed(voice(name)));
  const all = new Int16Array(parts.reduce((sum, part) => sum + part.length + gap, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length + gap;
  }
  return all;
}
