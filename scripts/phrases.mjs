#!/usr/bin/env node
// node scripts/phrases.mjs: makes phrases/*.wav again, what callers hear when nothing helps and the robot has no words of its own.
// Synthesised by flite (English) and espeak-ng (Russian): 16 kHz, mono, without silence around it, -20 dBFS.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureBuilt } from './lib/build.mjs';
import { explain, inRoot, requireNode, requirePackages } from './lib/checkout.mjs';
import { needOffline } from './lib/offline.mjs';

const VOICES = {
  en: { command: 'flite', args: ['-voice', 'slt', '-f', '-', '-o'] },
  ru: { command: 'espeak-ng', args: ['--stdin', '-b', '1', '-v', 'ru', '-s', '150', '-w'] },
};
/** By file: an apology, what is said after a call was cut off, and before one is ended. phrases/README.md lists them. */
const PHRASES = {
  en: 'Sorry, something went wrong. Please say that again.',
  'en-back': 'Sorry, we were cut off. Please go on.',
  'en-goodbye': "I'm sorry, I have to end this call now. Goodbye.",
  ru: 'Извините, что-то пошло не так. Повторите, пожалуйста.',
  'ru-back': 'Извините, связь прервалась. Продолжайте, пожалуйста.',
  'ru-goodbye': 'Извините, мне нужно закончить разговор. До свидания.',
};
const RATE_HZ = 16_000;
const LEVEL_DBFS = -20;
/** Quieter than this below the loudest frame is no speech. */
const SILENCE_DB = 40;
const FRAME = RATE_HZ / 100;
const KEPT_FRAMES = 3;

requireNode();
requirePackages();
try {
  await ensureBuilt();
  await needOffline();
  await make();
} catch (error) {
  process.stderr.write(`phrases: ${explain(error)}\n`);
  process.exitCode = 1;
}

async function make() {
  const built = (name) => import(pathToFileURL(inRoot('dist', 'voice-node', name)).href);
  const { createResampler } = await built('dsp/resampler.js');
  const { readWav, writeWav } = await built('dsp/wav.js');
  const folder = mkdtempSync(join(tmpdir(), 'voice-node-phrases-'));
  try {
    for (const [name, text] of Object.entries(PHRASES)) {
      const { command, args } = VOICES[name.slice(0, 2)];
      const file = join(folder, `${name}.wav`);
      execFileSync(command, [...args, file], { input: text });
      const { samples, rateHz } = readWav(readFileSync(file), file);
      const audio = rateHz === RATE_HZ ? samples : createResampler({ fromHz: rateHz, toHz: RATE_HZ, profile: 'archive' }).process(samples);
      const out = levelled(trimmed(audio));
      writeFileSync(inRoot('phrases', `${name}.wav`), writeWav({ samples: out, rateHz: RATE_HZ }));
      process.stdout.write(`phrases/${name}.wav: ${(out.length / RATE_HZ).toFixed(2)} s, peak ${(20 * Math.log10(Math.max(...out.map(Math.abs)) / 32768)).toFixed(1)} dBFS\n`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Mean power of each 10 ms. */
function powers(samples) {
  const found = [];
  for (let at = 0; at + FRAME <= samples.length; at += FRAME) found.push(samples.subarray(at, at + FRAME).reduce((sum, x) => sum + x * x, 0) / FRAME);
  return found;
}

function loudFrames(samples) {
  const all = powers(samples);
  const floor = Math.max(...all) / 10 ** (SILENCE_DB / 10);
  return all.map((power) => power > floor);
}

function trimmed(samples) {
  const loud = loudFrames(samples);
  return samples.slice(Math.max(0, loud.indexOf(true) - KEPT_FRAMES) * FRAME, (loud.lastIndexOf(true) + 1 + KEPT_FRAMES) * FRAME);
}

/** The active level (pauses not counted) at LEVEL_DBFS, unless that would clip. */
function levelled(samples) {
  const loud = loudFrames(samples);
  const active = powers(samples).filter((_, i) => loud[i]);
  const rms = Math.sqrt(active.reduce((sum, power) => sum + power, 0) / active.length);
  const peak = samples.reduce((most, x) => Math.max(most, Math.abs(x)), 1);
  const gain = Math.min((32_768 * 10 ** (LEVEL_DBFS / 20)) / rms, 32_000 / peak);
  return samples.map((x) => Math.round(gain * x));
}
