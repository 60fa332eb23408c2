import type { Half, Manifest, PieceKind, Stream } from './format.js';
import { BURSTS, BURST_KINDS, NOISE_KINDS, NOISE_MINUTES, SNRS_DB } from './streams.js';

/** What a half must have at least to be worth measuring on. */
const LEAST_PIECES: Readonly<Record<PieceKind, number>> = { utterance: 40, backchannel: 40, cough: 15, slam: 15, typing: 15, far_speech: 15, robot: 6 };
const LEAST_TURNS = 120;
const LEAST_SPEAKERS = 25;
const LEAST_LANGUAGES = 10;
const LEAST_UTTERANCE_SPEAKERS = 15;
/** What a robot says has to outlast whatever happens while it speaks. */
const LEAST_ROBOT_MS = 30_000;
const DIALOGUES = 3 + 6 * SNRS_DB.length;

/** What the set lacks, in words; nothing where it is whole. */
export function lacks(manifest: Pick<Manifest, 'streams' | 'pieces'>): string[] {
  return [...(['tune', 'test'] as const).flatMap((half) => halfLacks(manifest, half)), ...shared(manifest)];
}

function halfLacks({ streams, pieces }: Pick<Manifest, 'streams' | 'pieces'>, half: Half): string[] {
  const mine = streams.filter((stream) => stream.half === half);
  const turns = mine.find((stream) => stream.kind === 'dialogue')?.turns ?? [];
  const noise = mine.filter((stream) => stream.kind === 'noise');
  const utterances = pieces.filter((piece) => piece.half === half && piece.kind === 'utterance');
  const counts: [string, number, number][] = [
    ['dialogues', mine.filter((stream) => stream.kind === 'dialogue').length, DIALOGUES],
    ['turns', turns.length, LEAST_TURNS],
    ['speakers of turns', new Set(turns.map((turn) => turn.speaker)).size, LEAST_SPEAKERS],
    ['languages', new Set(turns.map((turn) => turn.language)).size, LEAST_LANGUAGES],
    ['kinds of burst', mine.filter((stream) => stream.kind === 'bursts' && stream.bursts.length >= BURSTS[half]).length, BURST_KINDS.length],
    ['kinds of noise alone', noise.filter((stream) => stream.durationMs >= 2 * 60_000 * NOISE_MINUTES[half]).length, NOISE_KINDS.length],
    ['robots of 30 s', pieces.filter((piece) => piece.half === half && piece.kind === 'robot' && piece.durationMs >= LEAST_ROBOT_MS).length, LEAST_PIECES.robot],
    ['speakers of utterances', new Set(utterances.map((piece) => piece.speaker)).size, LEAST_UTTERANCE_SPEAKERS],
    ...Object.entries(LEAST_PIECES).map(([kind, least]): [string, number, number] => [`pieces of ${kind}`, pieces.filter((piece) => piece.half === half && piece.kind === kind).length, least]),
  ];
  return counts.filter(([, have, least]) => have < least).map(([what, have, least]) => `${half}: ${have} ${what}, at least ${least} are needed`);
}

const speakersOf = (streams: readonly Stream[], half: Half): Set<string> =>
  new Set(streams.filter((stream) => stream.half === half).flatMap((stream) => stream.turns.map((turn) => turn.speaker)));

function shared({ streams }: Pick<Manifest, 'streams'>): string[] {
  const tune = speakersOf(streams, 'tune');
  const both = [...speakersOf(streams, 'test')].filter((speaker) => tune.has(speaker));
  return both.length > 0 ? [`speakers in both halves: ${both.join(', ')}`] : [];
}
