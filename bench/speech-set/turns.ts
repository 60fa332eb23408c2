import { gaps, SHORTEST_PAUSE_MS } from './labels.js';
import { atActiveLevel } from './levels.js';
import { addInto, type Dice, faded, joined, msOfSamples, samplesOfMs, silence, type Range, type Sound } from './sound.js';
import type { Take } from './takes.js';

/**
 * Where the pauses inside a turn come from: `none` has none; `real` are the speaker's own; `stretched` are the
 * speaker's own gaps of 60 to 200 ms, made longer, so that the voice before them is that of one who goes on;
 * `joined` lie between recordings, so that the voice before them is that of one who has finished.
 */
export type PauseKind = 'none' | 'real' | 'stretched' | 'joined';

export interface BuiltTurn {
  readonly speaker: string;
  readonly language: string;
  readonly origin: 'recorded' | 'synthetic';
  readonly pauses: PauseKind;
  /** At an active level of -26 dBov. */
  readonly sound: Sound;
  readonly segments: readonly Range[];
  readonly text?: string;
}

const LEVEL_DBOV = -26;
export const LONGEST_REAL_PAUSE_MS = 3000;
/** Each pause that is made lies in one of these, chosen with its share: [from ms, to ms, share]. */
const PAUSES_MS = [[200, 350, 0.25], [350, 500, 0.25], [500, 800, 0.25], [800, 1200, 0.19], [1200, 3000, 0.06]] as const;

export function drawnPauseMs(dice: Dice): number {
  let at = dice.between(0, 1);
  for (const [from, to, share] of PAUSES_MS) {
    if (at < share) return dice.between(from, to);
    at -= share;
  }
  return PAUSES_MS[0][0];
}

const about = ({ speaker, language, origin }: Take): Pick<BuiltTurn, 'speaker' | 'language' | 'origin'> => ({ speaker, language, origin });
const said = (text: string | undefined): { readonly text?: string } => (text === undefined ? {} : { text });

/** A take as it is: its pauses are real where it has any. */
export function plainTurn(take: Take): BuiltTurn {
  return { ...about(take), pauses: take.segments.length > 1 ? 'real' : 'none', sound: atActiveLevel(take.sound, LEVEL_DBOV), segments: take.segments, ...said(take.text) };
}

/** A take with one or two of its shortest breaths made into pauses. Its breaths must not be empty. */
export function stretchedTurn(take: Take, dice: Dice): BuiltTurn {
  const chosen = dice.shuffled(take.breaths).slice(0, take.breaths.length > 2 && dice.chance(0.4) ? 2 : 1).sort((a, b) => a.begin - b.begin);
  const parts: Sound[] = [];
  let segments: Range[] = [...take.segments];
  let from = 0;
  let inserted = 0;
  for (const breath of chosen) {
    const cut = (breath.begin + breath.end) >> 1;
    const added = Math.max(0, samplesOfMs(drawnPauseMs(dice)) - (breath.end - breath.begin));
    parts.push(faded(take.sound.slice(from, cut), from === 0 ? 0 : 5, 5), silence(msOfSamples(added)));
    segments = widened(segments, { begin: breath.begin + inserted, end: breath.end + inserted }, added);
    inserted += added;
    from = cut;
  }
  parts.push(faded(take.sound.slice(from), 5, 0));
  return { ...about(take), pauses: 'stretched', sound: atActiveLevel(joined(parts), LEVEL_DBOV), segments, ...said(take.text) };
}

/** Segments after `added` samples have come into a gap inside one of them: it becomes two, the later ones move. */
export function widened(segments: readonly Range[], gap: Range, added: number): Range[] {
  return segments.flatMap(({ begin, end }) => {
    if (end <= gap.begin) return [{ begin, end }];
    if (begin >= gap.end) return [{ begin: begin + added, end: end + added }];
    return [{ begin, end: gap.begin }, { begin: gap.end + added, end: end + added }];
  });
}

/** Takes of one speaker, one after the other with pauses between the labels of one and the next. */
export function joinedTurn(takes: readonly Take[], dice: Dice, pauseMs: (dice: Dice) => number = drawnPauseMs): BuiltTurn {
  const [first] = takes;
  if (first === undefined) throw new Error('expected a take or more to join, got none');
  const placed: { take: Take; at: number }[] = [];
  let spokenUntil = 0;
  for (const take of takes) {
    const begin = (take.segments[0] as Range).begin;
    const at = placed.length === 0 ? 0 : spokenUntil + samplesOfMs(pauseMs(dice)) - begin;
    placed.push({ take, at });
    spokenUntil = at + (take.segments.at(-1) as Range).end;
  }
  const length = Math.max(...placed.map(({ take, at }) => at + take.sound.length));
  const sound = new Float32Array(length);
  for (const { take, at } of placed) addInto(sound, take.sound, at);
  const segments = placed.flatMap(({ take, at }) => take.segments.map(({ begin, end }) => ({ begin: begin + at, end: end + at })));
  const texts = takes.map((take) => take.text);
  const text = texts.every((part) => part !== undefined) ? texts.join(' ') : undefined;
  return { ...about(first), pauses: 'joined', sound: atActiveLevel(sound, LEVEL_DBOV), segments: merged(segments), ...said(text) };
}

/** Where the next recording begins less than a pause later it is one segment. */
function merged(segments: readonly Range[]): Range[] {
  const out: Range[] = [];
  for (const segment of segments) {
    const last = out.at(-1);
    if (last !== undefined && segment.begin - last.end < samplesOfMs(SHORTEST_PAUSE_MS)) out[out.length - 1] = { begin: last.begin, end: segment.end };
    else out.push(segment);
  }
  return out;
}

export const longestPauseMs = (segments: readonly Range[]): number => Math.max(0, ...gaps(segments, 0, Infinity).map(({ begin, end }) => msOfSamples(end - begin)));
export const speechMs = (segments: readonly Range[]): number => msOfSamples(segments.reduce((sum, { begin, end }) => sum + end - begin, 0));
