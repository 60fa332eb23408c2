import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

import { DtmfDetector } from '../../voice-node/dsp/dtmf-detector.js';

export interface TalkOff {
  readonly files: number;
  readonly minutes: number;
  readonly keys: readonly { readonly file: string; readonly key: string; readonly atSample: number }[];
}

/** Runs the DTMF detector over every mono 16-bit WAV below `folder`: speech, in which there is no key. */
export function measureTalkOff(folder: string): TalkOff {
  const keys: { file: string; key: string; atSample: number }[] = [];
  let files = 0;
  let seconds = 0;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith('.wav')) continue;
    const path = join(entry.parentPath, entry.name);
    const sound = readWav(readFileSync(path));
    if (sound === undefined) continue;
    files++;
    seconds += sound.samples.length / sound.rateHz;
    const file = relative(folder, path);
    const detector = new DtmfDetector({ rateHz: sound.rateHz, onKey: (key, atSample) => void keys.push({ file, key, atSample }) });
    detector.push(sound.samples);
  }
  return { files, minutes: seconds / 60, keys };
}

/** Samples of a mono 16-bit PCM RIFF file; undefined for anything else. */
function readWav(bytes: Buffer): { samples: Int16Array; rateHz: number } | undefined {
  if (bytes.length < 44 || bytes.toString('latin1', 0, 4) !== 'RIFF') return undefined;
  let rateHz = 0;
  for (let at = 12; at + 8 <= bytes.length; ) {
    const length = bytes.readUInt32LE(at + 4);
    const id = bytes.toString('latin1', at, at + 4);
    if (id === 'fmt ') {
      if (bytes.readUInt16LE(at + 8) !== 1 || bytes.readUInt16LE(at + 10) !== 1 || bytes.readUInt16LE(at + 22) !== 16) return undefined;
      rateHz = bytes.readUInt32LE(at + 12);
    }
    if (id === 'data' && rateHz >= 8000) {
      const count = Math.floor(Math.min(length, bytes.length - at - 8) / 2);
      const samples = new Int16Array(count);
      for (let i = 0; i < count; i++) samples[i] = bytes.readInt16LE(at + 8 + 2 * i);
      return { samples, rateHz };
    }
    at += 8 + length + (length % 2);
  }
  return undefined;
}
