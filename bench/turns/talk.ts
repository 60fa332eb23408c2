import type { Half, SpokenTurn, Stream } from '../speech-set/format.js';
import type { SpeechSet } from '../rig/speech-set.js';

/**
 * Where a pause comes from. `real`: the speaker paused there, mostly between two sentences. `lengthened`: he did, for a
 * shorter time. `stretched`: a gap of 60 to 200 ms inside a phrase, made longer; he was not finished, and sounds like it.
 * `joined`: it lies between two recordings, so that the voice before it is that of one who has finished.
 */
export type PauseOrigin = 'real' | 'lengthened' | 'stretched' | 'joined';

export interface InnerPause {
  readonly beginMs: number;
  readonly endMs: number;
  readonly origin: PauseOrigin;
}

export interface TalkTurn {
  readonly speaker: string;
  readonly beginMs: number;
  readonly endMs: number;
  readonly pauses: readonly InnerPause[];
}

/** Turns of callers at 8 kHz, with silence between them. */
export interface Talk {
  readonly name: string;
  readonly half: Half;
  readonly samples: Int16Array;
  readonly turns: readonly TalkTurn[];
}

/** A dialogue of the labelled set. Its speakers change: whoever hears it knows little of each of them. */
export function talkOf(set: SpeechSet, stream: Stream): Talk {
  return { name: stream.name, half: stream.half, samples: set.samples(stream), turns: stream.turns.map(turnOf) };
}

function turnOf({ speaker, beginMs, endMs, segments, pauses }: SpokenTurn): TalkTurn {
  const origin = pauses === undefined || pauses === 'none' ? 'real' : pauses;
  const inner = segments.slice(1).map((segment, i) => ({ beginMs: segments[i]?.endMs ?? beginMs, endMs: segment.beginMs, origin }));
  return { speaker, beginMs, endMs, pauses: inner };
}
