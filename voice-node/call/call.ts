import { PLAYOUT_FRAME_SAMPLES, type CallRateHz } from '../domain/audio.js';
import type { Clock, Timer } from '../domain/clock.js';
import { asNodeError } from '../domain/errors.js';
import type { CallEnd, Log, Meter } from '../domain/observer.js';
import type { Conversation, ConversationHost, Orchestrator } from '../domain/orchestrator.js';
import type { SpeechDetector } from '../domain/speech.js';
import type { Line, LineListener } from '../domain/transport.js';
import { Hearing } from '../hearing/hearing.js';
import type { TurnOptions } from '../hearing/turns.js';
import { Player } from '../speaking/player.js';
import type { CallCommand } from './events.js';
import { LiveReply } from './reply.js';
import { CoreRunner } from './runner.js';
import type { CallLimits, CallState } from './state.js';
import { VadStrip } from './vad-strip.js';

/** While the caller speaks and no audio has come for this long, the utterance is taken as ended. */
const AUDIO_LOST_MS = 1000;

export interface CallOptions {
  readonly callId: string;
  readonly robot: string;
  readonly rateHz: CallRateHz;
  readonly turns: TurnOptions;
  readonly limits: CallLimits;
  /** Bound of the queue of reply audio. */
  readonly replyQueueMs: number;
}

/** Everything a call meets the world through. The call closes `line` and `detector`. */
export interface CallPorts {
  readonly line: Line;
  readonly orchestrator: Orchestrator;
  readonly detector: SpeechDetector;
  readonly clock: Clock;
  readonly meter: Meter;
  readonly log: Log;
}

/** A late tick may send this many packets of 20 ms at once; after a longer stall the schedule moves. */
const MAX_CATCH_UP_PACKETS = 3;

/**
 * One call, alive: carries events to the core and does what the core commands. Nothing here decides; every
 * rule is in core.ts, every sample in hearing and speaking.
 */
export class Call implements LineListener {
  readonly callId: string;
  /** Resolves once the call has ended and everything it held is free. Never rejects. */
  readonly done: Promise<CallEnd>;
  readonly #options: CallOptions;
  readonly #ports: CallPorts;
  readonly #log: Log;
  readonly #hearing: Hearing;
  readonly #player: Player;
  readonly #strip: VadStrip;
  readonly #controller = new AbortController();
  readonly #runner: CoreRunner;
  #conversation: Conversation | undefined;
  #reply: LiveReply | undefined;
  #playout: Timer | undefined;
  #lastAudioMs = 0;
  #resolveDone!: (end: CallEnd) => void;

  constructor(options: CallOptions, ports: CallPorts) {
    this.callId = options.callId;
    this.#options = options;
    this.#ports = ports;
    this.#log = ports.log.child({ callId: options.callId, room: ports.line.room, robot: options.robot });
    this.#runner = new CoreRunner(
      options.limits,
      ports.clock,
      (command) => this.#carryOut(command),
      (task) => this.#guard(task),
    );
    this.done = new Promise((resolve) => (this.#resolveDone = resolve));
    this.#strip = new VadStrip((event) => ports.line.publish(event));
    this.#hearing = new Hearing(
      { callRateHz: options.rateHz, detector: ports.detector, turns: options.turns },
      { frame: (frame, probability) => this.#onFrame(frame, probability), speech: (event) => this.#runner.dispatch(event) },
    );
    this.#player = new Player(
      { queueMs: options.replyQueueMs, maxCatchUpPackets: MAX_CATCH_UP_PACKETS },
      {
        send: (frame) => ports.line.send(frame),
        started: (generation) => this.#runner.dispatch({ type: 'playout_started', generation }),
        audible: (generation) => this.#runner.dispatch({ type: 'playout_audible', generation }),
        finished: (generation, heardMs) => this.#runner.dispatch({ type: 'playout_finished', generation, heardMs }),
        starved: (generation) => this.#runner.dispatch({ type: 'playout_starved', generation }),
        resumed: (generation) => this.#runner.dispatch({ type: 'playout_resumed', generation }),
        room: () => this.#reply?.room(),
        framesSent: (count) => ports.meter.framesOut(count),
        framesLost: (count) => ports.meter.framesDropped('transport', count),
        lateTick: (skippedMs) => this.#onLateTick(skippedMs),
      },
    );
  }

