import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { promisify } from 'node:util';
import type { Audio } from '../../voice-node/domain/audio.js';
import { RESAMPLER_RATES_HZ } from '../../voice-node/dsp/resampler-plan.js';
import { readWav, readWavHeader } from '../../voice-node/dsp/wav.js';
import { throughTelephone } from './band.js';
import type { Sound } from './sound.js';

const run = promisify(execFile);
const NO_SOX = "the recordings are Ogg Vorbis in part, and there is no command 'sox' to decode them. Run: sudo apt-get install sox";

/** Reads any recording as a caller's line would carry it. Headerless files are int16 at `rawRateHz`. */
export async function recording(path: string, rawRateHz = 8000): Promise<Sound> {
  const { samples, rateHz } = await decoded(path, rawRateHz);
  return throughTelephone(samples, rateHz);
}

async function decoded(path: string, rawRateHz: number): Promise<Audio> {
  if (extname(path) === '.raw') return { rateHz: rawRateHz, samples: int16Of(await readFile(path)) };
  if (extname(path) === '.wav') {
    const bytes = await readFile(path);
    if (typeof readWavHeader(bytes) === 'object') return readWav(bytes, path);
  }
  const audio = readWav(await throughSox(path), path);
  // Somebody recorded at 128 kHz.
  return RESAMPLER_RATES_HZ.includes(audio.rateHz) ? audio : readWav(await throughSox(path, ['rate', '48k']), path);
}

/** -D: no dither, which would be noise in the silence of a clean recording. */
async function throughSox(path: string, effects: readonly string[] = []): Promise<Uint8Array> {
  try {
    const { stdout } = await run('sox', ['-D', '-V1', path, '-b', '16', '-e', 'signed-integer', '-t', 'wav', '-', ...effects], { encoding: 'buffer', maxBuffer: 1e9 });
    return stdout;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw new Error(NO_SOX);
    throw new Error(`${path}: sox could not decode it: ${String((error as { stderr?: unknown }).stderr ?? error).trim()}`);
  }
}

const int16Of = (bytes: Uint8Array): Int16Array => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Int16Array.from({ length: bytes.length >> 1 }, (_, i) => view.getInt16(2 * i, true));
};

/** Works on all of them, `width` at a time; the answers come in the order of the questions. */
export async function inParallel<T, R>(items: readonly T[], width: number, work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      const index = next++;
      results[index] = await work(items[index] as T);
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, worker));
  return results;
}
