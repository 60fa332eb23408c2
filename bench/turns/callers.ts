import { homedir } from 'node:os';
import { join } from 'node:path';
import { gaps } from '../speech-set/labels.js';
import { lineFloor, throughMuLaw } from '../speech-set/line.js';
import { fetchPackages } from '../speech-set/packages.js';
import { addInto, Dice, joined, msOfSamples, samplesOfMs, silence, type Sound } from '../speech-set/sound.js';
import { SPEAKERS, type Speaker } from '../speech-set/speakers.js';
import { takesOf, type Take } from '../speech-set/takes.js';
import { drawnPauseMs } from '../speech-set/turns.js';
import type { InnerPause, Talk, TalkTurn } from './talk.js';

/** Those who read whole sentences, and many of them. */
const CALLERS = ['june-fr', 'carlo-it', 'armelle-fr', 'es-co', 'allison-en', 'allison-es', 'menardi-it', 'ivrvoice-ru'];
const MOST_TAKES = 160;
/** Shorter recordings are pieces of sentences ("you have"), spoken to be joined. */
const SHORTEST_TURN_MS = 1200;
/** Shorter gaps are closures of stops. */
const SHORTEST_BREATH_MS = 120;
const BETWEEN_TURNS_MS = [2600, 3400] as const;
const PACKAGES = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'voice-node', 'speech-packages');

/**
 * Calls: one voice from the beginning to the end, so that what hearing learns of a speaker is worth something. What is
 * heard before a pause is how a speaker really sounds who goes on; only how long he is silent is drawn, as for the
 * pauses of the labelled set. The halves are those of the set.
 */
export async function recordedCalls(say: (line: string) => void): Promise<Talk[]> {
  const speakers = SPEAKERS.filter(({ id }) => CALLERS.includes(id));
  const packages = await fetchPackages([...new Set(speakers.map((speaker) => speaker.package))], PACKAGES, say);
  const talks: Talk[] = [];
  for (const speaker of speakers) {
    const found = packages.get(speaker.package);
    if (found === undefined) say(`${speaker.package}: not to be had, left out`);
    else talks.push(callOf(speaker, (await takesOf(speaker, found, MOST_TAKES)).takes));
  }
  return talks;
}

function callOf({ id, half }: Speaker, takes: readonly Take[]): Talk {
  const dice = new Dice(`a call of ${id}`);
  const parts: Sound[] = [];
  const turns: TalkTurn[] = [];
  let at = 0;
  const add = (part: Sound): void => {
    parts.push(part);
    at += part.length;
  };
  for (const take of takes) {
    const { sound, segments } = take;
    if ((segments.at(-1)?.end ?? 0) - (segments[0]?.begin ?? 0) < samplesOfMs(SHORTEST_TURN_MS)) continue;
    add(silence(dice.between(...BETWEEN_TURNS_MS)));
    const start = at;
    const pauses: InnerPause[] = [];
    let from = 0;
    for (const gap of gapsOf(take)) {
      const recorded = gap.end - gap.begin;
      const cut = (gap.begin + gap.end) >> 1;
      const more = Math.max(0, samplesOfMs(drawnPauseMs(dice)) - recorded);
      const begin = at + gap.begin - from;
      add(sound.subarray(from, cut));
      add(new Float32Array(more));
      from = cut;
      pauses.push({ origin: gap.origin, beginMs: msOfSamples(begin), endMs: msOfSamples(begin + recorded + more) });
    }
    const endMs = msOfSamples(at + (segments.at(-1)?.end ?? 0) - from);
    add(sound.subarray(from));
    turns.push({ speaker: id, beginMs: msOfSamples(start + (segments[0]?.begin ?? 0)), endMs, pauses });
  }
  add(silence(BETWEEN_TURNS_MS[1]));
  const all = joined(parts);
  addInto(all, lineFloor(all.length, `line of ${id}`), 0);
  return { name: id, half, samples: throughMuLaw(all), turns };
}

const gapsOf = ({ segments, breaths }: Take) =>
  [
    ...gaps(segments, 0, Infinity).map((gap) => ({ ...gap, origin: 'lengthened' as const })),
    ...breaths.filter(({ begin, end }) => end - begin >= samplesOfMs(SHORTEST_BREATH_MS)).map((gap) => ({ ...gap, origin: 'stretched' as const })),
  ].sort((a, b) => a.begin - b.begin);
