import type { Cast } from './casting.js';
import type { Half } from './format.js';
import { Dice, msOfSamples } from './sound.js';
import { joinedTurn, LONGEST_REAL_PAUSE_MS, longestPauseMs, plainTurn, speechMs, stretchedTurn, type BuiltTurn } from './turns.js';
import type { Take } from './takes.js';

/** How many turns of each kind, the synthetic ones apart. */
export interface Shares {
  readonly real: number;
  readonly stretched: number;
  readonly joined: number;
  readonly none: number;
  readonly synthetic: number;
}
export const SHARES: Shares = { real: 62, stretched: 32, joined: 32, none: 34, synthetic: 8 };

const LONGEST_TURN_MS = 12_000;
/** Words read one by one are joined to turns of this many. */
const JOINED_OF = [2, 4] as const;
const SHORT_TAKE_MS = 3000;
const LONG_PAUSE_MS = 350;

/** What one speaker has not said yet. */
interface Spare {
  readonly takes: Take[];
}

/** Turns of a half, the turns of one speaker together (a call), in a drawn order of speakers. No recording is used twice. */
export function scriptOf(half: Half, cast: Cast, shares: Shares = SHARES): BuiltTurn[] {
  const dice = new Dice(`script of ${half}`);
  const spare = new Map([...cast.callers].map(([id, takes]): [string, Spare] => [id, { takes: takes.filter((take) => msOfSamples(take.sound.length) < LONGEST_TURN_MS) }]));
  const turns: BuiltTurn[] = [];
  const deal = (count: number, make: (spare: Spare) => BuiltTurn | undefined): void => void turns.push(...dealt(count, dice, spare, make));
  // What fewest recordings are fit for comes first.
  deal(shares.real, (from) => take(from, isReal, plainTurn, longPausesFirst));
  deal(shares.stretched, (from) => take(from, isStretchable, (found) => stretchedTurn(found, dice)));
  deal(shares.joined, (from) => joinedOf(from, dice));
  deal(shares.none, (from) => take(from, (found) => found.segments.length === 1 && speechMs(found.segments) > 300, plainTurn));
  turns.push(...syntheticTurns(cast, dice, shares.synthetic));
  return inCalls(turns, dice);
}

const isReal = ({ segments }: Take): boolean => segments.length > 1 && longestPauseMs(segments) <= LONGEST_REAL_PAUSE_MS;
const isStretchable = ({ segments, breaths, sound }: Take): boolean => segments.length === 1 && breaths.length > 0 && msOfSamples(sound.length) > 1200;

/** Round after round over the speakers, one turn of each who still has something fit. */
function dealt(count: number, dice: Dice, spare: ReadonlyMap<string, Spare>, make: (spare: Spare) => BuiltTurn | undefined): BuiltTurn[] {
  const turns: BuiltTurn[] = [];
  let waiting = dice.shuffled([...spare.values()]);
  while (turns.length < count && waiting.length > 0) {
    waiting = waiting.filter((from) => {
      if (turns.length >= count) return false;
      const turn = make(from);
      if (turn !== undefined) turns.push(turn);
      return turn !== undefined;
    });
  }
  return turns;
}

/** Most pauses of people who read are just over 200 ms: what is longer is rarer, and says more about ends of turns. */
const longPausesFirst = (a: Take, b: Take): number => Number(longestPauseMs(b.segments) >= LONG_PAUSE_MS) - Number(longestPauseMs(a.segments) >= LONG_PAUSE_MS);

function take(from: Spare, fit: (take: Take) => boolean, make: (take: Take) => BuiltTurn, order?: (a: Take, b: Take) => number): BuiltTurn | undefined {
  const best = (order ? [...from.takes].sort(order) : from.takes).find(fit);
  const index = best === undefined ? -1 : from.takes.indexOf(best);
  const [found] = index < 0 ? [] : from.takes.splice(index, 1);
  return found === undefined ? undefined : make(found);
}

function joinedOf(from: Spare, dice: Dice): BuiltTurn | undefined {
  const [least, most] = JOINED_OF;
  const wanted = least + dice.below(most - least + 1);
  const short = from.takes.filter((found) => msOfSamples(found.sound.length) < SHORT_TAKE_MS && found.segments.length === 1).slice(0, wanted);
  if (short.length < least) return undefined;
  from.takes.splice(0, from.takes.length, ...from.takes.filter((found) => !short.includes(found)));
  return joinedTurn(short, dice);
}

function syntheticTurns(cast: Cast, dice: Dice, count: number): BuiltTurn[] {
  const all = dice.shuffled([...cast.synthetic.values()].flatMap((takes) => [...takes.slice(0, 3)]));
  return all.slice(0, count).map(plainTurn);
}

function inCalls(turns: readonly BuiltTurn[], dice: Dice): BuiltTurn[] {
  const calls = new Map<string, BuiltTurn[]>();
  for (const turn of dice.shuffled(turns)) calls.set(turn.speaker, [...(calls.get(turn.speaker) ?? []), turn]);
  // Nobody speaks for longer than four turns at once.
  const visits = [...calls.values()].flatMap((all) => Array.from({ length: Math.ceil(all.length / 4) }, (_, i) => all.slice(4 * i, 4 * i + 4)));
  return dice.shuffled(visits).flat();
}
