import type { VoiceNodeError } from '../../domain/errors.js';
import type { Conversation, ConversationHost, Heard } from '../../domain/orchestrator.js';
import { ProviderError } from '../../domain/provider.js';
import type { RealtimeSession } from '../../domain/realtime.js';
import type { Utterance } from '../../domain/speech.js';
import { samplesIn } from '../../domain/time.js';
import { toolSpecs } from '../pipeline/tools.js';
import type { Answer } from './answer.js';
import { Answers, truncate } from './answers.js';
import { CallerTape, LOOKBACK_MS, PRE_ROLL_MS } from './caller-tape.js';
import { Link, type LinkOwner } from './link.js';
import { Memory } from './memory.js';
import { TurnItems } from './turn-items.js';
import { TurnWatch, type TurnFate } from './turn-watch.js';
import { greetingOf } from './wording.js';
import type { RealtimeRobotOptions } from './options.js';

/** Our detector has heard a turn; if the provider's has not by then, it does not take it for speech. */
const SECOND_OPINION_MS = 700;
/** The last words of the caller are written down by then, or will not be. */
const WRITING_MS = 5000;
/** The session keeps its own deadlines; the one here is for a session that cannot even be had. */
const WATCH_MARGIN_MS = 1000;
/** Of a turn, this much may be missing in what was sent. */
const MISSED_MS = 100;

/**
 * One call of a robot that speaks for itself. Two ways of turn-taking meet here. Ours: hearing says when a turn
 * begins and ends, and an answer is asked for. The provider's: it hears everything and answers when it finds it
 * fitting; our hearing then only cuts the robot off sooner, and lends every answer the turn it belongs to.
 *
 * A reply is begun as soon as a turn has ended, so whatever becomes of the turn arrives as the end of that reply.
 */
export class RealtimeConversation implements Conversation {
  readonly #host: ConversationHost;
  readonly #options: RealtimeRobotOptions;
  readonly #byProvider: boolean;
  readonly #link: Link;
  readonly #answers: Answers;
  readonly #tape: CallerTape;
  readonly #memory = new Memory();
  /** The newest turn, and whether the caller is still in it. */
  #turn: number | undefined;
  #speaking = false;
  /** Samples of the turn that the session was given. */
  #sentSamples = 0;
  readonly #items = new TurnItems();
  /** The provider hears speech, or owes an answer to some. */
  #providerHears = false;
  #providerOwes = false;
  /** The caller spoke again before he heard anything: if that was no turn, he still wants to be answered. */
  #owed = false;
  /** Words of the greeting until it can be heard. */
  #greeting: string | undefined;
  readonly #watch: TurnWatch;

