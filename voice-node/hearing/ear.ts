import { FRAME_MS, type CallRateHz } from '../domain/audio.js';
import { VoiceNodeError, messageOf } from '../domain/errors.js';
import type { FrameReason, SpeechDetector, SpeechEvent } from '../domain/speech.js';
import { mediaMs, monotonicMs, type MediaMs, type MonotonicMs } from '../domain/time.js';
import { SpeechEdges } from './edges.js';
import { Recorder } from './recorder.js';
import { Turns, type TurnOptions } from './turns.js';

/** What was made of one frame. */
export interface Seen {
  /** Of speech, 0 to 1. */
  readonly probability: number;
  /** Whether the detector's engine looked at it. */
  readonly active: boolean;
  readonly reason: FrameReason;
}

/** What hearing tells its call. Called from within `push`. */
export interface HearingListener {
  /** Every 20 ms at the call's rate, before what follows from it. Both are borrowed: copy what is to be kept. */
  frame(frame: Int16Array, seen: Seen): void;
  speech(event: SpeechEvent): void;
}

/** Makes speech events of 20 ms frames at the call's rate. */
export class Ear {
  private readonly rateHz: CallRateHz;
  private readonly frameSamples: number;
  private readonly detector: SpeechDetector;
  private readonly turns: Turns;
  private readonly recorder: Recorder;
  private readonly edges = new SpeechEdges();
  private readonly listener: HearingListener;
  private readonly seen: { probability: number; active: boolean; reason: FrameReason } = { probability: 0, active: false, reason: 'silence' };
  private frames = 0;

  /** Takes the detector over: `close` closes it. */
  constructor(rateHz: CallRateHz, detector: SpeechDetector, turns: TurnOptions, listener: HearingListener) {
    this.rateHz = rateHz;
    this.frameSamples = (rateHz * FRAME_MS) / 1000;
    this.detector = detector;
    this.turns = new Turns(detector.rule, turns);
    this.recorder = new Recorder(this.frameSamples, this.turns.lookbackFrames, this.turns.maxFrames);
    this.listener = listener;
  }

  /** How much has been heard. */
  get positionMs(): MediaMs {
    return this.positionOf(this.frames);
  }

  setRobotSpeaking(on: boolean): void {
    this.turns.setRobotSpeaking(on);
  }

  /**
   * Takes the next 20 ms, which arrived at `nowMs`. Throws `vad_failed` where the detector does; the frame is
   * then taken as silence, and the next one may come.
   */
  push(frame: Int16Array, nowMs: MonotonicMs): void {
    let probability = 0;
    let failure: unknown;
    try {
      probability = this.detector.push(frame);
    } catch (error) {
      failure = error ?? new Error('no reason given');
    }
    this.recorder.push(frame);
    this.edges.push(frame, nowMs);
    this.frames++;
    const change = this.turns.push(probability, nowMs);
    const { seen } = this;
    seen.probability = probability;
    seen.active = this.detector.active;
    seen.reason = this.turns.isOpen ? 'speech' : 'silence';
    this.listener.frame(frame, seen);
    this.announce(change);
    if (failure !== undefined) throw vadFailure(this.detector.kind, failure);
  }

  /** The caller's audio is over: an open utterance ends here. */
  flush(): void {
    this.announce(this.turns.flush());
  }

  /** As new: position 0, nothing remembered; an open utterance is dropped without a word. */
  reset(): void {
    this.detector.reset();
    this.turns.reset();
    this.recorder.reset();
    this.edges.reset();
    this.frames = 0;
  }

  close(): void {
    this.detector.close();
    this.recorder.reset();
  }

  private announce(change: ReturnType<Turns['push']>): void {
    if (change === 'none') return;
    const { turns, edges, listener } = this;
    const atMs = this.positionMs;
    if (change === 'started') {
      this.recorder.begin(turns.startFrame);
      edges.begin(turns.onsetFrame, turns.startFrame);
      const onsetMs = this.positionOf(edges.onsetFrame);
      listener.speech({ type: 'speech_started', atMs, onsetMs, onsetArrivedMs: monotonicMs(edges.onsetArrivedMs), tentative: false });
      return;
    }
    edges.end();
    if (change === 'dropped') {
      this.recorder.drop();
      listener.speech({ type: 'speech_dropped', atMs, voicedMs: turns.voicedFrames * FRAME_MS });
    } else {
      // The level may fall and rise again after the detector's last voiced frame: a door, a breath.
      const heardLonger = edges.offsetFrame > turns.offsetFrame;
      listener.speech({
        type: 'speech_ended',
        atMs,
        offsetMs: this.positionOf(heardLonger ? turns.offsetFrame : edges.offsetFrame),
        offsetArrivedMs: monotonicMs(heardLonger ? turns.offsetArrivedMs : edges.offsetArrivedMs),
        utterance: {
          samples: this.recorder.finish(turns.endFrame),
          rateHz: this.rateHz,
          startMs: this.positionOf(turns.startFrame),
          preRollMs: (edges.onsetFrame - turns.startFrame) * FRAME_MS,
        },
        truncated: change === 'truncated',
      });
    }
  }

  private positionOf(frame: number): MediaMs {
    return mediaMs(frame * this.frameSamples, this.rateHz);
  }
}

function vadFailure(kind: string, error: unknown): VoiceNodeError {
  if (error instanceof VoiceNodeError && error.code === 'vad_failed') return error;
  return new VoiceNodeError('vad_failed', `detector ${kind} failed: ${messageOf(error)}`, { cause: error });
}
