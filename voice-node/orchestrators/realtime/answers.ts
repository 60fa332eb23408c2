import type { Audio } from '../../domain/audio.js';
import type { VoiceNodeError } from '../../domain/errors.js';
import type { ConversationHost, Heard, Reply } from '../../domain/orchestrator.js';
import { ProviderError } from '../../domain/provider.js';
import type { RealtimeSession, ResponseEnd } from '../../domain/realtime.js';
import { ToolCalls, type ToolsOptions } from '../pipeline/tools.js';
import { Answer, type Truncation } from './answer.js';
import { FAREWELL } from './wording.js';

/** How often in a row one answer may call tools. */
const MAX_ROUNDS = 8;

/** What the answers of a call need to know, and whom they tell. */
export interface AnswersOwner {
  session(): RealtimeSession | undefined;
  /** Whether the robot may speak now, unprompted. */
  mayBegin(): boolean;
  /** Whether a new answer may take the place of one that is being heard. */
  readonly mayReplace: boolean;
  /** An answer can be heard now. */
  audible(): void;
}

/** The answers of one call: the one that is heard, the one that has to wait, and which response is part of which. */
export class Answers {
  readonly #host: ConversationHost;
  readonly #tools: ToolsOptions;
  readonly #owner: AnswersOwner;
  /** Replies that have not ended, by generation. */
  readonly #replies = new Map<number, Answer>();
  /** The one that is heard, or waited for. */
  #current: Answer | undefined;
  /** One that nobody may hear yet: the caller is speaking, or the robot is and must not be interrupted. */
  #held: Answer | undefined;

  constructor(host: ConversationHost, tools: ToolsOptions, owner: AnswersOwner) {
    this.#host = host;
    this.#tools = tools;
    this.#owner = owner;
  }

  get current(): Answer | undefined {
    return this.#current;
  }

  get held(): Answer | undefined {
    return this.#held;
  }

