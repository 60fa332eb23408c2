import { FRAME_MS, type CallRateHz } from '../domain/audio.js';
import { VoiceNodeError, messageOf } from '../domain/errors.js';
import type { FrameReason, SpeechDetector, SpeechEvent } from '../domain/speech.js';
import { mediaMs, monotonicMs, type MediaMs, type MonotonicMs } from '../domain/time.js';
import { rms } from '../dsp/level.js';
import { Dialled } from './dialled.js';
import { EchoGuard } from './echo-guard.js';
import { Endings, type EndingsOptions } from './endings.js';
import { SpeechEdges } from './edges.js';
import { InterruptionJudge, type ConfirmOptions } from './interruption.js';
import { LineLevels } from './line-levels.js';
import { Recorder } from './recorder.js';
import { Turns, type TurnChange, type TurnOptions } from './turns.js';

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

export interface EarOptions {
  readonly callRateHz: CallRateHz;
  /** Taken over: `close` closes it. */
  readonly detector: SpeechDetector;
  readonly turns: TurnOptions;
  /** How it is decided what interrupts the robot. Without: the first confirmed speech does. */
  readonly confirm?: ConfirmOptions | undefined;
  /** How it is decided that the caller has finished. Without: a silence of `turns.minSilenceMs`, whatever was said. */
  readonly endings?: EndingsOptions | undefined;
  /** Whether the robot's own voice, come back, is told from the caller's. Default false; `played` has to be told what it says. */
  readonly echoGuard?: boolean | undefined;
}

/** From here on a frame of an utterance counts towards the caller's level. */
const VOICED_P = 0.5;

/**
 * A frame 26 dB below the loudest of its utterance is silence below this probability: Silero's memory of a voice fades
 * for 90 ms. Chosen on the tune half of the labelled set: the end comes 15 ms sooner, and no pause under 500 ms more is cut
 * by a silence of 500 ms, clean or at 10 dB. In noise within 26 dB of the voice it never applies. A detector that is never
 * certain goes by the level itself and remembers nothing.
 */
const DOUBTFUL_P = 0.6;

/** Longer than any silence after which a held reply goes on. */
const HELD_SILENCE_MS = 2500;

/** Makes speech events of 20 ms frames at the call's rate. */
export class Ear {
  private readonly rateHz: CallRateHz;
  private readonly frameSamples: number;
  private readonly detector: SpeechDetector;
  private readonly turns: Turns;
  private readonly minSilenceMs: number;
  private readonly recorder: Recorder;
  private readonly edges = new SpeechEdges();
  private readonly levels = new LineLevels();
  private readonly dialled: Dialled;
  private readonly judge: InterruptionJudge | undefined;
  private readonly guard: EchoGuard | undefined;
  private readonly endings: Endings | undefined;
  private readonly listener: HearingListener;
  private readonly seen: { probability: number; active: boolean; reason: FrameReason } = { probability: 0, active: false, reason: 'silence' };
  private robotSpeaking = false;
  /** The call has been told that the utterance began. */
  private announced = false;
  private frames = 0;

  constructor(options: EarOptions, listener: HearingListener) {
    const { callRateHz, detector, turns, confirm } = options;
    this.rateHz = callRateHz;
    this.frameSamples = (callRateHz * FRAME_MS) / 1000;
    this.detector = detector;
    this.turns = new Turns(detector.rule, turns);
    this.minSilenceMs = turns.minSilenceMs;
    this.recorder = new Recorder(this.frameSamples, this.turns.lookbackFrames, this.turns.maxFrames);
    this.dialled = new Dialled(callRateHz);
    this.judge = confirm === undefined ? undefined : new InterruptionJudge(confirm, this.levels, callRateHz);
    this.guard = options.echoGuard === true ? new EchoGuard(callRateHz) : undefined;
    this.endings = options.endings === undefined ? undefined : new Endings(options.endings, callRateHz, (samples) => this.recorder.last(samples));
    this.listener = listener;
  }

  /** How much has been heard. */
  get positionMs(): MediaMs {
    return this.positionOf(this.frames);
  }

  setRobotSpeaking(on: boolean): void {
    this.robotSpeaking = on;
    this.turns.setRobotSpeaking(on);
    this.judge?.reset();
    // A voice too distant to interrupt is none to be answered either.
    if (!on && !this.announced && this.turns.isOpen) this.turns.abandon();
  }

  /** What the caller has said so far in this utterance, as far as it was recognised. */
  words(text: string, final: boolean): void {
    this.judge?.words(text);
    this.endings?.words(text, final);
  }

  /** What the robot says: the next 10 ms handed to the wire, 48 kHz, borrowed; silence as well. */
  played(frame: Int16Array): void {
    this.guard?.played(frame);
  }

  /**
   * Takes the next 20 ms, which arrived at `nowMs`. Throws `vad_failed` where the detector does; the frame is
   * then taken as silence, and the next one may come.
   */
  push(heard: Int16Array, nowMs: MonotonicMs): void {
    const view = this.guard?.hear(heard);
    const frame = view?.active === true ? view.clean : heard;
    const echo = view?.echo === true;
    let probability = 0;
    let failure: unknown;
    try {
      probability = this.detector.push(frame);
    } catch (error) {
      failure = error ?? new Error('no reason given');
    }
    const level = rms(frame);
    const digit = this.dialled.push(frame, level, this.levels.floorRms);
    if (digit) probability = 0;
    this.recorder.push(frame);
    this.edges.push(level, nowMs);
    this.frames++;
    const silenceMs = this.endings?.push(frame, probability >= this.turns.stop, this.announced) ?? this.minSilenceMs;
    // Whether a reply that is held goes on is the judge's to say, not the silence's.
    this.turns.silenceMs = this.judge?.isHolding === true ? Math.max(silenceMs, HELD_SILENCE_MS) : silenceMs;
    const change = this.turns.push(this.isOver(probability) ? 0 : probability, nowMs);
    this.levels.push(level, this.announced && !this.robotSpeaking && probability >= VOICED_P);
    const quiet = digit ? 'noise' : echo ? 'echo' : 'silence';
    // A digit is no louder than silence to the judge, or the robot would lower its voice for it.
    if (this.isJudging) this.weigh(frame, probability, digit ? 0 : level, quiet, change, nowMs);
    else this.hear(frame, probability, quiet, change);
    if (failure !== undefined) throw vadFailure(this.detector.kind, failure);
  }

