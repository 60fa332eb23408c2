import { withDeadline } from '../domain/deadline.js';
import { asNodeError, messageOf } from '../domain/errors.js';
import type { CallEnd, Log } from '../domain/observer.js';
import type { CallView } from '../domain/operations.js';
import type { Conversation } from '../domain/orchestrator.js';
import type { LineListener } from '../domain/transport.js';
import { Captions } from './captions.js';
import { Dialogue } from './dialogue.js';
import type { CallCommand, CallEvent } from './events.js';
import { Gauges } from './gauges.js';
import { Listening } from './listening.js';
import { Minutes } from './minutes.js';
import type { CallOptions, CallPorts, Phrases } from './options.js';
import { Replies } from './replies.js';
import { CoreRunner } from './runner.js';
import type { CallRules, CallState } from './state.js';
import { Voice } from './voice.js';

/** A line that has not closed by then is left to itself: within 5 s of its end nothing of a call is left. */
const CLOSE_LIMIT_MS = 3500;

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
  readonly #replies: Replies;
  readonly #minutes: Minutes;
  readonly #gauges = new Gauges();
  readonly #runner: CoreRunner;
  #resolveDone!: (end: CallEnd) => void;

  constructor(options: CallOptions, ports: CallPorts) {
    const { line, clock, meter, journal } = ports;
    this.callId = options.callId;
    this.#options = options;
    this.#ports = ports;
    this.#log = ports.log.child({ callId: options.callId, room: line.room, robot: options.robot });
    this.done = new Promise((resolve) => (this.#resolveDone = resolve));
    const runner = new CoreRunner({
      limits: options.limits,
      rules: { interruptions: options.interruptions, phrases: lengthsOf(options.phrases), resumed: options.past !== undefined, byCaller: options.byCaller === true },
      ageMs: options.ageMs ?? 0,
      clock,
      carryOut: (command) => this.#carryOut(command),
      guard: (task) => this.#dialogue.guard(task),
      bug: (error) => this.#log.error({ error: error instanceof Error ? error.stack : String(error) }, 'a bug; the call ends'),
    });
    this.#runner = runner;
    this.#captions = new Captions(line, () => this.#atMs());
    this.#minutes = new Minutes(journal, this.#log);
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
    this.#replies = new Replies({
      runner,
      clock,
      voice: this.#voice,
      captions: this.#captions,
      minutes: this.#minutes,
      phrases: options.phrases,
      tell: (what) => this.#tell(what),
    });
    this.#dialogue = new Dialogue({
      ...common,
      callId: options.callId,
      rateHz: options.rateHz,
      past: options.past,
      clock,
      orchestrator: ports.orchestrator,
      transcript: (turn, text, final) => this.#recognised(turn, text, final),
      beginReply: (turn) => this.#replies.ask(turn),
    });
  }

  get phase(): CallState['phase'] {
    return this.#runner.state.phase;
  }

  /** Its caller has left and may come back, but nobody is there. */
  get isDeserted(): boolean {
    return this.phase === 'waiting' && this.#runner.state.opened;
  }

  get room(): string {
    return this.#ports.line.room;
  }

  /** How it is doing, for an operator: no words of anybody. */
  view(): CallView {
    const { phase, turn, rejoins } = this.#runner.state;
    const { ticks, lateTicks } = this.#voice;
    return { callId: this.callId, room: this.room, robot: this.#options.robot, phase, turns: turn, ...this.#gauges.view, lateTicks, ticks, rejoins };
  }

  /** Connects the line and begins. Failures end the call; they are never thrown. */
  start(): void {
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

  /**
   * The caller hears the recorded good-bye, whatever was being said, and the call ends as `shutdown`: at once where
   * nobody is there to hear it, and at the latest 2.3 s after the length of the recording. A second time changes nothing.
   */
  sayGoodbye(): void {
    this.#runner.dispatch({ type: 'say_goodbye' });
  }

  // What the line tells.

  company(isThere: boolean, hungUp: boolean): void {
    if (!isThere && !this.#runner.state.opened) this.#log.info({ hungUp }, 'nobody is in the room');
    this.#runner.dispatch({ type: 'company', isThere, hungUp });
  }

  callerJoined(identity: string): void {
    if (this.phase === 'ended') return;
    this.#runner.run(() => {
      this.#log.info({ identity }, 'caller joined');
      this.#introduce();
      this.#runner.dispatch({ type: 'caller_joined' });
    });
  }

  callerLeft(hungUp: boolean): void {
    this.#log.info({ hungUp }, 'caller left');
    this.#runner.dispatch({ type: 'caller_left', hungUp });
  }

  interrupted(): void {
    this.#log.warn({}, 'the line is down');
    this.#runner.dispatch({ type: 'interrupted' });
  }

  restored(): void {
    this.#log.info({}, 'the line is up again');
    this.#runner.dispatch({ type: 'restored' });
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
    if (final && this.phase !== 'ended') this.#minutes.said('caller', text);
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
        return this.#replies.finish(command);
      case 'say':
        return this.#replies.say(command);
      case 'begin_reply':
        return this.#replies.begin(command);
      case 'cut_reply':
        return this.#replies.cut(command);
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
        this.#gauges.turn(command.report);
        return this.#log.info({ ...command.report }, 'turn');
      case 'report_barge_in':
        meter.bargeIn(command.stopMs);
        this.#gauges.bargeIn(command.stopMs);
        return this.#log.info({ stopMs: command.stopMs, heardMs: command.heardMs }, 'barge-in');
      case 'report_error':
        if (command.provider !== undefined) meter.providerError(command.provider, command.error.code);
        return this.#log.error({ code: command.error.code, error: command.error.message }, 'call trouble');
      case 'close':
        return this.#close(command.end);
    }
  }

  /** Tells the conversation, once the commands at hand are done. */
  #tell(what: (conversation: Conversation) => void): void {
    this.#runner.tell(() => this.#dialogue.tell(what));
  }

  #close(end: CallEnd): void {
    const { line, clock } = this.#ports;
    this.#voice.stop();
    this.#runner.run(() => this.#listening.finish());
    this.#runner.tell(() => this.#dialogue.close());
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

function lengthsOf(phrases: Phrases): CallRules['phrases'] {
  const lengthsMs: { -readonly [K in keyof CallRules['phrases']]: number } = {};
  for (const [name, phrase] of Object.entries(phrases) as [keyof Phrases, Phrases[keyof Phrases]][]) {
    if (phrase === undefined) continue;
    const { samples, rateHz } = phrase.audio;
    // At a rate that makes no sense it fails when it is said, and nobody waits for it.
    lengthsMs[name] = rateHz > 0 ? (samples.length / rateHz) * 1000 : 0;
  }
  return lengthsMs;
}
