import type { DetectorFactory } from '../../voice-node/providers/vad/create.js';
import type { SpeechRule } from '../../voice-node/domain/speech.js';
import { EndOfTurn, endOfTurnOptions, silenceOf, type EndOfTurnOptions } from '../../voice-node/hearing/end-of-turn.js';
import { Turns, turnOptions } from '../../voice-node/hearing/turns.js';
import type { Talk } from './talk.js';

const FRAME_SAMPLES = 160;
const FRAME_MS = 20;

/** What the detector made of a talk, frame by frame: it is asked once, however many rules are tried. */
export interface Heard {
  readonly talk: Talk;
  readonly rule: SpeechRule;
  readonly probabilities: Float32Array;
}

export function hear(talk: Talk, detectors: DetectorFactory): Heard {
  const detector = detectors.create('silero', 8000);
  const probabilities = new Float32Array(Math.floor(talk.samples.length / FRAME_SAMPLES));
  for (let i = 0; i < probabilities.length; i++) probabilities[i] = detector.push(frameOf(talk, i));
  detector.close();
  return { talk, rule: detector.rule, probabilities };
}

export const frameOf = (talk: Talk, i: number): Int16Array => talk.samples.subarray(i * FRAME_SAMPLES, (i + 1) * FRAME_SAMPLES);

/** Words that the recogniser has at a moment. */
export interface HeardWords {
  readonly atMs: number;
  readonly text: string;
}

/** Called after each frame of a run. */
export type Watcher = (frame: number, endOfTurn: EndOfTurn) => void;

/**
 * The ends of utterances, in ms of the talk. `options` undefined: the fixed silence `silenceMs`. A change of speaker is
 * another call.
 */
export function endsOf(heard: Heard, silenceMs: number, options?: EndOfTurnOptions, words: readonly HeardWords[] = [], watch?: Watcher): number[] {
  const { talk, rule, probabilities } = heard;
  const turns = new Turns(rule, turnOptions({ minSilenceMs: silenceMs }));
  const endOfTurn = options === undefined ? undefined : new EndOfTurn(options, 8000);
  const changes = speakerChanges(talk);
  const ends: number[] = [];
  let word = 0;
  for (let i = 0; i < probabilities.length; i++) {
    const p = probabilities[i] as number;
    const atMs = (i + 1) * FRAME_MS;
    if (endOfTurn !== undefined) {
      if (changes.has(i)) endOfTurn.reset();
      for (; word < words.length && (words[word] as HeardWords).atMs <= atMs; word++) endOfTurn.words((words[word] as HeardWords).text, false);
      endOfTurn.push(frameOf(talk, i), p >= rule.stop);
      turns.silenceMs = endOfTurn.silenceMs;
      watch?.(i, endOfTurn);
    }
    const change = turns.push(p, atMs);
    if (change === 'started') endOfTurn?.begin();
    if (change === 'ended' || change === 'truncated') ends.push(atMs);
  }
  return ends;
}

/** What an `EndOfTurn` knows at each frame, which does not depend on its options: they are then tried without listening again. */
export interface Judged {
  readonly scores: Float32Array;
  /** 1 where a voice may be coming back: no turn ends there. */
  readonly held: Uint8Array;
}

export function judge(heard: Heard): Judged {
  const scores = new Float32Array(heard.probabilities.length);
  const held = new Uint8Array(heard.probabilities.length);
  endsOf(heard, 500, endOfTurnOptions(), [], (frame, { score, speaksAgain }) => {
    scores[frame] = score;
    held[frame] = speaksAgain ? 1 : 0;
  });
  return { scores, held };
}

/** The same as `endsOf` with these options. */
export function endsByScore({ rule, probabilities }: Heard, { scores, held }: Judged, options: EndOfTurnOptions): number[] {
  const turns = new Turns(rule, turnOptions());
  const ends: number[] = [];
  probabilities.forEach((p, i) => {
    turns.silenceMs = held[i] === 1 ? Infinity : silenceOf(scores[i] as number, options);
    const change = turns.push(p, (i + 1) * FRAME_MS);
    if (change === 'ended' || change === 'truncated') ends.push((i + 1) * FRAME_MS);
  });
  return ends;
}

/** Frames in the middle of the silence between two speakers. */
function speakerChanges({ turns }: Talk): ReadonlySet<number> {
  const frames = new Set<number>();
  for (let i = 1; i < turns.length; i++) {
    const [before, after] = [turns[i - 1], turns[i]];
    if (before !== undefined && after !== undefined && before.speaker !== after.speaker) frames.add(Math.round((before.endMs + after.beginMs) / 2 / FRAME_MS));
  }
  return frames;
}
