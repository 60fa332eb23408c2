import type { SpeechDetector, SpeechEvent, SpeechRule } from '../../voice-node/domain/speech.js';
import { monotonicMs } from '../../voice-node/domain/time.js';
import { Hearing, type HearingOptions } from '../../voice-node/hearing/hearing.js';
import { confirmOptions } from '../../voice-node/hearing/interruption.js';
import { turnOptions } from '../../voice-node/hearing/turns.js';
import { DEFAULT_WORDS } from '../../voice-node/hearing/words.js';
import { SET_RATE_HZ } from '../speech-set/format.js';
import { FRAME_MS, type Mark } from './heard.js';

const FRAME_SAMPLES = (SET_RATE_HZ * FRAME_MS) / 1000;

/** What a detector says of every whole frame. */
export function probabilitiesOf(detector: SpeechDetector, samples: Int16Array): Float32Array {
  const out = new Float32Array(Math.floor(samples.length / FRAME_SAMPLES));
  for (let frame = 0; frame < out.length; frame++) out[frame] = detector.push(samples.subarray(frame * FRAME_SAMPLES, (frame + 1) * FRAME_SAMPLES));
  return out;
}

/** A detector's answers played back: it does not depend on what is made of them, so one run of the net serves all rules. */
export class TapeDetector implements SpeechDetector {
  readonly kind;
  readonly active = true;
  readonly rule: SpeechRule;
  private readonly tape: Float32Array;
  private at = 0;

  constructor(of: Pick<SpeechDetector, 'kind' | 'rule'>, tape: Float32Array) {
    this.kind = of.kind;
    this.rule = of.rule;
    this.tape = tape;
  }

  push(): number {
    return this.tape[this.at++] ?? 0;
  }

  reset(): void {
    this.at = 0;
  }

  close(): void {
    // Holds nothing.
  }
}

/** What the node's hearing says while the robot is silent. Nobody speaks for longer than a minute here: `truncated` does not occur. */
export function chainMarks(samples: Int16Array, detector: SpeechDetector): Mark[] {
  const marks: Mark[] = [];
  const { hearing, run } = feed(samples, { detector }, (event, atMs) => {
    if (event.type === 'speech_started') marks.push({ kind: 'start', atMs });
    else if (event.type === 'speech_ended' || event.type === 'speech_dropped') marks.push({ kind: 'end', atMs });
  });
  run();
  hearing.close();
  return marks;
}

/** What hearing did to a robot that speaks all the time. All at arrivals, in ms. */
export interface Interruptions {
  /** The robot lowered its voice. */
  readonly duckedMs: readonly number[];
  /** The robot fell silent, for good or for a moment. */
  readonly silentMs: readonly number[];
  /** Its reply was cut for good. */
  readonly cutMs: readonly number[];
}

/** A robot that speaks from the first sample on, and again as soon as whoever interrupted it has finished. */
export function interruptions(samples: Int16Array, detector: SpeechDetector, rule: 'confirm' | 'immediate'): Interruptions {
  const duckedMs: number[] = [];
  const silentMs: number[] = [];
  const cutMs: number[] = [];
  let cut = false;
  let isOver = false;
  let speaking = true;
  const confirm = rule === 'confirm' ? confirmOptions({}, DEFAULT_WORDS) : undefined;
  const { hearing, run } = feed(
    samples,
    { detector, confirm },
    (event, atMs) => {
      if (event.type === 'speech_suspected') duckedMs.push(atMs);
      if (event.type === 'speech_started') silentMs.push(atMs);
      if (event.type === 'speech_meant' || (event.type === 'speech_started' && !event.tentative)) {
        cutMs.push(atMs);
        cut = true;
      }
      if (event.type === 'speech_ended' || event.type === 'speech_dropped') isOver = true;
    },
    () => {
      // As in a call: hearing is told once it has returned, and the next reply begins a frame later at the earliest.
      if (cut) hearing.setRobotSpeaking((speaking = false));
      else if (isOver && !speaking) hearing.setRobotSpeaking((speaking = true));
      if (!cut) isOver = false;
      cut = false;
    },
  );
  hearing.setRobotSpeaking(true);
  run();
  hearing.close();
  return { duckedMs, silentMs, cutMs };
}

function feed(
  samples: Int16Array,
  options: Pick<HearingOptions, 'detector' | 'confirm'>,
  onEvent: (event: SpeechEvent, atMs: number) => void,
  afterFrame: () => void = () => undefined,
): { readonly hearing: Hearing; readonly run: () => void } {
  let nowMs = 0;
  const hearing = new Hearing(
    { callRateHz: SET_RATE_HZ, inputRateHz: SET_RATE_HZ, turns: turnOptions(), ...options },
    { frame: () => undefined, speech: (event) => onEvent(event, nowMs) },
  );
  return {
    hearing,
    run: () => {
      for (let at = 0; at + FRAME_SAMPLES <= samples.length; at += FRAME_SAMPLES) {
        nowMs += FRAME_MS;
        hearing.push(samples.subarray(at, at + FRAME_SAMPLES), monotonicMs(nowMs));
        afterFrame();
      }
    },
  };
}
