import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../../voice-node/config.js';
import { createResampler } from '../../voice-node/dsp/resampler.js';
import { readWav } from '../../voice-node/dsp/wav.js';
import { PHRASES, spokenBy } from '../rig/spoken.js';
import { trimmed } from '../rig/voices.js';
import { SET_RATE_HZ, type Half, type Manifest } from '../speech-set/format.js';

/** What robots and callers say in one half: int16 values at 8 kHz, without the silence around them, at -26 dBov active. */
export interface Material {
  readonly source: string;
  readonly robots: readonly Float64Array[];
  readonly callers: readonly Float64Array[];
}

const ACTIVE_DBOV = -26;
const SET = join(ROOT, '.cache/speech-set');

/** RMS of the 20 ms frames within 30 dB of the loudest: the level while there is speech. */
export function activeRms(samples: ArrayLike<number>): number {
  const powers: number[] = [];
  for (let at = 0; at + 160 <= samples.length; at += 160) {
    let sum = 0;
    for (let i = at; i < at + 160; i++) sum += (samples[i] as number) ** 2;
    powers.push(sum / 160);
  }
  const loudest = powers.reduce((most, power) => Math.max(most, power), 0);
  const active = powers.filter((power) => power > loudest / 1000);
  return Math.sqrt(active.reduce((sum, power) => sum + power, 0) / Math.max(1, active.length));
}

export const scaled = (samples: ArrayLike<number>, factor: number): Float64Array => Float64Array.from(samples, (x) => x * factor);

export const atLevel = (samples: ArrayLike<number>, dbov: number): Float64Array =>
  scaled(samples, (32768 * 10 ** (dbov / 20)) / Math.max(1e-9, activeRms(samples)));

/** The labelled set's pieces, or synthetic voices where it was not made. */
export function material(half: Half): Material {
  const manifest = join(SET, 'manifest.json');
  return existsSync(manifest) ? fromSet(JSON.parse(readFileSync(manifest, 'utf8')) as Manifest, half) : synthetic(half);
}

function fromSet(set: Manifest, half: Half): Material {
  const of = (kind: string): Float64Array[] =>
    set.pieces
      .filter((piece) => piece.half === half && piece.kind === kind)
      .map(({ file, sound }) => {
        const bytes = readFileSync(join(SET, file));
        const all = new Int16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
        const at = (ms: number): number => Math.round((ms * SET_RATE_HZ) / 1000);
        return atLevel(all.subarray(at(sound.beginMs), at(sound.endMs)), ACTIVE_DBOV);
      });
  return { source: `labelled set ${set.version}`, robots: of('robot'), callers: of('utterance') };
}

const ESPEAK: Readonly<Record<Half, readonly string[]>> = { tune: ['en-gb', 'es+f2', 'ru'], test: ['en-us+m3', 'de+f4', 'fr'] };
const FLITE = { tune: ['rms', 'kal16'], test: ['slt', 'awb'] } as const;

function synthetic(half: Half): Material {
  const voices = [
    ...FLITE[half].map((voice) => PHRASES.map((text) => spokenBy(voice, text, SET_RATE_HZ))),
    ...ESPEAK[half].map((voice) => PHRASES.map((text) => espeak(voice, text))),
  ].map((phrases) => phrases.map((samples) => atLevel(trimmed(samples), ACTIVE_DBOV)));
  // No voice interrupts itself: what one says as the robot, the others say as callers.
  return { source: 'synthetic voices', robots: voices.map(inOneGo), callers: voices.flat() };
}

function inOneGo(phrases: readonly Float64Array[]): Float64Array {
  const gap = Math.round(0.3 * SET_RATE_HZ);
  const all = new Float64Array(phrases.reduce((sum, phrase) => sum + phrase.length + gap, 0));
  let at = 0;
  for (const phrase of phrases) {
    all.set(phrase, at);
    at += phrase.length + gap;
  }
  return all.subarray(0, at - gap);
}

function espeak(voice: string, text: string): Int16Array {
  const folder = mkdtempSync(join(tmpdir(), 'voice-node-espeak-'));
  try {
    const file = join(folder, 'phrase.wav');
    execFileSync('espeak-ng', ['-v', voice, '-w', file, text]);
    const audio = readWav(readFileSync(file), file);
    return createResampler({ fromHz: audio.rateHz, toHz: SET_RATE_HZ }).process(audio.samples);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