  get phase(): CallState['phase'] {
    return this.#runner.state.phase;
  }

  get room(): string {
    return this.#ports.line.room;
  }

  /** Connects the line and begins. Failures end the call; they are never thrown. */
  start(): void {
    const { line, meter, clock } = this.#ports;
    meter.callStarted();
    this.#log.info({}, 'call begins');
    this.#runner.schedule();
    line.open(this).then(
      () => {
        this.#runner.dispatch({ type: 'connected' });
        if (this.#runner.state.phase !== 'ended') this.#playout = clock.at(clock.nowMs(), () => this.#onPlayoutTick());
      },
      (error: unknown) => this.#runner.dispatch({ type: 'failed', error: asNodeError(error, 'transport_connect') }),
    );
  }

  hangUp(end: CallEnd): void {
    this.#runner.dispatch({ type: 'hang_up', end });
  }

  // What the line tells.

  callerJoined(identity: string): void {
    this.#log.info({ identity }, 'caller joined');
    this.#runner.dispatch({ type: 'caller_joined' });
    const { callId, robot, rateHz } = this.#options;
    this.#ports.line.publish({ type: 'call', atMs: this.#atMs(), callId, robot, rateHz, detector: this.#ports.detector.kind });
  }

  callerLeft(): void {
    this.#log.info({}, 'caller left');
    this.#runner.dispatch({ type: 'caller_left' });
  }

  audio(samples: Int16Array): void {
    if (this.#runner.state.phase === 'ended') return;
    const { clock, meter } = this.#ports;
    const beginMs = clock.nowMs();
    this.#lastAudioMs = beginMs;
    try {
      this.#hearing.push(samples, beginMs);
    } catch (error) {
      meter.providerError('vad', 'vad_failed');
      this.#runner.dispatch({ type: 'failed', error: asNodeError(error, 'vad_failed') });
      return;
    }
    meter.frameIn(clock.nowMs() - beginMs);
  }

  ended(end: Parameters<LineListener['ended']>[0], detail?: string): void {
    this.#log.info({ end, ...(detail === undefined ? {} : { detail }) }, 'line ended');
    this.#runner.dispatch({ type: 'line_ended', end });
  }

  // What hearing and speaking tell.

  #onFrame(frame: Int16Array, probability: number): void {
    this.#strip.push(probability, this.#atMs());
    if (this.#conversation?.hear !== undefined) this.#guard(() => this.#conversation?.hear?.(frame));
  }

  #onPlayoutTick(): void {
    const { clock } = this.#ports;
    this.#player.tick(clock.nowMs());
    if (this.#runner.state.phase === 'ended') return;
    this.#playout = clock.at(this.#player.nextTickMs ?? clock.nowMs(), () => this.#onPlayoutTick());
  }

  #onLateTick(skippedMs: number): void {
    const { meter } = this.#ports;
    meter.lateTicks(1);
    if (skippedMs > 0) {
      meter.framesDropped('playout_late', Math.round((skippedMs * 48) / PLAYOUT_FRAME_SAMPLES));
      this.#log.warn({ skippedMs }, 'playout stalled; the schedule was moved');
    }
  }

  // What the core commands.

  #carryOut(command: CallCommand): void {
    const { line, meter } = this.#ports;
    switch (command.type) {
      case 'agent_state':
        return line.setAgentState(command.state);
      case 'robot_speaking':
        return this.#hearing.setRobotSpeaking(command.on);
      case 'reset_hearing':
        return this.#hearing.reset();
      case 'check_audio':
        if (this.#ports.clock.nowMs() - this.#lastAudioMs >= AUDIO_LOST_MS) this.#hearing.flush();
        return;
      case 'open_conversation':
        return this.#runner.tell(() => (this.#conversation = this.#ports.orchestrator.open(this.#host())));
      case 'tell_started':
        return this.#runner.tell(() => this.#conversation?.speechStarted?.(command.turn));
      case 'tell_ended':
        return this.#runner.tell(() => this.#conversation?.speechEnded(command.turn, command.utterance));
      case 'tell_dropped':
        return this.#runner.tell(() => this.#conversation?.speechDropped?.(command.turn));
      case 'tell_finished':
        return this.#runner.tell(() => this.#conversation?.playbackFinished?.(command.heard));
      case 'begin_reply':
        return this.#player.begin(command.generation);
      case 'cut_reply':
        return this.#cutReply(command);
      case 'publish':
        return line.publish(command.event);
      case 'report_turn':
        meter.turn(command.report);
        return this.#log.info({ ...command.report }, 'turn');
      case 'report_barge_in':
        meter.bargeIn(command.stopMs);
        return this.#log.info({ stopMs: command.stopMs, heardMs: command.heardMs }, 'barge-in');
      case 'report_error':
        meter.providerError('orchestrator', command.error.code);
        return this.#log.error({ code: command.error.code, error: command.error.message }, 'call trouble');
      case 'close':
        return this.#close(command.end);
    }
  }

  #cutReply(command: Extract<CallCommand, { type: 'cut_reply' }>): void {
    const { generation, turn, playing, onsetMs } = command;
    const { clock, meter } = this.#ports;
    const cut = this.#player.cut();
    const stoppedMs = clock.nowMs();
    const heardMs = cut?.heardMs ?? 0;
    if (cut !== undefined && cut.droppedMs > 0) meter.framesDropped('reply_stale', Math.ceil(cut.droppedMs / 10));
    const reply = this.#reply;
    this.#reply = undefined;
    this.#runner.tell(() => reply?.stop());
    this.#runner.tell(() => this.#conversation?.stopPlayback({ generation, turn, heardMs, complete: false }));
    const bargeInMs = onsetMs === undefined ? undefined : stoppedMs - onsetMs;
    this.#runner.dispatch({ type: 'reply_cut', generation, turn, heardMs, bargeInMs, playing });
  }

