import type { Denoiser } from '../../voice-node/domain/denoiser.js';
import { monotonicMs } from '../../voice-node/domain/time.js';
import { Hearing } from '../../voice-node/hearing/hearing.js';
import { turnOptions } from '../../voice-node/hearing/turns.js';
import type { DetectorFactory } from '../../voice-node/providers/vad/create.js';
import type { Mark } from '../hearing/heard.js';
import { scoreStream, type StreamScore } from '../hearing/score.js';
import type { SpeechSet } from '../rig/speech-set.js';
import { summarize } from '../rig/statistics.js';
import { SET_RATE_HZ, type Stream } from '../speech-set/format.js';

const FRAME_MS = 20;
const FRAME_SAMPLES = (SET_RATE_HZ * FRAME_MS) / 1000;

/** What hearing with Silero makes of some streams, the robot being silent. */
export interface DetectorFigures {
  readonly turns: number;
  readonly missedPercent: number;
  readonly onsetMedianMs: number;
  readonly onsetP95Ms: number;
  readonly falseStartsPerHour: number;
  readonly burstFalseStartPercent: number;
  readonly nextMissedPercent: number;
}

export function detectorOn(streams: readonly Stream[], set: SpeechSet, detectors: DetectorFactory, denoiser: () => Denoiser | undefined): DetectorFigures {
  const scores = streams.map((stream) => scoreStream(stream, marksOf(set.samples(stream), detectors, denoiser())));
  const turns = scores.flatMap((score) => score.turns);
  const bursts = scores.flatMap((score) => score.bursts);
  const onsets = turns.flatMap(({ onsetMs }) => (onsetMs === undefined ? [] : [onsetMs]));
  const { median, p95 } = summarize(onsets);
  const sum = (value: (score: StreamScore) => number): number => scores.reduce((all, score) => all + value(score), 0);
  return {
    turns: turns.length,
    missedPercent: percent(turns.filter(({ onsetMs }) => onsetMs === undefined).length, turns.length),
    onsetMedianMs: median,
    onsetP95Ms: p95,
    falseStartsPerHour: sum(({ falseStarts }) => falseStarts) / (sum(({ quietMs }) => quietMs) / 3_600_000),
    burstFalseStartPercent: percent(bursts.filter(({ falseStart }) => falseStart).length, bursts.length),
    nextMissedPercent: percent(bursts.filter(({ nextMissed }) => nextMissed === true).length, bursts.filter(({ nextMissed }) => nextMissed !== undefined).length),
  };
}

const percent = (part: number, whole: number): number => (whole === 0 ? Number.NaN : (100 * part) / whole);

/** The line is heard as it comes, 20 ms at a time; a mark stands at the arrival of the frame that led to it. */
function marksOf(samples: Int16Array, detectors: DetectorFactory, denoiser: Denoiser | undefined): Mark[] {
  const marks: Mark[] = [];
  let nowMs = 0;
  const hearing = new Hearing(
    { callRateHz: SET_RATE_HZ, inputRateHz: SET_RATE_HZ, detector: detectors.create('silero', SET_RATE_HZ), denoiser, turns: turnOptions() },
    {
      frame: () => undefined,
      speech: ({ type }) => {
        if (type === 'speech_started') marks.push({ kind: 'start', atMs: nowMs });
        if (type === 'speech_ended' || type === 'speech_dropped') marks.push({ kind: 'end', atMs: nowMs });
      },
    },
  );
  for (let at = 0; at + FRAME_SAMPLES <= samples.length; at += FRAME_SAMPLES) {
    nowMs += FRAME_MS;
    hearing.push(samples.subarray(at, at + FRAME_SAMPLES), monotonicMs(nowMs));
  }
  hearing.close();
  return marks;
}
