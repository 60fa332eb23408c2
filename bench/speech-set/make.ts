import { BANK_PACKAGES, bankOf } from './bank.js';
import { castOf } from './casting.js';
import type { Half, Manifest } from './format.js';
import { fetchPackages } from './packages.js';
import { piecesOf } from './pieces.js';
import { scriptOf } from './script.js';
import { SPEAKERS } from './speakers.js';
import { fingerprint, SetWriter } from './store.js';
import { streamsOf } from './streams.js';
import { summary } from './summary.js';
import { lacks } from './whole.js';

/** Rises with every change of the recipe. */
const RECIPE = 4;

const NOTES: readonly string[] = [
  'Most coughs, all clearings of throats and part of the slams are synthetic; each piece says so in `origin`.',
  'Most backchannels are spoken by espeak-ng and flite.',
  'Home recordings are mostly single words; their turns are joined, see `pauses`.',
  'Far speech is clean speech in a synthetic room. Street noise is recorded engines and works over synthetic traffic.',
  'Additive noise only: no packet loss, no radio link, no Lombard effect, no laughter.',
];

export interface Folders {
  /** Where the set goes; one that is there is replaced when the new one is whole. */
  readonly set: string;
  /** Where packages are kept and unpacked. */
  readonly packages: string;
}

/** Makes the whole set. Throws where it could not be made whole; a set that was there before stays then. */
export async function makeSet(folders: Folders, say: (line: string) => void): Promise<Manifest> {
  const names = [...new Set([...SPEAKERS.map((speaker) => speaker.package), ...BANK_PACKAGES])].sort();
  const packages = await fetchPackages(names, folders.packages, say);
  const missing = names.filter((name) => !packages.has(name));
  if (missing.length > 0) say(`not to be had: ${missing.join(', ')}`);
  const writer = new SetWriter(folders.set);
  try {
    for (const half of ['tune', 'test'] as const) await makeHalf(half, packages, writer, say);
    const sources = [...packages.values()].map(({ name, version, sha256 }) => ({ name, version, sha256 }));
    const manifest = writer.finish({ version: `${RECIPE}`, packages: sources, notes: NOTES });
    const wrong = lacks(manifest);
    const because = missing.length > 0 ? `; packages are missing: ${missing.join(', ')} (try: sudo apt-get update)` : '';
    if (wrong.length > 0) throw new Error(`the set would not be whole${because}\n  ${wrong.join('\n  ')}`);
    writer.seal(manifest);
    say(summary(manifest));
    say(`fingerprint ${fingerprint(manifest)}`);
    return manifest;
  } finally {
    writer.discard();
  }
}

async function makeHalf(half: Half, packages: Parameters<typeof castOf>[1], writer: SetWriter, say: (line: string) => void): Promise<void> {
  say(`${half}: reading recordings ...`);
  const cast = await castOf(half, packages);
  const bank = await bankOf(half, packages);
  say(`${half}: ${[...cast.callers.values(), ...cast.crowd.values()].flat().length} recordings, ${cast.refused} refused`);
  for (const piece of await piecesOf({ half, cast, bank })) writer.addPiece(half, piece);
  say(`${half}: streams ...`);
  for (const stream of streamsOf(scriptOf(half, cast), { half, bank, crowd: [...cast.crowd.values()] })) writer.addStream(stream);
}