  constructor(host: ConversationHost, options: RealtimeRobotOptions) {
    this.#host = host;
    this.#options = options;
    const { model, instructions, language, tools: runner, endCall, greeting, random = Math.random } = options;
    const tools = { runner, endCall };
    this.#byProvider = model.turns === 'server';
    this.#tape = new CallerTape(host.rateHz);
    this.#watch = new TurnWatch(host.clock);
    const session = { instructions, language, tools: toolSpecs(tools), signal: host.signal };
    this.#link = new Link({ model, session, clock: host.clock, log: host.log, random }, this.#ears());
    this.#answers = new Answers(host, tools, {
      session: () => this.#link.session,
      mayBegin: () => !this.#speaking,
      mayReplace: model.interrupts,
      audible: () => this.#audible(),
    });
    if (host.past !== undefined) this.#memory.recall(host.past, host.clock.nowMs());
    else if (greeting?.audio !== undefined) this.#answers.play(greeting.audio, greeting.text, host.beginReply());
    else if ((this.#greeting = greeting?.text) !== undefined) this.#answers.expect(host.beginReply());
    this.#link.start();
  }

  hear(frame: Int16Array): void {
    this.#tape.hear(frame);
    if (!this.#byProvider && !this.#speaking) return;
    this.#sentSamples += frame.length;
    this.#link.session?.append(frame, this.#host.rateHz);
  }

  speechStarted(turn: number): void {
    this.#turn = turn;
    this.#speaking = true;
    this.#greeting = undefined;
    this.#watch.stop();
    this.#link.wake();
    if (this.#byProvider) return this.#tape.start(LOOKBACK_MS);
    // Whatever was on its way is not what the caller wants to hear any more.
    const { session } = this.#link;
    session?.cancel();
    this.#answers.dropHeld();
    const preRoll = this.#tape.latest(PRE_ROLL_MS);
    this.#tape.start(PRE_ROLL_MS);
    this.#sentSamples = preRoll.length;
    session?.append(preRoll, this.#host.rateHz);
  }

  speechEnded(turn: number, utterance: Utterance): void {
    this.#turn = turn;
    this.#speaking = false;
    this.#owed = false;
    this.#tape.forgetWords(utterance);
    const reply = this.#host.beginReply(turn);
    if (this.#link.down !== undefined) return reply.fail(this.#link.down);
    if (!this.#byProvider) {
      this.#sendWhatWasMissed(utterance);
      this.#commit();
    }
    // The provider has heard what came after it as well, and will answer that.
    else if (this.#options.model.interrupts && (this.#providerHears || this.#providerOwes)) this.#answers.dropHeld();
    const answer = this.#answers.answerTurn(reply);
    if (answer.expects) this.#watchTurn(answer);
    this.#link.poke();
  }

  speechDropped(): void {
    this.#speaking = false;
    if (!this.#byProvider) this.#link.session?.clear();
    const reply = this.#owed ? this.#host.beginReply() : undefined;
    // Where the call takes no answer now (its caller has left, or it ends), none is asked for.
    if (reply?.signal.aborted === false) {
      this.#watchTurn(this.#answers.expect(reply));
      this.#link.session?.respond();
    } else if (!this.#providerHears && !this.#providerOwes) this.#tape.stop();
    this.#owed = false;
    this.#answers.beginHeld();
    this.#link.poke();
  }

  stopPlayback(heard: Heard): void {
    const answer = this.#answers.take(heard);
    if (answer === undefined) return;
    this.#watch.stop();
    const { session } = this.#link;
    const mine = session !== undefined && answer.session === session;
    // Our detector took something for speech. If the provider's does too, it cancels its answer; otherwise that stands.
    if (this.#byProvider && mine && answer.turn !== undefined && answer.response !== undefined && !answer.hasAudio) return this.#answers.detach(answer);
    this.#owed = !this.#byProvider && answer.turn !== undefined && heard.heardMs === 0 && answer.error === undefined;
    if (mine && (answer.response !== undefined || answer.expects)) session.cancel();
    const cuts = answer.stop(heard.heardMs);
    if (mine) truncate(session, cuts);
    this.#heard(answer, heard);
  }

  playbackFinished(heard: Heard): void {
    const answer = this.#answers.take(heard);
    if (answer === undefined) return;
    this.#watch.stop();
    answer.stop(heard.heardMs);
    if (!this.#speaking && !this.#providerHears && !this.#providerOwes) this.#tape.stop();
    this.#heard(answer, heard);
  }

  close(): void {
    this.#watch.stop();
    this.#link.close();
    this.#answers.close();
    this.#tape.stop();
  }

  /** What the sessions tell. */
  #ears(): LinkOwner {
    return {
      takenOver: (session) => this.#takenOver(session),
      lost: (error) => this.#lost(error),
      gaveUp: (error) => {
        this.#greeting = undefined;
        this.#tape.stop();
        this.#giveUp(this.#answers.current, error);
      },
      mayHandOver: (forced) => this.#mayHandOver(forced),
      speechStarted: () => {
        this.#providerHears = true;
        this.#tape.start(LOOKBACK_MS);
      },
      speechStopped: () => void ([this.#providerHears, this.#providerOwes] = [false, true]),
      committed: (itemId) => this.#committed(itemId),
      transcript: (itemId, text, final) => this.#transcript(itemId, text, final),
      responseStarted: (responseId) => {
        this.#providerOwes = false;
        this.#answers.responseStarted(responseId);
      },
      text: (responseId, itemId, delta) => this.#answers.text(responseId, itemId, delta),
      audio: (responseId, itemId, samples, rateHz) => this.#answers.audio(responseId, itemId, samples, rateHz),
      toolCall: (responseId, callId, name, args) => this.#answers.toolCall(responseId, callId, name, args),
      responseDone: (responseId, how, error) => {
        this.#answers.responseDone(responseId, how, error);
        this.#link.poke();
      },
      refused: (error) => this.#giveUp(this.#answers.current, error),
      trouble: (error) => this.#host.log.warn({ code: error.code, error: error.message }, 'realtime trouble'),
    };
  }

  /** Another session takes over: it is told what was said, and hears again what nobody has answered. */
  #takenOver(session: RealtimeSession): void {
    this.#providerHears = false;
    this.#providerOwes = false;
    this.#items.forgetOpen();
    this.#answers.dropHeld();
    const answer = this.#answers.current;
    const waits = answer?.isOpen === true && !answer.hasAudio;
    if (waits) answer.expectFrom(session);
    if (this.#tape.isRecording) this.#memory.dropUnanswered();
    for (const item of this.#memory.items) session.remember(item);
    if (this.#tape.isRecording) for (const piece of this.#tape.pieces()) session.append(piece, this.#host.rateHz);
    // What was said just now may be the beginning of something that only the old session has heard.
    else if (this.#byProvider) session.append(this.#tape.latest(LOOKBACK_MS), this.#host.rateHz);
    if (!waits) return;
    if (this.#greeting !== undefined) session.respond(greetingOf(this.#greeting));
    else if (!this.#byProvider && !this.#speaking) this.#commit();
    else if (this.#byProvider) this.#watchTurn(answer);
  }

  #lost(error: VoiceNodeError): void {
    this.#answers.dropHeld();
    const answer = this.#answers.current;
    // Who waited until a deadline has waited long enough, and tools that were called are not called again.
    const waitedLong = /_timeout$/.test(error.code);
    if (waitedLong || answer?.hasAudio === true || answer?.usesTools === true) this.#giveUp(answer, error);
  }

  #mayHandOver(forced: boolean): boolean {
    const { current, held } = this.#answers;
    if (forced) return held?.hasAudio !== true && (current?.isOpen !== true || !(current.hasAudio || current.usesTools));
    const silent = !this.#speaking && !this.#providerHears && !this.#providerOwes && !this.#items.anyOpen;
    return silent && current === undefined && held === undefined && !this.#memory.awaitsWords(this.#host.clock.nowMs() - WRITING_MS);
  }

  #committed(itemId: string): void {
    this.#items.committed(itemId, this.#byProvider ? this.#turn : undefined);
    this.#memory.user(itemId, { samples: this.#tape.copy(), rateHz: this.#host.rateHz }, this.#host.clock.nowMs());
  }

  #transcript(itemId: string, text: string, final: boolean): void {
    const turn = this.#items.turnOf(itemId) ?? this.#turn;
    if (turn !== undefined) this.#host.transcript(turn, text, final);
    if (!final) return;
    this.#memory.written(itemId, text);
    this.#link.poke();
  }

  /** The robot can be heard: what the caller said up to now is being answered. */
  #audible(): void {
    this.#greeting = undefined;
    this.#watch.stop();
    this.#memory.answered();
    this.#tape.stop();
    if (this.#speaking || this.#providerHears) this.#tape.start(LOOKBACK_MS);
  }

  #heard(answer: Answer, { text }: Heard): void {
    const { session } = this.#link;
    this.#memory.assistant(text, this.#host.clock.nowMs());
    if (text !== '' && answer.session !== session) session?.remember({ role: 'assistant', text });
    this.#answers.beginHeld();
    this.#link.poke();
  }

  #commit(): void {
    if (this.#turn !== undefined) this.#items.handOver(this.#turn);
    this.#link.session?.commit();
  }

  /** Speech over a robot that could not be interrupted becomes a turn late. */
  #sendWhatWasMissed({ samples }: Utterance): void {
    if (samples.length <= this.#sentSamples + samplesIn(MISSED_MS, this.#host.rateHz)) return;
    const { session } = this.#link;
    session?.clear();
    session?.append(samples, this.#host.rateHz);
    this.#tape.replaceWith(samples);
  }

  /** The turn has ended: its answer comes, or it turns out to be none, or it is given up. */
  #watchTurn(answer: Answer): void {
    const { limits, silenceMs, vendor } = this.#options.model;
    const look = (): TurnFate => {
      if (this.#answers.current !== answer || !answer.isOpen || answer.hasAudio) return 'settled';
      const heard = !this.#byProvider || !answer.expects || this.#providerHears || this.#providerOwes;
      if (heard || this.#link.readyForMs < SECOND_OPINION_MS) return 'waits';
      this.#tape.stop();
      answer.close();
      return 'settled';
    };
    this.#watch.start(silenceMs + limits.firstMs + WATCH_MARGIN_MS, look, () =>
      this.#giveUp(answer, new ProviderError('provider_first_timeout', `${vendor} realtime: no answer began within ${limits.firstMs} ms`)),
    );
  }

  #giveUp(answer: Answer | undefined, error: VoiceNodeError): void {
    if (answer?.isOpen !== true) return;
    this.#tape.stop();
    answer.close(error);
  }
}
