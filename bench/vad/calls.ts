import { createResampler } from '../../voice-node/dsp/resampler.js';
import { trimmed, voice, type VoiceName } from '../rig/voices.js';
import { seeded } from '../rig/random.js';

const RECORDINGS: readonly VoiceName[] = ['Front_Center', 'Front_Left', 'Front_Right', 'Rear_Center', 'Rear_Left', 'Rear_Right', 'Side_Left', 'Side_Right'];
const PAUSE_S = 1.2;
const FLOOR_PEAK = 20;

/** What a caller says, 20 ms at a time: real voices at 8 kHz with pauses of 1.2 s between them, on a quiet line. */
export function callerFrames(): Int16Array[] {
  const random = seeded(6);
  const parts: number[] = [];
  for (const name of RECORDINGS) {
    const resampler = createResampler({ fromHz: 48_000, toHz: 8000 });
    const spoken = trimmed(voice(name));
    const out = new Int16Array(resampler.maxOutputSamples(spoken.length));
    const count = resampler.processInto(spoken, out);
    for (const x of out.subarray(0, count)) parts.push(x);
    for (let i = 0; i < PAUSE_S * 8000; i++) parts.push(0);
  }
  const line = Int16Array.from(parts, (x) => Math.max(-32768, Math.min(32767, Math.round(x + (random() + random() - 1) * FLOOR_PEAK))));
  return Array.from({ length: Math.floor(line.length / 160) }, (_, i) => line.slice(160 * i, 160 * (i + 1)));
}
