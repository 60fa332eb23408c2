import { existsSync, readdirSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { inParallel, recording } from './decode.js';
import { labelled } from './labels.js';
import { atActiveLevel } from './levels.js';
import type { Package } from './packages.js';
import { Dice, faded, samplesOfMs, type Range, type Sound } from './sound.js';
import type { Speaker } from './speakers.js';

/** A recording with more noise of its own than this would teach the wrong thing. */
export const LEAST_SNR_DB = 30;
/** What is kept before the first and after the last label: soft beginnings and ends belong to the sound. */
const BEFORE_MS = 80;
const AFTER_MS = 160;
/** The level that recordings are kept at until they are used. */
export const KEPT_AT_DBOV = -26;
const LONGEST_MS = 14_000;
/** Where most recordings of somebody are unfit, looking at all of them is not worth the time. */
const TRIES = 3;
const BATCH = 12;

/** One recording of one speaker, at an active level of -26 dBov, with labels in its samples. */
export interface Take {
  readonly speaker: string;
  readonly language: string;
  /** Recorded from a person, or made by a program. */
  readonly origin: 'recorded' | 'synthetic';
  readonly name: string;
  readonly sound: Sound;
  readonly segments: readonly Range[];
  readonly breaths: readonly Range[];
  readonly snrDb: number;
  readonly text?: string;
}

export interface Casting {
  readonly takes: readonly Take[];
  /** Recordings that were looked at and found unfit. */
  readonly refused: number;
}

/** Up to `most` fit recordings of a speaker, the same ones whenever the package is the same. */
export async function takesOf(speaker: Speaker, found: Package, most: number): Promise<Casting> {
  const folder = join(found.root, speaker.folder);
  const names = filesBelow(folder).filter((name) => speaker.files.test(name));
  const queue = new Dice(`files of ${speaker.id}`).shuffled(names).slice(0, TRIES * most);
  const takes: Take[] = [];
  let refused = 0;
  for (let at = 0; at < queue.length && takes.length < most; at += BATCH) {
    const parts = (await inParallel(queue.slice(at, at + BATCH), availableParallelism(), (name) => takesIn(speaker, folder, name))).flat();
    const fit = parts.filter((take) => take !== undefined);
    refused += parts.length - fit.length;
    takes.push(...fit);
  }
  return { takes: takes.slice(0, most), refused };
}

async function takesIn(speaker: Speaker, folder: string, name: string): Promise<(Take | undefined)[]> {
  const text = speaker.texts?.get(name);
  const about = { speaker: speaker.id, language: speaker.language, origin: 'recorded', name, ...(text !== undefined && { text }) } as const;
  return split(await recording(join(folder, name), speaker.rawRateHz)).map((part) => takeOf(part, about));
}

/** Sorted, so that the order of a folder on a disk does not matter. Links name recordings a second time: left out. */
export function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .filter((name) => statSync(join(folder, name)).size > 0)
    .sort();
}

/** Labels a clean recording and brings it to its level; undefined where it is unfit. */
export function takeOf(sound: Sound, about: Omit<Take, 'sound' | 'segments' | 'breaths' | 'snrDb'>): Take | undefined {
  const labels = labelled(sound);
  if (labels === undefined || labels.snrDb < LEAST_SNR_DB) return undefined;
  const from = Math.max(0, (labels.segments[0] as Range).begin - samplesOfMs(BEFORE_MS));
  const to = Math.min(sound.length, (labels.segments.at(-1) as Range).end + samplesOfMs(AFTER_MS));
  const moved = ({ begin, end }: Range): Range => ({ begin: begin - from, end: end - from });
  return {
    ...about,
    sound: atActiveLevel(faded(sound.slice(from, to), 10, 30), KEPT_AT_DBOV),
    segments: labels.segments.map(moved),
    breaths: labels.breaths.map(moved),
    snrDb: labels.snrDb,
  };
}

/** A long recording becomes several, cut in the middle of its pauses. */
function split(sound: Sound): Sound[] {
  if (sound.length <= samplesOfMs(LONGEST_MS)) return [sound];
  const segments = labelled(sound)?.segments ?? [];
  const parts: Sound[] = [];
  let from = 0;
  for (let i = 1; i < segments.length; i++) {
    const [end, begin] = [(segments[i - 1] as Range).end, (segments[i] as Range).begin];
    const middle = (end + begin) >> 1;
    const enough = middle - from > samplesOfMs(LONGEST_MS / 2) || begin - end > samplesOfMs(1500);
    if (!enough) continue;
    parts.push(sound.slice(from, middle));
    from = middle;
  }
  return [...parts, sound.slice(from)];
}
