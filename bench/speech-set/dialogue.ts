import type { Half, Span, SpokenTurn } from './format.js';
import { throughMuLaw } from './line.js';
import { addInto, amplitudeOfDb, Dice, msOfSamples, samplesOfMs, type Range, type Sound } from './sound.js';
import type { BuiltTurn } from './turns.js';

/** Callers are not all equally loud; one caller's turns are nearly so. */
const CALLER_DB = 2.5;
const TURN_DB = 0.5;
const BETWEEN_TURNS_MS = [1200, 3000] as const;
const LEAD_MS = 1500;
/** How long before and after its labels a turn is sent, where silence is not. */
const DTX_BEFORE_MS = 60;
const DTX_AFTER_MS = 140;

export interface Placed {
  readonly turn: BuiltTurn;
  /** Where the turn's sound begins in the stream. */
  readonly at: number;
  readonly gainDb: number;
}

export interface Layout {
  readonly placed: readonly Placed[];
  readonly samples: number;
}

/** One turn after the other, 1.2 to 3 s apart. */
export function laidOut(half: Half, turns: readonly BuiltTurn[]): Layout {
  const dice = new Dice(`dialogue of ${half}`);
  const loud = loudness(half, dice);
  let free = samplesOfMs(LEAD_MS);
  const placed = turns.map((turn) => {
    const at = free - (turn.segments[0] as Range).begin;
    free = at + (turn.segments.at(-1) as Range).end + samplesOfMs(dice.between(...BETWEEN_TURNS_MS));
    return { turn, at, gainDb: loud(turn) };
  });
  return { placed, samples: free + samplesOfMs(500) };
}

export function loudness(half: Half, dice: Dice): (turn: BuiltTurn) => number {
  return (turn) => new Dice(`loudness of ${turn.speaker} in ${half}`).between(-CALLER_DB, CALLER_DB) + dice.between(-TURN_DB, TURN_DB);
}

export function rendered({ placed, samples }: Layout): Sound {
  const sound = new Float32Array(samples);
  for (const { turn, at, gainDb } of placed) addInto(sound, turn.sound, at, amplitudeOfDb(gainDb));
  return sound;
}

export function labelsOf({ placed }: Layout): SpokenTurn[] {
  return placed.map(({ turn, at }) => {
    const segments = turn.segments.map((range) => spanAt(range, at));
    const { speaker, language, origin, pauses, text } = turn;
    return { beginMs: (segments[0] as Span).beginMs, endMs: (segments.at(-1) as Span).endMs, speaker, segments, language, origin, pauses, ...(text !== undefined && { text }) };
  });
}

export const spanAt = ({ begin, end }: Range, at = 0): Span => ({ beginMs: msOfSamples(begin + at), endMs: msOfSamples(end + at) });

/** What a sender that is silent between turns leaves: the stream where somebody speaks, zeros elsewhere. */
export function withoutSilence(sound: Sound, turns: readonly SpokenTurn[]): Sound {
  const out = new Float32Array(sound.length);
  for (const { beginMs, endMs } of turns) {
    const [from, to] = [Math.max(0, samplesOfMs(beginMs - DTX_BEFORE_MS)), samplesOfMs(endMs + DTX_AFTER_MS)];
    out.set(sound.subarray(from, to), from);
  }
  return out;
}

/** Speech over the line's own noise, coded. */
export function onLine(sound: Sound, floor: Sound): Int16Array {
  const out = sound.slice();
  for (let at = 0; at < out.length; at += floor.length) addInto(out, floor, at);
  return throughMuLaw(out);
}
