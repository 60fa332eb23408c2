import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createResampler } from '../../voice-node/dsp/resampler.js';
import { readWav } from '../../voice-node/dsp/wav.js';

/** Things that callers say. */
export const PHRASES: readonly string[] = [
  'What time do you open tomorrow morning?',
  'I would like to book a table for two people.',
  'Can you tell me the price of this service?',
  'Please send the bill to my new address.',
  'How long does it take to get there by train?',
  'I want to speak to a person about my account.',
  'Is it going to rain in the city today?',
  'Thank you very much for your help.',
  'Where is the nearest hospital from here?',
  'Good morning, can I talk to the manager?',
];

/** A synthetic voice of flite, at its own level, mono at `rateHz`. */
export function spokenBy(voice: 'rms' | 'slt' | 'kal16' | 'awb', text: string, rateHz: number): Int16Array {
  const folder = mkdtempSync(join(tmpdir(), 'voice-node-spoken-'));
  try {
    const file = join(folder, 'phrase.wav');
    execFileSync('flite', ['-voice', voice, '-t', text, '-o', file]);
    const audio = readWav(readFileSync(file), file);
    return audio.rateHz === rateHz ? audio.samples : createResampler({ fromHz: audio.rateHz, toHz: rateHz }).process(audio.samples);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const words = (text: string): string[] => text.toLowerCase().replace(/[^a-z' ]/g, ' ').split(/\s+/).filter(Boolean);

/** How many words have to be changed, put in or left out to get from one text to the other (Levenshtein), of how many. */
export function wordErrors(said: string, heard: string): { readonly errors: number; readonly words: number } {
  const [reference, guess] = [words(said), words(heard)];
  let row = Array.from({ length: guess.length + 1 }, (_, i) => i);
  for (const [i, word] of reference.entries()) {
    const next = [i + 1];
    for (const [j, other] of guess.entries()) {
      next.push(Math.min((row[j + 1] as number) + 1, (next[j] as number) + 1, (row[j] as number) + (word === other ? 0 : 1)));
    }
    row = next;
  }
  return { errors: row.at(-1) as number, words: reference.length };
}
