import type { MediaMs, MonotonicMs } from './time.js';

/** What the caller said between two silences, pre-roll included. */
export interface Utterance {
  /** Mono int16 at `rateHz`; owned by the receiver. Begins with the pre-roll, so the first phoneme is whole. */
  readonly samples: Int16Array;
  readonly rateHz: number;
  /** Where the first sample stands in the caller's audio. */
  readonly startMs: MediaMs;
  /** Length of the pre-roll at the beginning, in ms. */
  readonly preRollMs: number;
}

/** The detector confirmed that the caller speaks (t1). */
export interface SpeechStarted {
  readonly type: 'speech_started';
  /** When it was known, in the caller's audio: the end of the frame that confirmed it. */
  readonly atMs: MediaMs;
  /** Where the speech began: the start of the first voiced frame of this run. */
  readonly onsetMs: MediaMs;
  /** Arrival of that first voiced frame; the beginning of the barge-in measurement. */
  readonly onsetArrivedMs: MonotonicMs;
  /**
   * True where the robot is speaking and it has yet to be seen whether the caller means to interrupt it:
   * `speech_meant` or `speech_dismissed` follows. The robot holds its breath until then.
   */
  readonly tentative: boolean;
}

/**
 * While the robot speaks something was heard that may be the beginning of an interruption. `speech_started` or
 * `speech_dismissed` follows within a moment; the robot lowers its voice until then.
 */
export interface SpeechSuspected {
  readonly type: 'speech_suspected';
  readonly atMs: MediaMs;
  readonly onsetArrivedMs: MonotonicMs;
}

/** The speech that began tentatively is an interruption; its `speech_ended` follows, at once or later. */
export interface SpeechMeant {
  readonly type: 'speech_meant';
  readonly atMs: MediaMs;
}

/** Nobody meant to interrupt: the robot goes on. Ends what was suspected or begun tentatively. */
export interface SpeechDismissed {
  readonly type: 'speech_dismissed';
  readonly atMs: MediaMs;
  readonly reason: DismissReason;
}

/** A cough, a door, a distant voice; the robot's own voice come back; "uh-huh". */
export type DismissReason = 'noise' | 'echo' | 'backchannel';

/** What was made of a possible interruption, step by step. A closed set: it is a metric label. */
export type InterruptionDecision = 'speech' | DismissReason | 'held' | 'resumed';
export const INTERRUPTION_DECISIONS: readonly InterruptionDecision[] = ['speech', 'noise', 'echo', 'backchannel', 'held', 'resumed'];

/** What hearing made of one frame; the page's strip shows it. */
export type FrameReason = 'silence' | 'suspected' | InterruptionDecision;

/** The caller fell silent; the utterance is complete (t2). */
export interface SpeechEnded {
  readonly type: 'speech_ended';
  readonly atMs: MediaMs;
  /** The end of the last voiced frame: the true end of speech. */
  readonly offsetMs: MediaMs;
  /** Arrival of that last voiced frame; the beginning of `endpointing`. */
  readonly offsetArrivedMs: MonotonicMs;
  readonly utterance: Utterance;
  /** True where the utterance was cut off because it reached its longest allowed length. */
  readonly truncated: boolean;
}

/** Speech that was confirmed but proved too short to be an utterance: nobody has to answer it. */
export interface SpeechDropped {
  readonly type: 'speech_dropped';
  readonly atMs: MediaMs;
  readonly voicedMs: number;
}

export type SpeechEvent = SpeechSuspected | SpeechStarted | SpeechMeant | SpeechDismissed | SpeechEnded | SpeechDropped;

/**
 * Tells speech from everything else, 20 ms at a time. One instance hears one call.
 * The result is a probability; what to make of a run of them is decided in hearing.
 */
export interface SpeechDetector {
  readonly kind: DetectorKind;
  /** The thresholds this detector's figures are to be read with. */
  readonly rule: SpeechRule;
  /**
   * Takes the next 20 ms at the call's rate and returns the probability, 0 to 1, that the newest part of
   * the stream is speech. The frame is only borrowed. Allocates as little as the engine allows.
   */
  push(frame: Int16Array): number;
  /** Whether the engine looked at the newest frame; false where a gate in front of it found nothing to look at. */
  readonly active: boolean;
  /** Back to the state of a new instance. */
  reset(): void;
  /** Frees native memory. The detector must not be used afterwards. */
  close(): void;
}

export type DetectorKind = 'silero' | 'webrtc' | 'energy';

/**
 * When a run of probabilities becomes speech and when it ends. The caller speaks once one frame reaches
 * `certain`, or `startFrames` of the last `startWindow` reach `start`; while the robot speaks the
 * `interrupt…` values count instead. A frame below `stop` is silence.
 */
export interface SpeechRule {
  readonly start: number;
  readonly stop: number;
  /** One frame at or above this is enough. Above 1: never. */
  readonly certain: number;
  readonly startFrames: number;
  readonly startWindow: number;
  readonly interruptFrames: number;
  readonly interruptWindow: number;
  readonly interruptCertain: number;
}
