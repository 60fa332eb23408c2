import { withDeadline } from '../domain/deadline.js';
import { asNodeError, messageOf } from '../domain/errors.js';
import type { CallEnd, Log } from '../domain/observer.js';
import type { Conversation, Reply } from '../domain/orchestrator.js';
import type { LineListener } from '../domain/transport.js';
import { Captions } from './captions.js';
import { Dialogue } from './dialogue.js';
import type { CallCommand, CallEvent } from './events.js';
import { Listening } from './listening.js';
import { CoreRunner } from './runner.js';
import type { CallOptions, CallPorts } from './options.js';
import type { CallState } from './state.js';
import { Voice } from './voice.js';

/** Longer than any line says it takes to close. */
const CLOSE_LIMIT_MS = 15_000;

/**
 * One call, alive: carries events to the core and does what the core commands. Nothing here decides; every
 * rule is in core.ts, every sample in hearing and speaking.
 *
 * Its public methods never throw, and neither do its timers: a bug in here ends this call as `failed`.
 */
export class Call implements LineListener {
  readonly callId: string;
  /** Resolves once the call has ended and everything it held is free. Never rejects. */
  readonly done: Promise<CallEnd>;
  readonly #options: CallOptions;
  readonly #ports: CallPorts;
  readonly #log: Log;
  readonly #listening: Listening;
  readonly #voice: Voice;
  readonly #captions: Captions;
  readonly #dialogue: Dialogue;
  readonly #runner: CoreRunner;
  /** The reply that `begin_reply` has made, for whoever asked for it. */
  #begun: Reply | undefined;
  #resolveDone!: (end: CallEnd) => void;

