import type { DetectorFactory } from '../../voice-node/providers/vad/create.js';
import type { SpeechSet } from '../rig/speech-set.js';
import type { Stream } from '../speech-set/format.js';
import { interruptions, type Interruptions } from './chain.js';
import { OurChain } from './contenders.js';
import type { Contender } from './heard.js';
import { scoreStream, type StreamScore } from './score.js';
import { Separation } from './separation.js';

/** A contender on one stream. */
export interface Outcome {
  readonly contender: string;
  readonly score: StreamScore;
  readonly separation: Separation | undefined;
  /** What the node's own hearing does while its robot speaks. */
  readonly confirm?: Interruptions;
  readonly immediate?: Interruptions;
}

export type { DetectorFactory };

export async function outcomesOf(contenders: readonly Contender[], streams: readonly Stream[], set: Pick<SpeechSet, 'samples'>, onStream: (done: number) => void): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const [i, stream] of streams.entries()) {
    const samples = set.samples(stream);
    for (const contender of contenders) outcomes.push(await outcomeOf(contender, stream, samples));
    onStream(i + 1);
  }
  return outcomes;
}

export async function outcomeOf(contender: Contender, stream: Stream, samples: Int16Array): Promise<Outcome> {
  const heard = await contender.hear(samples, stream);
  const score = scoreStream(stream, heard.marks);
  const outcome = { contender: contender.name, score, separation: heard.scores && separationOf(heard.scores, stream) };
  if (!(contender instanceof OurChain) || !('tape' in heard)) return outcome;
  const { tape } = heard as ReturnType<OurChain['hear']>;
  const judged = (rule: 'confirm' | 'immediate'): Interruptions => {
    tape.reset();
    return interruptions(samples, tape, rule);
  };
  return { ...outcome, confirm: judged('confirm'), immediate: judged('immediate') };
}

function separationOf(scores: Float32Array, stream: Stream): Separation {
  const separation = new Separation();
  separation.add(scores, stream.turns.flatMap((turn) => turn.segments));
  return separation;
}
