import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { inParallel, recording } from './decode.js';
import type { Half } from './format.js';
import type { Package } from './packages.js';
import { Dice, type Sound } from './sound.js';
import { filesBelow } from './takes.js';

/** Recordings of what is not the caller. No recording is in both halves. */
export interface Bank {
  readonly music: readonly Sound[];
  readonly keys: readonly Sound[];
  readonly street: readonly Sound[];
  readonly alerts: readonly Sound[];
  readonly coughs: readonly Sound[];
  readonly slams: readonly Sound[];
  readonly listeners: readonly Sound[];
}

interface Source {
  readonly package: string;
  readonly folder: string;
  readonly files: RegExp;
  /** Which of them are whose: by a list for each half, or dealt out by turns after a shuffle. */
  readonly halves?: Readonly<Record<Half, RegExp>>;
}

const hedgewars = { package: 'hedgewars-data', folder: 'usr/share/games/hedgewars/Data/Sounds' } as const;

/**
 * Voice packs that one group of actors made are in one half; Russian_pl repeats recordings of Default_pl, Default_uk
 * those of Default, which is left out for being played faster than it was spoken.
 */
const ACTORS = { test: /^voices\/(British|Classic|Mobster|Pirate|Surfer|Russian|Singer|HillBilly)\//, tune: /^voices\/(Default_ru|Default_pl|Default_es)\// } as const;

const SOURCES: Readonly<Record<keyof Bank, readonly Source[]>> = {
  music: [
    { package: 'asterisk-moh-opsound-wav', folder: 'usr/share/asterisk/moh', files: /\.wav$/, halves: { test: /cold_day|manolo|system/, tune: /robot_dity|simplicity/ } },
    { package: 'lincity-ng-data', folder: 'usr/share/games/lincity-ng/music/default', files: /\.ogg$/ },
  ],
  // The two sounds of a key, down and up, are in one half.
  keys: [{ package: 'bucklespring-data', folder: 'usr/share/buckle/wav', files: /^[0-9a-f]+-[01]\.wav$/, halves: { test: /[13579bdf]-/, tune: /[02468ace]-/ } }],
  street: [
    {
      package: 'lincity-ng-data',
      folder: 'usr/share/games/lincity-ng/sounds',
      // Schools, sports grounds, markets and power cuts (Substation) have voices in them.
      files: /^(Tra|Rail|Dirt|Industry|CoalMine|OreMine|Harbor|PowerCoal|Raze|Build|MonumentC|FireStation|Recycle|Blacksmith|Mill|Tip).*\.wav$/,
    },
  ],
  alerts: [
    { package: 'sound-theme-freedesktop', folder: 'usr/share/sounds/freedesktop/stereo', files: /^(?!audio-channel|audio-test).*\.oga$/ },
    { ...hedgewars, files: /^(beep|placed|denied|\d[A-G]|countdown\d|minetick|CollectCrate|shutterclick)\.ogg$/ },
  ],
  coughs: [{ ...hedgewars, files: /PoisonCough\.ogg$/, halves: ACTORS }],
  slams: [
    { package: 'minetest-data', folder: 'usr/share/games/minetest/games/minetest_game/mods', files: /door.*\.ogg$/ },
    { ...hedgewars, files: /^(bump|graveimpact|hammer|mineimpact|grenadeimpact|knife_impact|baseballbat|melonimpact)\.ogg$/ },
  ],
  listeners: [{ ...hedgewars, files: /\/(Hmm|Yessir|Uh-oh)\.ogg$/, halves: ACTORS }],
};

export const BANK_PACKAGES: readonly string[] = [...new Set(Object.values(SOURCES).flatMap((sources) => sources.map((source) => source.package)))];

export async function bankOf(half: Half, packages: ReadonlyMap<string, Package>): Promise<Bank> {
  const entries: [string, Sound[]][] = [];
  for (const [kind, sources] of Object.entries(SOURCES)) {
    const sounds = await Promise.all(sources.map((source) => soundsOf(half, source, packages.get(source.package))));
    entries.push([kind, sounds.flat()]);
  }
  return Object.fromEntries(entries) as unknown as Bank;
}

async function soundsOf(half: Half, source: Source, found: Package | undefined): Promise<Sound[]> {
  if (found === undefined) return [];
  const folder = join(found.root, source.folder);
  const all = filesBelow(folder).filter((name) => source.files.test(name));
  const { halves } = source;
  const mine = halves ? all.filter((name) => halves[half].test(name)) : dealt(half, all, source);
  const sounds = await inParallel(mine, availableParallelism(), (name) => recording(join(folder, name)));
  // Some files of a sound theme are empty on purpose.
  return sounds.filter((sound) => sound.length > 80 && sound.some((x) => Math.abs(x) > 1e-3));
}

function dealt(half: Half, names: readonly string[], source: Source): string[] {
  const shuffled = new Dice(`halves of ${source.package} ${source.folder}`).shuffled(names);
  return shuffled.filter((_, index) => (index % 2 === 0) === (half === 'test'));
}
