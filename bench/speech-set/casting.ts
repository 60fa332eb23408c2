import type { Half } from './format.js';
import type { Package } from './packages.js';
import { Dice } from './sound.js';
import { SPEAKERS } from './speakers.js';
import { takesOf, type Take } from './takes.js';
import { spokenTake, VOICES } from './voices.js';
import { CALLER_SAYS } from './words.js';

/** Recordings looked for, by speaker: prompts are long, and hold the pauses that nobody made. */
const OF_PROMPTS = 150;
const OF_OTHERS = 24;

export interface Cast {
  /** By speaker, each list in a drawn order. */
  readonly callers: ReadonlyMap<string, readonly Take[]>;
  readonly crowd: ReadonlyMap<string, readonly Take[]>;
  readonly synthetic: ReadonlyMap<string, readonly Take[]>;
  readonly refused: number;
}

/** Everybody who speaks in one half. */
export async function castOf(half: Half, packages: ReadonlyMap<string, Package>): Promise<Cast> {
  const callers = new Map<string, readonly Take[]>();
  const crowd = new Map<string, readonly Take[]>();
  let refused = 0;
  for (const speaker of SPEAKERS) {
    const found = packages.get(speaker.package);
    if (speaker.half !== half || found === undefined) continue;
    const casting = await takesOf(speaker, found, speaker.package.startsWith('asterisk') ? OF_PROMPTS : OF_OTHERS);
    refused += casting.refused;
    if (casting.takes.length > 0) (speaker.role === 'caller' ? callers : crowd).set(speaker.id, casting.takes);
  }
  return { callers, crowd, synthetic: await syntheticOf(half), refused };
}

async function syntheticOf(half: Half): Promise<Map<string, readonly Take[]>> {
  const found = new Map<string, readonly Take[]>();
  for (const voice of VOICES) {
    if (voice.half !== half) continue;
    const takes: Take[] = [];
    for (const text of CALLER_SAYS[half][voice.language] ?? []) {
      const take = await spokenTake(voice, text);
      if (take !== undefined) takes.push(take);
    }
    if (takes.length > 0) found.set(voice.id, new Dice(`takes of ${voice.id}`).shuffled(takes));
  }
  return found;
}
