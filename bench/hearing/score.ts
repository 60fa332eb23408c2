import type { Span, SpokenTurn, Stream } from '../speech-set/format.js';
import type { Mark } from './heard.js';

/**
 * How events are scored.
 *
 * - A turn is found where a start arrives within it, or in the 100 ms before its label begins (a breath; its latency is then 0).
 *   Otherwise it is missed; `stuck` where speech had begun before that and was still going on: such a detector says
 *   nothing about the turn, however right it happens to be. The onset's latency is from the true onset to that arrival.
 * - The end of a found turn is the first end that arrives at or after its true end and before the next turn, where speech
 *   was going on at the true end. Its latency contains the silence that was asked for.
 * - A pause inside a turn is cut where an end arrives within it.
 * - A start is false where nobody speaks: outside every turn and the 100 ms before it, and 60 ms past its end.
 * - After a burst the first turn that begins is the next one.
 */
export const EARLY_MS = 100;
const LATE_MS = 60;

export interface TurnScore {
  /** Undefined: missed. */
  readonly onsetMs: number | undefined;
  readonly stuck: boolean;
  /** Undefined: it never ended, or before its time. */
  readonly endMs: number | undefined;
}

export interface PauseScore {
  readonly lengthMs: number;
  readonly cut: boolean;
}

export interface BurstScore {
  readonly falseStart: boolean;
  /** Undefined: no turn follows. */
  readonly nextMissed: boolean | undefined;
}

export interface StreamScore {
  readonly stream: Stream;
  readonly turns: readonly TurnScore[];
  readonly pauses: readonly PauseScore[];
  readonly bursts: readonly BurstScore[];
  readonly falseStarts: number;
  /** How long nobody speaks. */
  readonly quietMs: number;
}

export function scoreStream(stream: Stream, marks: readonly Mark[]): StreamScore {
  const { turns, bursts, durationMs } = stream;
  const scored = turns.map((turn, i) => scoreTurn(turn, turns[i + 1]?.beginMs ?? Infinity, marks));
  return {
    stream,
    turns: scored,
    pauses: turns.flatMap((turn) => scorePauses(turn, marks)),
    bursts: bursts.map((burst) => {
      const next = turns.findIndex((turn) => turn.beginMs >= burst.endMs);
      return {
        falseStart: marks.some((mark) => mark.kind === 'start' && mark.atMs > burst.beginMs && mark.atMs <= burst.endMs + 500 && !spokenAt(turns, mark.atMs)),
        nextMissed: next < 0 ? undefined : scored[next]?.onsetMs === undefined,
      };
    }),
    falseStarts: marks.filter((mark) => mark.kind === 'start' && !spokenAt(turns, mark.atMs)).length,
    quietMs: durationMs - turns.reduce((sum, turn) => sum + turn.endMs - turn.beginMs + EARLY_MS + LATE_MS, 0),
  };
}

const spokenAt = (turns: readonly Span[], ms: number): boolean => turns.some((turn) => ms > turn.beginMs - EARLY_MS && ms <= turn.endMs + LATE_MS);

/** Whether speech was going on just before `ms`. */
function openAt(marks: readonly Mark[], ms: number): boolean {
  let open = false;
  for (const mark of marks) {
    if (mark.atMs > ms) break;
    open = mark.kind === 'start';
  }
  return open;
}

function scoreTurn(turn: SpokenTurn, nextMs: number, marks: readonly Mark[]): TurnScore {
  const start = marks.find((mark) => mark.kind === 'start' && mark.atMs > turn.beginMs - EARLY_MS && mark.atMs <= turn.endMs);
  if (start === undefined) return { onsetMs: undefined, stuck: openAt(marks, turn.beginMs - EARLY_MS), endMs: undefined };
  const end = openAt(marks, turn.endMs - 1) ? marks.find((mark) => mark.kind === 'end' && mark.atMs >= turn.endMs) : undefined;
  return {
    onsetMs: Math.max(0, start.atMs - turn.beginMs),
    stuck: false,
    endMs: end === undefined || end.atMs > nextMs ? undefined : end.atMs - turn.endMs,
  };
}

function scorePauses(turn: SpokenTurn, marks: readonly Mark[]): PauseScore[] {
  return turn.segments.slice(1).map((after, i) => {
    const from = (turn.segments[i] as Span).endMs;
    return { lengthMs: after.beginMs - from, cut: marks.some((mark) => mark.kind === 'end' && mark.atMs > from && mark.atMs <= after.beginMs) };
  });
}