  /** A reply whose answer is still to come. */
  expect(reply: Reply): Answer {
    const answer = new Answer(this.#owner.session());
    answer.expects = true;
    this.#begin(answer, reply);
    return answer;
  }

  /** A turn has ended: what waited for that is its answer. Otherwise one is expected. */
  answerTurn(reply: Reply): Answer {
    const held = this.#held;
    this.#held = undefined;
    if (held === undefined) return this.expect(reply);
    this.#begin(held, reply);
    if (held.hasAudio) this.#owner.audible();
    return held;
  }

  /** A recording. */
  play({ samples, rateHz }: Audio, text: string | undefined, reply: Reply): void {
    const answer = new Answer(undefined);
    if (text !== undefined) answer.text('', text);
    answer.audio('', samples, rateHz);
    answer.close();
    this.#begin(answer, reply);
  }

  /** Whoever waited for its turn gets it, if it may. */
  beginHeld(): void {
    const held = this.#held;
    if (held?.hasAudio !== true || !this.#owner.mayBegin() || (this.#current !== undefined && !this.#owner.mayReplace)) return;
    this.#held = undefined;
    this.#begin(held, this.#host.beginReply());
    this.#owner.audible();
  }

  /** Nobody will hear it. */
  dropHeld(): void {
    const held = this.#held;
    this.#held = undefined;
    if (held !== undefined) this.#discard(held);
  }

  /** The reply is over. Returns its answer. */
  take({ generation }: Heard): Answer | undefined {
    const answer = this.#replies.get(generation);
    this.#replies.delete(generation);
    if (answer !== undefined && this.#current === answer) this.#current = undefined;
    return answer;
  }

  /** The reply of this answer is over before anything of it came; the response goes on, for whoever wants it then. */
  detach(answer: Answer): void {
    const { response } = answer;
    answer.stop(0);
    if (response !== undefined) this.#hold(response);
  }

  close(): void {
    this.dropHeld();
    this.#current?.stop(0);
    this.#current = undefined;
    this.#replies.clear();
  }

  // What the session tells.

  responseStarted(responseId: string): void {
    const waiting = [this.#current, this.#held].find((answer) => answer?.expects === true && answer.response === undefined);
    if (waiting === undefined) return this.#hold(responseId);
    waiting.expects = false;
    waiting.session = this.#owner.session();
    waiting.response = responseId;
    waiting.reply?.understood();
  }

  text(responseId: string, itemId: string, delta: string): void {
    this.#of(responseId)?.text(itemId, delta);
  }

  audio(responseId: string, itemId: string, samples: Int16Array, rateHz: number): void {
    const answer = this.#of(responseId);
    if (answer === undefined) return;
    const first = !answer.hasAudio;
    answer.audio(itemId, samples, rateHz);
    if (answer === this.#held) this.beginHeld();
    else if (first) this.#owner.audible();
  }

  toolCall(responseId: string, callId: string, name: string, args: string): void {
    const answer = this.#of(responseId);
    if (answer === undefined) return;
    answer.tools ??= new ToolCalls(this.#tools, { callId: this.#host.callId, signal: answer.signal });
    answer.results.push(answer.tools.begin({ id: callId, name, arguments: args }).run.then((output) => ({ callId, output })));
  }

  responseDone(responseId: string, how: ResponseEnd, error: VoiceNodeError | undefined): void {
    const answer = this.#of(responseId);
    if (answer === undefined) return;
    answer.responseDone();
    if (how === 'completed') {
      if (answer.results.length > 0) return void this.#goOn(answer);
      return this.#finish(answer);
    }
    if (answer === this.#held) {
      if (error !== undefined) this.#host.log.warn({ code: error.code, error: error.message }, 'an answer nobody waited for failed');
      return this.dropHeld();
    }
    if (how === 'failed') return answer.close(error);
    // The provider has heard the caller go on: what he says then will be answered.
    if (!answer.hasAudio && answer.turn !== undefined) answer.expects = true;
    else answer.close();
  }

  #of(responseId: string): Answer | undefined {
    return [this.#current, this.#held].find((answer) => answer?.response === responseId);
  }

  #hold(responseId: string): void {
    this.dropHeld();
    this.#held = new Answer(this.#owner.session());
    this.#held.response = responseId;
  }

  #begin(answer: Answer, reply: Reply): void {
    // The call takes no answer now: it ends, or its caller has left.
    if (reply.signal.aborted) return this.#discard(answer);
    this.#current = answer;
    this.#replies.set(reply.generation, answer);
    answer.begin(reply);
  }

  /** Of what nobody has heard, the model is to know nothing. */
  #discard(answer: Answer): void {
    const { session, response } = answer;
    const cuts = answer.stop(0);
    if (session === undefined || session !== this.#owner.session()) return;
    if (response !== undefined) session.cancel();
    truncate(session, cuts);
  }

  #finish(answer: Answer): void {
    answer.close();
    if (answer === this.#held && !answer.hasAudio) this.dropHeld();
    if (answer.farewell) this.#host.endCall();
  }

  /** Tools were called: the model is told what came of it, and goes on. */
  async #goOn(answer: Answer): Promise<void> {
    const results = await Promise.all(answer.results);
    answer.results.length = 0;
    const { session } = answer;
    if (session === undefined || session !== this.#owner.session()) return;
    // Also where nobody waits any more: a call without a result would confuse the model.
    for (const { callId, output } of results) session.toolResult(callId, output);
    if (!answer.isOpen) return;
    if (answer.tools?.hangUp === true && (answer.hasAudio || answer.farewell)) {
      answer.farewell = true;
      return this.#finish(answer);
    }
    if (++answer.rounds > MAX_ROUNDS) return answer.close(new ProviderError('provider_overflow', `expected a model to call tools at most ${MAX_ROUNDS} times for one answer, got more`));
    answer.farewell = answer.tools?.hangUp === true;
    answer.expects = true;
    session.respond(answer.farewell ? FAREWELL : undefined);
  }
}

/** Tells the session which of its items were not heard to their end. */
export function truncate(session: RealtimeSession, cuts: readonly Truncation[]): void {
  for (const { itemId, audioMs } of cuts) session.truncate(itemId, audioMs);
}