  #host(): ConversationHost {
    const { line } = this.#ports;
    return {
      callId: this.callId,
      rateHz: this.#options.rateHz,
      signal: this.#controller.signal,
      beginReply: (turn) => this.#beginReply(turn),
      transcript: (turn, text, final) => {
        line.transcript('caller', `turn-${turn}`, text, final);
        if (final) this.#runner.dispatch({ type: 'understood', turn });
      },
      endCall: () => this.#runner.dispatch({ type: 'end_requested' }),
    };
  }

  #beginReply(turn: number | undefined): LiveReply {
    const before = this.#runner.state.generation;
    this.#runner.dispatch({ type: 'reply_begun', turn });
    const { generation } = this.#runner.state;
    const { line, meter } = this.#ports;
    const reply = new LiveReply(generation, turn, this.#player, {
      understood: (which) => this.#runner.dispatch({ type: 'understood', turn: which }),
      chosen: (which) => this.#runner.dispatch({ type: 'reply_chosen', generation: which }),
      firstAudio: (which) => this.#runner.dispatch({ type: 'reply_audio', generation: which }),
      text: (which, text, final) => line.transcript('robot', `reply-${which}`, text, final),
      failed: (which, error) => this.#runner.dispatch({ type: 'reply_failed', generation: which, error }),
      stale: (durationMs) => meter.framesDropped('reply_stale', Math.ceil(durationMs / 10)),
    });
    // The core refuses a reply that comes too late: to an old turn, or while the caller speaks.
    if (generation === before) reply.stop();
    else this.#reply = reply;
    return reply;
  }

  /** Runs the orchestrator's code: whatever it throws is its turn's trouble, not the call's. */
  #guard(task: () => void): void {
    try {
      task();
    } catch (error) {
      this.#runner.dispatch({ type: 'reply_failed', generation: undefined, error: asNodeError(error, 'answer_failed') });
    }
  }

  #close(end: CallEnd): void {
    const { line, meter } = this.#ports;
    this.#playout?.cancel();
    this.#strip.flush();
    this.#runner.tell(() => this.#controller.abort());
    this.#runner.tell(() => this.#conversation?.close());
    meter.callEnded(end);
    this.#log.info({ end, durationMs: this.#atMs(), turns: this.#runner.state.turn }, 'call ends');
    // Only now can no frame be on its way through the detector any more.
    const free = (): void => {
      this.#hearing.close();
      this.#resolveDone(end);
    };
    line.close().then(free, free);
  }

  #atMs(): number {
    return Math.round((this.#ports.clock.nowMs() - this.#runner.state.bornMs) * 10) / 10;
  }
}
