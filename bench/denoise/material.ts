import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { WIRE_RATE_HZ } from '../../voice-node/domain/audio.js';
import { rms } from '../../voice-node/dsp/level.js';
import { readWav } from '../../voice-node/dsp/wav.js';
import { seeded } from '../rig/random.js';
import { PHRASES, spokenBy } from '../rig/spoken.js';
import type { SpeechSet } from '../rig/speech-set.js';
import { SET_RATE_HZ } from '../speech-set/format.js';
import { fetchPackages } from '../speech-set/packages.js';
import { toRate } from './audio.js';

/** Somebody's words, mono at the wire's rate. */
export interface Spoken {
  readonly text: string;
  readonly samples: Int16Array;
}

/** What the words are spoken and the noises made in: a telephone's band, or all that a browser sends. */
export type Band = 'telephone' | 'full';

export interface Material {
  readonly spoken: readonly Spoken[];
  /** Mono at the wire's rate, by kind, at no particular level. */
  readonly noises: ReadonlyMap<string, Int16Array>;
}

const NOISE_S = 40;
const VOICES = ['slt', 'kal16'] as const;
const TALKERS = 6;

export const materialOf = (band: Band, set: SpeechSet): Promise<Material> => (band === 'telephone' ? Promise.resolve(telephone(set)) : fullBand());

/** The test half of the labelled set: its sentences whose words are known, its noises, and flite through the same band. */
function telephone(set: SpeechSet): Material {
  const wide = (samples: Int16Array): Int16Array => toRate(samples, SET_RATE_HZ, WIRE_RATE_HZ);
  const spoken: Spoken[] = set
    .pieces('test', 'utterance')
    .flatMap((piece) => (piece.text === undefined || !(piece.language ?? '').startsWith('en') ? [] : [{ text: piece.text, samples: wide(set.samples(piece)) }]));
  for (const voice of VOICES) for (const text of PHRASES) spoken.push({ text, samples: wide(spokenBy(voice, text, SET_RATE_HZ)) });
  const noises = new Map<string, Int16Array>();
  for (const stream of set.streams('test')) {
    const kind = stream.condition.noise;
    if (stream.kind === 'noise' && kind !== undefined && KINDS.includes(kind)) noises.set(kind, wide(set.samples(stream).subarray(0, NOISE_S * SET_RATE_HZ)));
  }
  const crowd = (['tune', 'test'] as const).flatMap((half) => set.pieces(half, 'robot')).slice(0, TALKERS);
  noises.set('babble', wide(together(crowd.map((piece) => set.samples(piece)), NOISE_S * SET_RATE_HZ)));
  return { spoken, noises };
}

const KINDS: readonly string[] = ['white', 'pink', 'music', 'typing', 'street'];

/** Recordings read aloud (16 kHz) and flite; noises with everything up to 20 kHz that they have. */
async function fullBand(): Promise<Material> {
  const folder = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'voice-node', 'speech-packages');
  const packages = await fetchPackages(['pocketsphinx-testdata', 'bucklespring-data', 'lincity-ng-data'], folder, (line) => console.log(line));
  const below = (name: string, path: string): string => {
    const found = packages.get(name);
    if (found === undefined) throw new Error(`expected the Debian package ${name}, got none`);
    return join(found.root, path);
  };
  const spoken = readAloud(below('pocketsphinx-testdata', 'usr/share/pocketsphinx/test/data/librivox'));
  for (const voice of VOICES) for (const text of PHRASES) spoken.push({ text, samples: spokenBy(voice, text, WIRE_RATE_HZ) });
  const count = NOISE_S * WIRE_RATE_HZ;
  const talkers = ([['rms', 0], ['awb', 2], ['rms', 4], ['awb', 6], ['rms', 7], ['awb', 9]] as const).map(([voice, from]) => spokenBy(voice, [...PHRASES.slice(from), ...PHRASES.slice(0, from)].join(' '), WIRE_RATE_HZ));
  const noises = new Map([
    ['white', white(count)],
    ['pink', pink(count)],
    ['babble', together(talkers, count)],
    ['typing', typed(recordings(below('bucklespring-data', 'usr/share/buckle/wav'), /^[0-9a-f]*[13579bdf]-[01]\.wav$/), count)],
    ['street', joined(recordings(below('lincity-ng-data', 'usr/share/games/lincity-ng/sounds'), /^(Trafic|Rail).*\.wav$/))],
  ]);
  return { spoken, noises };
}

/** `transcription` has a line for each recording: <s> words </s> (name). */
function readAloud(folder: string): Spoken[] {
  return readFileSync(join(folder, 'transcription'), 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [, text, name] = /<s> (.*) <\/s> \((.*)\)/.exec(line) ?? [];
      if (text === undefined || name === undefined) return [];
      const { samples, rateHz } = readWav(readFileSync(join(folder, `${name}.wav`)), name);
      return [{ text, samples: toRate(samples, rateHz, WIRE_RATE_HZ) }];
    });
}

function recordings(folder: string, names: RegExp): Int16Array[] {
  const sox = (file: string): Int16Array => {
    const raw = execFileSync('sox', ['-D', '-V1', join(folder, file), '-r', String(WIRE_RATE_HZ), '-c', '1', '-b', '16', '-e', 'signed-integer', '-t', 'raw', '-'], { maxBuffer: 1e9 });
    return new Int16Array(raw.buffer.slice(raw.byteOffset, raw.byteOffset + (raw.byteLength & ~1)));
  };
  return readdirSync(folder).filter((file) => names.test(file)).sort().map(sox);
}

/** A sum of two dozen bits' worth of uniform numbers is as good as normal here. */
function white(count: number): Int16Array {
  const random = seeded(11);
  return Int16Array.from({ length: count }, () => 3000 * (random() + random() + random() + random() - 2));
}

/** -3 dB an octave: P. Kellet's three poles for 44.1 kHz, near enough at 48. */
function pink(count: number): Int16Array {
  const [a, b, c] = [{ pole: 0.99765, gain: 0.099 }, { pole: 0.963, gain: 0.2965 }, { pole: 0.57, gain: 1.0527 }].map((each) => ({ ...each, state: 0 })) as [Pole, Pole, Pole];
  return white(count).map((x) => {
    let sum = 0.1848 * x;
    for (const each of [a, b, c]) sum += each.state = each.pole * each.state + each.gain * x;
    return sum / 4;
  });
}

interface Pole {
  readonly pole: number;
  readonly gain: number;
  state: number;
}

/** All at once, equally loud, each again and again. */
function together(voices: readonly Int16Array[], count: number): Int16Array {
  const levels = voices.map((voice) => 2000 / Math.max(1, rms(voice)));
  return Int16Array.from({ length: count }, (_, i) => {
    const sum = voices.reduce((all, voice, k) => all + (levels[k] as number) * (voice[(i + k * 5011) % voice.length] as number), 0);
    return Math.max(-32_768, Math.min(32_767, sum / 2));
  });
}

/** Four to twelve keys a second. */
function typed(keys: readonly Int16Array[], count: number): Int16Array {
  const random = seeded(5);
  const out = new Int16Array(count);
  for (let at = 0; at < count; at += Math.round(WIRE_RATE_HZ * (0.08 + 0.17 * random()))) {
    const key = keys[Math.floor(random() * keys.length)] ?? new Int16Array(0);
    for (let i = 0; i < key.length && at + i < count; i++) out[at + i] = (out[at + i] as number) + (key[i] as number) / 2;
  }
  return out;
}

function joined(parts: readonly Int16Array[]): Int16Array {
  const out = new Int16Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