  constructor(options: CallOptions, ports: CallPorts) {
    const { line, clock, meter } = ports;
    this.callId = options.callId;
    this.#options = options;
    this.#ports = ports;
    this.#log = ports.log.child({ callId: options.callId, room: line.room, robot: options.robot });
    this.done = new Promise((resolve) => (this.#resolveDone = resolve));
    const runner = new CoreRunner({
      limits: options.limits,
      rules: { interruptions: options.interruptions, apologises: options.apology !== undefined },
      clock,
      carryOut: (command) => this.#carryOut(command),
      guard: (task) => this.#dialogue.guard(task),
      bug: (error) => this.#log.error({ error: error instanceof Error ? error.stack : String(error) }, 'a bug; the call ends'),
    });
    this.#runner = runner;
    this.#captions = new Captions(line, () => this.#atMs());
    const common = {
      line,
      log: this.#log,
      dispatch: (event: CallEvent) => runner.dispatch(event),
      run: (task: () => void) => runner.run(task),
    };
    this.#listening = new Listening(options, ports, {
      speech: common.dispatch,
      hear: (frame) => this.#dialogue.hear(frame),
      failed: (error) => runner.dispatch({ type: 'failed', error }),
      run: common.run,
      atMs: () => this.#atMs(),
    });
    this.#voice = new Voice({ ...common, clock, meter, queueMs: options.replyQueueMs, sent: (frame) => this.#listening.played(frame), spoken: (reply, text, final) => this.#captions.robot(reply, text, final) });
    this.#dialogue = new Dialogue({
      ...common,
      callId: options.callId,
      rateHz: options.rateHz,
      clock,
      orchestrator: ports.orchestrator,
      transcript: (turn, text, final) => this.#recognised(turn, text, final),
      beginReply: (turn) => this.#beginReply(turn),
    });
  }

  get phase(): CallState['phase'] {
    return this.#runner.state.phase;
  }

  /** Its caller has left and may come back, but nobody is there. */
  get isDeserted(): boolean {
    return this.phase === 'waiting' && this.#runner.state.hadCaller;
  }

  get room(): string {
    return this.#ports.line.room;
  }

  /** Connects the line and begins. Failures end the call; they are never thrown. */
  start(): void {
    this.#ports.meter.callStarted();
    this.#log.info({}, 'call begins');
    this.#runner.schedule();
    void this.#connect();
  }

  async #connect(): Promise<void> {
    try {
      await this.#ports.line.open(this);
    } catch (error) {
      return this.#runner.dispatch({ type: 'failed', error: asNodeError(error, 'transport_connect') });
    }
    this.#runner.dispatch({ type: 'connected' });
    this.#runner.run(() => this.#voice.start());
  }

  hangUp(end: CallEnd): void {
    this.#runner.dispatch({ type: 'hang_up', end });
  }

  // What the line tells.

  callerJoined(identity: string): void {
    if (this.phase === 'ended') return;
    this.#runner.run(() => {
      this.#log.info({ identity }, 'caller joined');
      this.#introduce();
      this.#runner.dispatch({ type: 'caller_joined' });
    });
  }

  callerLeft(): void {
    this.#log.info({}, 'caller left');
    this.#runner.dispatch({ type: 'caller_left' });
  }

  audio(samples: Int16Array): void {
    if (this.phase === 'ended') return;
    this.#listening.audio(samples);
  }

  ended(end: Parameters<LineListener['ended']>[0], detail?: string): void {
    this.#log.info({ end, ...(detail === undefined ? {} : { detail }) }, 'line ended');
    this.#runner.dispatch({ type: 'line_ended', end });
  }

  // What the conversation tells.

  #recognised(turn: number, text: string, final: boolean): void {
    this.#captions.caller(turn, text, final);
    if (turn === this.#runner.state.turn) this.#listening.words(text, final);
  }

  /** Again with every turn: a page that was not listening yet at the first time still learns whom it talks to. */
  #introduce(): void {
    const { callId, robot, rateHz } = this.#options;
    this.#ports.line.publish({ type: 'call', atMs: this.#atMs(), callId, robot, rateHz, detector: this.#ports.detector.kind, ...(this.#ports.denoiser === undefined ? {} : { denoise: true }) });
  }

  // What the core commands.

  #carryOut(command: CallCommand): void {
    const { line, meter } = this.#ports;
    switch (command.type) {
      case 'agent_state':
        return line.setAgentState(command.state);
      case 'robot_speaking':
        return this.#listening.setRobotSpeaking(command.on);
      case 'reset_hearing':
        return this.#listening.reset();
      case 'check_audio':
        // Hearing tells what it finds, and the conversation hears it: not while a command is carried out.
        return this.#runner.tell(() => this.#listening.check());
      case 'open_conversation':
        return this.#runner.tell(() => this.#dialogue.open());
      case 'tell_started':
        this.#introduce();
        return this.#tell((conversation) => conversation.speechStarted?.(command.turn));
      case 'tell_ended':
        return this.#tell((conversation) => conversation.speechEnded(command.turn, command.utterance));
      case 'tell_dropped':
        return this.#tell((conversation) => conversation.speechDropped?.(command.turn));
      case 'finish_reply':
        return this.#finishReply(command);
      case 'apologise':
        return this.#apologise(command.generation);
      case 'begin_reply':
        this.#begun = this.#voice.begin(command.generation, command.turn);
        return;
      case 'cut_reply':
        return this.#cutReply(command);
      case 'duck_reply':
        return this.#voice.duck(command.on);
      case 'hold_reply':
        return this.#voice.hold(command.on);
      case 'report_interruption':
        meter.interruption(command.decision);
        return this.#log.info({ decision: command.decision, afterMs: command.afterMs }, 'interruption');
      case 'publish':
        return line.publish(command.event);
      case 'report_turn':
        meter.turn(command.report);
        return this.#log.info({ ...command.report }, 'turn');
      case 'report_barge_in':
        meter.bargeIn(command.stopMs);
        return this.#log.info({ stopMs: command.stopMs, heardMs: command.heardMs }, 'barge-in');
      case 'report_error':
        if (command.provider !== undefined) meter.providerError(command.provider, command.error.code);
        return this.#log.error({ code: command.error.code, error: command.error.message }, 'call trouble');
      case 'close':
        return this.#close(command.end);
    }
  }

  #cutReply(command: Extract<CallCommand, { type: 'cut_reply' }>): void {
    const { generation, turn, playing, onsetMs, silentMs, apology } = command;
    const { heardMs, text, reply } = this.#voice.cut();
    const bargeInMs = onsetMs === undefined ? undefined : (silentMs ?? this.#ports.clock.nowMs()) - onsetMs;
    this.#runner.tell(() => reply?.stop());
    if (!apology) this.#tell((conversation) => conversation.stopPlayback({ generation, turn, heardMs, text, complete: false }));
    this.#runner.dispatch({ type: 'reply_cut', generation, turn, heardMs, bargeInMs, playing });
  }

  #finishReply({ generation, turn, heardMs, apology }: Extract<CallCommand, { type: 'finish_reply' }>): void {
    const text = this.#voice.finish();
    if (!apology) this.#tell((conversation) => conversation.playbackFinished?.({ generation, turn, heardMs, text, complete: true }));
  }

  /** Not the orchestrator's business: it works where the orchestrator does not. */
  #apologise(generation: number): void {
    const { apology } = this.#options;
    const reply = this.#voice.begin(generation, undefined);
    this.#captions.apologises(generation);
    if (apology !== undefined) {
      reply.text(apology.text);
      void reply.audio(apology.audio.samples, apology.audio.rateHz);
    }
    reply.end();
  }

  /** Tells the conversation, once the commands at hand are done. */
  #tell(what: (conversation: Conversation) => void): void {
    this.#runner.tell(() => this.#dialogue.tell(what));
  }

  #beginReply(turn: number | undefined): Reply {
    this.#begun = undefined;
    this.#runner.dispatch({ type: 'reply_begun', turn });
    const begun = this.#begun as Reply | undefined;
    this.#begun = undefined;
    return begun ?? this.#voice.refuse(turn);
  }

  #close(end: CallEnd): void {
    const { line, meter, clock } = this.#ports;
    this.#voice.stop();
    this.#runner.run(() => this.#listening.finish());
    this.#runner.tell(() => this.#dialogue.close());
    meter.callEnded(end);
    this.#log.info({ end, durationMs: this.#atMs(), turns: this.#runner.state.turn }, 'call ends');
    const closing = withDeadline(clock, (async () => line.close())(), CLOSE_LIMIT_MS, 'transport_timeout', 'closing the line');
    // Only then can no frame be on its way through the detector any more.
    void closing
      .catch((error: unknown) => this.#log.warn({ error: messageOf(error) }, 'the line was not closed cleanly'))
      .then(() => this.#runner.run(() => this.#listening.close()))
      .then(() => this.#resolveDone(end));
  }

  #atMs(): number {
    return Math.round((this.#ports.clock.nowMs() - this.#runner.state.bornMs) * 10) / 10;
  }
}
