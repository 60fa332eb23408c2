import type { ErrorCode } from '../domain/errors.js';
import type { Mark, Stage, TurnEnd, TurnReport } from '../domain/events.js';
import type { MonotonicMs } from '../domain/time.js';

/** The moments of one turn as far as they have come. A value: `mark` returns a new one. */
export interface Timeline {
  readonly turn: number;
  /** Arrival of the last voiced frame: where `endpointing` begins. */
  readonly offsetMs?: MonotonicMs;
  readonly utteranceMs: number;
  readonly marks: Readonly<Partial<Record<Mark, MonotonicMs>>>;
}

/** Both ends of each stage; the true end of speech is not a mark and is treated below. */
const SPANS: readonly (readonly [Exclude<Stage, 'endpointing'>, Mark, Mark])[] = [
  ['stt', 't2', 't3'],
  ['llm', 't3', 't4'],
  ['tts', 't4', 't5'],
  ['playout', 't5', 't6'],
  ['response', 't2', 't6'],
];

/** What a mark of the answer says about those before it. */
const IMPLIED: Readonly<Partial<Record<Mark, readonly Mark[]>>> = { t4: ['t3', 't4'], t5: ['t3', 't4', 't5'], t6: ['t3', 't4', 't5', 't6'] };

export const beginTimeline = (turn: number, t1: MonotonicMs): Timeline => ({ turn, utteranceMs: 0, marks: { t1 } });

/**
 * Sets a mark where it is not set yet. A mark implies the ones of the answer before it: what is heard was
 * delivered, who delivers audio has chosen an answer, and who has chosen one has understood. What was understood before the caller had finished (a
 * final transcript of the first half) counts from the moment that the utterance was handed over.
 */
export function mark(timeline: Timeline, name: Mark, nowMs: MonotonicMs): Timeline {
  const marks = { ...timeline.marks };
  for (const each of IMPLIED[name] ?? [name]) marks[each] ??= nowMs;
  if (name === 't2' && marks.t3 !== undefined) marks.t3 = nowMs;
  return { ...timeline, marks };
}

export function reportTurn(timeline: Timeline, end: TurnEnd, heardMs: number, bornMs: MonotonicMs, error?: ErrorCode): TurnReport {
  const { marks, offsetMs } = timeline;
  const stagesMs: Partial<Record<Stage, number>> = {};
  if (offsetMs !== undefined && marks.t2 !== undefined) stagesMs.endpointing = round(marks.t2 - offsetMs);
  for (const [stage, from, to] of SPANS) {
    const begin = marks[from];
    const finish = marks[to];
    if (begin !== undefined && finish !== undefined) stagesMs[stage] = round(finish - begin);
  }
  const marksMs: Partial<Record<Mark, number>> = {};
  for (const [name, at] of Object.entries(marks) as [Mark, MonotonicMs][]) marksMs[name] = round(at - bornMs);
  return { turn: timeline.turn, end, marksMs, stagesMs, utteranceMs: round(timeline.utteranceMs), heardMs: round(heardMs), ...(error === undefined ? {} : { error }) };
}

/** Tenths of a millisecond: finer than anything that is measured, and readable. */
export const round = (ms: number): number => Math.round(ms * 10) / 10;