  /** The caller's audio is over: an open utterance ends here. */
  flush(): void {
    const change = this.turns.flush();
    if (!this.isJudging) return this.announce(change);
    if (this.judge?.isHolding === true && change !== 'none') this.conclude(change);
    this.judge?.reset();
  }

  /** As new: position 0, nothing remembered; an open utterance is dropped without a word. */
  reset(): void {
    this.detector.reset();
    this.guard?.reset();
    this.dialled.reset();
    this.turns.reset();
    this.recorder.reset();
    this.edges.reset();
    this.levels.reset();
    this.endings?.reset();
    this.judge?.reset();
    this.announced = false;
    this.frames = 0;
  }

  close(): void {
    this.endings?.close();
    this.detector.close();
    this.recorder.reset();
  }

  /** Whether the robot speaks and has not been interrupted yet. */
  private get isJudging(): boolean {
    return this.robotSpeaking && this.judge !== undefined && (!this.announced || this.judge.isHolding);
  }

  /**
   * Whether a detector that still says "speech" of this frame only remembers it: an utterance ends when its voice does.
   * What may be an interruption is timed by the detector alone.
   */
  private isOver(probability: number): boolean {
    return this.announced && !this.isJudging && this.detector.rule.certain <= 1 && probability < DOUBTFUL_P && this.edges.isFaint;
  }

  /** `quiet`: what the frame is where nobody speaks. */
  private hear(frame: Int16Array, probability: number, quiet: FrameReason, change: TurnChange): void {
    this.tell(frame, probability, this.turns.isOpen ? 'speech' : quiet);
    this.announce(change);
  }

  /** A frame that comes while the robot speaks: is it an interruption? */
  private weigh(frame: Int16Array, probability: number, level: number, quiet: FrameReason, change: TurnChange, nowMs: MonotonicMs): void {
    const { judge, listener, turns } = this;
    if (judge === undefined) return;
    const wasHolding = judge.isHolding;
    const verdict = judge.push(frame, probability, level, quiet === 'echo', change, turns);
    switch (verdict) {
      case 'none':
        return this.tell(frame, probability, judge.isHolding ? 'held' : judge.isSuspicious ? 'suspected' : quiet);
      case 'suspected':
        this.tell(frame, probability, 'suspected');
        return listener.speech({ type: 'speech_suspected', atMs: this.positionMs, onsetArrivedMs: nowMs });
      case 'held':
        this.tell(frame, probability, 'held');
        return this.begin(true);
      case 'meant':
        this.tell(frame, probability, 'speech');
        listener.speech({ type: 'speech_meant', atMs: this.positionMs });
        return this.announce(change);
      case 'dismissed':
        this.tell(frame, probability, wasHolding ? 'resumed' : judge.reason);
        return this.dismiss();
    }
  }

  /** The audio ends in the middle of speech that may be an interruption. */
  private conclude(change: TurnChange): void {
    if (change === 'dropped') return this.dismiss();
    this.listener.speech({ type: 'speech_meant', atMs: this.positionMs });
    this.announce(change);
  }

  private dismiss(): void {
    this.turns.abandon();
    this.recorder.drop();
    this.edges.end();
    this.announced = false;
    this.listener.speech({ type: 'speech_dismissed', atMs: this.positionMs, reason: this.judge?.reason ?? 'noise' });
  }

  private tell(frame: Int16Array, probability: number, reason: FrameReason): void {
    const { seen } = this;
    seen.probability = probability;
    seen.active = this.detector.active;
    seen.reason = reason;
    this.listener.frame(frame, seen);
  }

  private begin(tentative: boolean): void {
    const { turns, edges } = this;
    this.announced = true;
    this.endings?.begin();
    this.recorder.begin(turns.startFrame);
    edges.begin(turns.onsetFrame, turns.startFrame);
    const onsetMs = this.positionOf(edges.onsetFrame);
    this.listener.speech({ type: 'speech_started', atMs: this.positionMs, onsetMs, onsetArrivedMs: monotonicMs(edges.onsetArrivedMs), tentative });
  }

  private announce(change: TurnChange): void {
    if (change === 'none') return;
    if (change === 'started') return this.begin(false);
    const { turns, edges, listener } = this;
    const atMs = this.positionMs;
    this.announced = false;
    edges.end();
    if (change === 'dropped') {
      this.recorder.drop();
      listener.speech({ type: 'speech_dropped', atMs, voicedMs: turns.voicedFrames * FRAME_MS });
      return;
    }
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

  private positionOf(frame: number): MediaMs {
    return mediaMs(frame * this.frameSamples, this.rateHz);
  }
}

function vadFailure(kind: string, error: unknown): VoiceNodeError {
  if (error instanceof VoiceNodeError && error.code === 'vad_failed') return error;
  return new VoiceNodeError('vad_failed', `detector ${kind} failed: ${messageOf(error)}`, { cause: error });
}
