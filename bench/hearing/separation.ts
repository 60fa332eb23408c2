import type { Span } from '../speech-set/format.js';
import { FRAME_MS } from './heard.js';

/** Scores are counted by their log odds, -12 to 12 in steps of 0.02: Silero's are crowded at both ends of 0 to 1. */
const MOST = 12;
const STEP = 0.02;
const BINS = 2 * Math.round(MOST / STEP) + 1;

/** A score counts for 160 ms: detectors differ in how often they give one, and WebRTC's flickers. */
const HELD_FRAMES = 8;
/** The first 100 ms of speech and what follows its end by less than 320 ms count as neither: the events measure that. */
const AFTER_ONSET_MS = 100;
const AFTER_END_MS = 320;
const BEFORE_ONSET_MS = 40;

const binOf = (score: number): number => {
  const p = Math.min(1 - 1e-7, Math.max(1e-7, score));
  const odds = Math.min(MOST, Math.max(-MOST, Math.log(p / (1 - p))));
  return Math.round((odds + MOST) / STEP);
};

/** How well a score by itself tells speech from the rest, whatever the threshold. */
export class Separation {
  private readonly speech = new Float64Array(BINS);
  private readonly other = new Float64Array(BINS);

  /** One score for each 20 ms frame of a stream in which these spans are speech. */
  add(scores: Float32Array, segments: readonly Span[]): void {
    let next = 0;
    for (let frame = 0; frame < scores.length; frame++) {
      const beginMs = frame * FRAME_MS;
      const endMs = beginMs + FRAME_MS;
      while (next < segments.length && (segments[next] as Span).endMs <= beginMs) next++;
      const here = segments[next];
      const before = segments[next - 1];
      const isSpeech = here !== undefined && beginMs >= here.beginMs + AFTER_ONSET_MS && endMs <= here.endMs;
      const isOther = (here === undefined || endMs + BEFORE_ONSET_MS <= here.beginMs) && (before === undefined || beginMs >= before.endMs + AFTER_END_MS);
      if (!isSpeech && !isOther) continue;
      let best = 0;
      for (let i = Math.max(0, frame - HELD_FRAMES + 1); i <= frame; i++) best = Math.max(best, scores[i] as number);
      const histogram = isSpeech ? this.speech : this.other;
      const bin = binOf(best);
      histogram[bin] = (histogram[bin] as number) + 1;
    }
  }

  merge(from: Separation): void {
    for (let i = 0; i < BINS; i++) {
      this.speech[i] = (this.speech[i] as number) + (from.speech[i] as number);
      this.other[i] = (this.other[i] as number) + (from.other[i] as number);
    }
  }

  /** From the strictest threshold to the mildest: which share of speech, and of the rest, is above it. */
  roc(): { readonly falseAlarms: number[]; readonly hits: number[] } {
    const [speech, other] = [sum(this.speech), sum(this.other)];
    const falseAlarms = [0];
    const hits = [0];
    let [found, alarms] = [0, 0];
    for (let i = BINS - 1; i >= 0; i--) {
      if (this.speech[i] === 0 && this.other[i] === 0) continue;
      found += this.speech[i] as number;
      alarms += this.other[i] as number;
      hits.push(found / speech);
      falseAlarms.push(alarms / other);
    }
    return { falseAlarms, hits };
  }

  /** The area below that curve: 1 perfect, 0.5 a coin; NaN where one of the two kinds never occurred. */
  auc(): number {
    const { falseAlarms, hits } = this.roc();
    let area = 0;
    for (let i = 1; i < hits.length; i++) area += (((falseAlarms[i] as number) - (falseAlarms[i - 1] as number)) * ((hits[i] as number) + (hits[i - 1] as number))) / 2;
    return area;
  }
}

const sum = (values: Float64Array): number => values.reduce((total, x) => total + x, 0);
