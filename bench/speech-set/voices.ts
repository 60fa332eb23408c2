import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { readWav } from '../../voice-node/dsp/wav.js';
import { throughTelephone } from './band.js';
import type { Half } from './format.js';
import type { Sound } from './sound.js';
import { takeOf, type Take } from './takes.js';

const run = promisify(execFile);

/** A program's voice. Few: they are smoother than people, and detectors were trained on people. */
export interface Voice {
  readonly id: string;
  readonly half: Half;
  readonly language: string;
  readonly engine: 'flite' | 'espeak-ng';
  readonly args: readonly string[];
}

const flite = (half: Half, name: string): Voice => ({ id: `flite-${name}`, half, language: 'en', engine: 'flite', args: ['-voice', name] });
const espeak = (half: Half, language: string, variant: string, wordsPerMinute: number, pitch: number): Voice => ({
  id: `espeak-${language}-${variant}`, half, language: language.slice(0, 2), engine: 'espeak-ng', args: ['-v', `${language}+${variant}`, '-s', String(wordsPerMinute), '-p', String(pitch)],
});

export const VOICES: readonly Voice[] = [
  flite('test', 'slt'), flite('test', 'kal16'), espeak('test', 'en-us', 'm3', 160, 45), espeak('test', 'ru', 'f2', 150, 60), espeak('test', 'de', 'm5', 155, 40), espeak('test', 'en-us', 'f4', 165, 70),
  flite('tune', 'rms'), flite('tune', 'awb'), espeak('tune', 'en-gb', 'm1', 155, 50), espeak('tune', 'ru', 'm2', 145, 40), espeak('tune', 'fr', 'f1', 160, 60), espeak('tune', 'en-gb', 'f3', 170, 65),
];

/** What the voice makes of the text, in the telephone band. */
export async function spoken(voice: Voice, text: string, args: readonly string[] = []): Promise<Sound> {
  const folder = mkdtempSync(join(tmpdir(), 'voice-node-speech-set-'));
  const file = join(folder, 'spoken.wav');
  const command = voice.engine === 'flite' ? ['-t', text, '-o', file] : ['-w', file, text];
  try {
    await run(voice.engine, [...voice.args, ...args, ...command]);
    const { samples, rateHz } = readWav(readFileSync(file), `${voice.engine}'s output`);
    return throughTelephone(samples, rateHz);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall?.startsWith('spawn') !== true) throw error;
    throw new Error(`some voices of the set are synthetic, and there is no command '${voice.engine}'. Run: sudo apt-get install espeak-ng flite`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The same, labelled; undefined where nothing is heard. */
export async function spokenTake(voice: Voice, text: string, args: readonly string[] = []): Promise<Take | undefined> {
  return takeOf(await spoken(voice, text, args), { speaker: voice.id, language: voice.language, origin: 'synthetic', name: text, text });
}
