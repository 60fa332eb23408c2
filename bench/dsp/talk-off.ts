import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

import type { Audio } from '../../voice-node/domain/audio.js';
import { DtmfDetector } from '../../voice-node/dsp/dtmf-detector.js';
import { readWav, readWavHeader } from '../../voice-node/dsp/wav.js';

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
    const sound = readMono(readFileSync(path));
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
function readMono(bytes: Uint8Array): Audio | undefined {
  const header = readWavHeader(bytes);
  return typeof header === 'object' && header.channels === 1 && header.rateHz >= 8000 ? readWav(bytes) : undefined;
}
