import type { Half, Manifest, PieceKind, SpokenTurn, Stream } from './format.js';

/** What is in the set, as a text of tables. */
export function summary(manifest: Manifest): string {
  return (['tune', 'test'] as const).map((half) => ofHalf(manifest, half)).join('\n');
}

const seconds = (ms: number): string => (ms / 1000).toFixed(0);
const minutes = (ms: number): string => (ms / 60_000).toFixed(1);

function ofHalf(manifest: Manifest, half: Half): string {
  const streams = manifest.streams.filter((stream) => stream.half === half);
  const dialogue = streams.find((stream) => stream.kind === 'dialogue');
  const lines = [`== ${half}`, ...(dialogue ? aboutTurns(dialogue) : [])];
  lines.push('  stream                        minutes  turns  bursts');
  for (const { name, durationMs, turns, bursts } of streams) {
    lines.push(`  ${name.padEnd(30)}${minutes(durationMs).padStart(6)}${String(turns.length).padStart(7)}${String(bursts.length).padStart(8)}`);
  }
  lines.push('  pieces       count  recorded  speakers  seconds (least, median, most)');
  for (const kind of ['utterance', 'backchannel', 'cough', 'slam', 'typing', 'far_speech', 'robot'] as const) lines.push(aboutPieces(manifest, half, kind));
  return lines.join('\n');
}

function aboutTurns({ turns, durationMs }: Stream): string[] {
  const pauses = (kind: SpokenTurn['pauses']): number[] => turns.filter((turn) => turn.pauses === kind).flatMap(pausesOf).sort((a, b) => a - b);
  const speech = turns.flatMap((turn) => turn.segments).reduce((sum, { beginMs, endMs }) => sum + endMs - beginMs, 0);
  const distinct = (of: (turn: SpokenTurn) => unknown): number => new Set(turns.map(of)).size;
  const count = (kind: SpokenTurn['pauses']): number => turns.filter((turn) => turn.pauses === kind).length;
  return [
    `  ${turns.length} turns of ${distinct((turn) => turn.speaker)} speakers in ${distinct((turn) => turn.language)} languages; ${turns.flatMap((turn) => turn.segments).length} segments, ${seconds(speech)} s of speech in ${seconds(durationMs)} s`,
    `  ${turns.filter((turn) => turn.origin === 'synthetic').length} turns synthetic, ${turns.filter((turn) => turn.text !== undefined).length} with known words`,
    ...(['none', 'real', 'stretched', 'joined'] as const).map((kind) => `  pauses ${kind}: ${count(kind)} turns, ${pauses(kind).length} pauses, ms ${quantiles(pauses(kind))}`),
  ];
}

const pausesOf = ({ segments }: SpokenTurn): number[] => segments.slice(1).map(({ beginMs }, i) => beginMs - (segments[i]?.endMs ?? beginMs));

const quantiles = (sorted: readonly number[]): string =>
  sorted.length === 0 ? '-' : [0, 0.25, 0.5, 0.75, 1].map((share) => (sorted[Math.round(share * (sorted.length - 1))] as number).toFixed(0)).join(' / ');

function aboutPieces({ pieces }: Manifest, half: Half, kind: PieceKind): string {
  const mine = pieces.filter((piece) => piece.half === half && piece.kind === kind);
  const lengths = mine.map(({ sound }) => (sound.endMs - sound.beginMs) / 1000).sort((a, b) => a - b);
  const at = (share: number): string => (lengths[Math.round(share * (lengths.length - 1))] ?? 0).toFixed(1);
  const recorded = mine.filter((piece) => piece.origin === 'recorded').length;
  return `  ${kind.padEnd(13)}${String(mine.length).padStart(5)}${String(recorded).padStart(10)}${String(new Set(mine.map((piece) => piece.speaker)).size).padStart(10)}  ${at(0)}, ${at(0.5)}, ${at(1)}`;
}
