import { asNodeError } from '../../domain/errors.js';
import type { Conversation, ConversationHost, Heard, Reply } from '../../domain/orchestrator.js';
import type { Utterance } from '../../domain/speech.js';
import type { SpeechToText } from '../../domain/stt.js';
import { childOf, onAbort, orAborted } from '../abortable.js';
import { SpeechTape, TapeFeed } from '../speech-tape.js';
import { Guesses } from './guesses.js';
import { History, type Exchange } from './history.js';
import type { AnswerMode, Answering, Remembered } from './mode.js';
import { Pause } from './pause.js';
import { Recognition } from './recognition.js';

/** A transcript that stays the same for so long in a pause is worth a guess. */
const STABLE_MS = 200;

export interface ConversationOptions {
  readonly stt: SpeechToText;
  /** BCP 47. */
  readonly language: string;
  /** What the model is told of its part; '' for nothing. */
  readonly prompt: string;
  /** Messages of the conversation the model is shown, beside the prompt. */
  readonly historyMessages: number;
  /** Whether the model may begin before it is certain what the caller said. */
  readonly speculate: boolean;
}

/** What the caller is saying, or has said last. */
interface Turn {
  readonly number: number;
  readonly exchange: Exchange;
  readonly guesses: Guesses;
  readonly pause: Pause;
  recognition: Recognition;
  /** When the transcript changed last. */
  changedMs: number;
  /** Handed over: t2. */
  complete: boolean;
}

interface OpenReply {
  readonly exchange: Exchange;
  /** Whether it answers the caller. */
  readonly answers: boolean;
  remember: (heard: Heard) => Remembered;
  failed: boolean;
}

/**
 * One call's conversation for robots that write down what they hear and ask a language model: speech to text
 * from t1 on, an early start of the model, a history that is true. What is said, and how, is the mode's business.
 *
 * A reply is begun at t2, before there is anything to say: so every way in which a turn can end, be it an
 * interruption, a failure or the call's own deadline, arrives as the end of that reply.
 */
export class SpokenConversation implements Conversation {
  readonly #host: ConversationHost;
  readonly #mode: AnswerMode;
  readonly #options: ConversationOptions;
  readonly #tape: SpeechTape;
  readonly #history: History;
  /** Replies that have not ended, by generation. */
  readonly #replies = new Map<number, OpenReply>();
  #turn: Turn | undefined;
  /** The last turn that was handed over. */
  #asked: Turn | undefined;
  /** The caller spoke again before he heard anything: if that was only a cough, he still wants to be answered. */
  #owed = false;

  constructor(host: ConversationHost, mode: AnswerMode, options: ConversationOptions) {
    this.#host = host;
    this.#mode = mode;
    this.#options = options;
    this.#tape = new SpeechTape(host.rateHz);
    this.#history = new History(options.prompt, options.historyMessages);
    const { past } = host;
    if (past !== undefined) this.#history.recall(past, (text) => mode.recall(text));
    else if (mode.greet !== undefined) void this.#greet(mode.greet);
  }

  hear(frame: Int16Array): void {
    this.#tape.hear(frame);
    const turn = this.#turn;
    if (turn === undefined || turn.complete || !this.#options.speculate) return;
    turn.pause.hear(frame);
    if (turn.pause.lastsMs >= STABLE_MS && this.#host.clock.nowMs() - turn.changedMs >= STABLE_MS) turn.guesses.consider(turn.recognition.text, false);
  }

  speechStarted(number: number): void {
    // Of a turn that was never handed over nobody will hear again: its caller left in the middle.
    if (this.#turn?.complete === false) this.#forget(this.#turn);
    this.#turn = this.#begin(number, this.#tape.begin());
  }

  speechEnded(number: number, utterance: Utterance): void {
    this.#tape.finish(utterance);
    const started = this.#turn?.number === number ? this.#turn : undefined;
    const turn = started ?? this.#begin(number, TapeFeed.of(utterance, this.#host.rateHz));
    if (turn.recognition.feed.hasMissed(utterance)) {
      turn.recognition.abort();
      turn.recognition = this.#recognise(TapeFeed.of(utterance, this.#host.rateHz), () => turn);
    }
    turn.complete = true;
    this.#turn = turn;
    this.#asked = turn;
    if (turn.recognition.settled) this.#understood(turn);
    if (this.#options.speculate) turn.guesses.consider(turn.recognition.text, true);
    void this.#respond(turn, this.#host.beginReply(number));
  }

  speechDropped(number: number): void {
    this.#tape.stop();
    if (this.#turn?.number !== number) return;
    if (this.#turn.recognition.text !== '') this.#host.transcript(number, '', true);
    this.#forget(this.#turn);
    if (this.#owed && this.#asked !== undefined) void this.#respond(this.#asked, this.#host.beginReply());
  }

  stopPlayback(heard: Heard): void {
    this.#heard(heard);
  }

  playbackFinished(heard: Heard): void {
    this.#heard(heard);
  }

  close(): void {
    this.#tape.stop();
    if (this.#turn !== undefined) this.#forget(this.#turn);
    this.#replies.clear();
  }

  #begin(number: number, feed: TapeFeed): Turn {
    const history = this.#history;
    const exchange = history.open();
    const guesses = new Guesses({
      questionOf: (text) => history.messages({ exchange, text }).at(-1)?.content ?? '',
      begin: (text) => this.#mode.ask(history.messages({ exchange, text }), this.#host.signal),
    });
    const changedMs = this.#host.clock.nowMs();
    const turn: Turn = { number, exchange, guesses, pause: new Pause(), recognition: this.#recognise(feed, () => turn), changedMs, complete: false };
    return turn;
  }

  #recognise(feed: TapeFeed, turnOf: () => Turn): Recognition {
    const { stt, language } = this.#options;
    return new Recognition(feed, {
      stt,
      language,
      signal: this.#host.signal,
      heard: (text) => {
        const turn = turnOf();
        turn.exchange.user = text;
        turn.changedMs = this.#host.clock.nowMs();
        turn.guesses.changed(text);
        this.#host.transcript(turn.number, text, false);
      },
      settled: (error) => {
        const turn = turnOf();
        if (error !== undefined) this.#host.log.warn({ turn: turn.number, code: error.code, error: error.message }, 'speech recognition failed');
        if (turn.complete) this.#understood(turn);
      },
    });
  }

  /** Also for a turn whose caller spoke on: his words belong to the next answer. */
  #understood({ number, exchange, recognition }: Turn): void {
    exchange.user = recognition.text;
    if (!recognition.failed) this.#host.transcript(number, recognition.text, true);
  }

  /** It was no turn. */
  #forget(turn: Turn): void {
    turn.guesses.drop();
    if (!turn.complete) {
      turn.recognition.abort();
      this.#history.drop(turn.exchange);
    }
    if (this.#turn === turn) this.#turn = undefined;
  }

  async #respond(turn: Turn, reply: Reply): Promise<void> {
    if (reply.signal.aborted) return turn.guesses.drop();
    await this.#speak(reply, { exchange: turn.exchange, answers: true }, (signal, remember) => this.#answer(turn, { host: this.#host, reply, signal, remember }));
    turn.guesses.drop();
  }

  async #greet(greet: NonNullable<AnswerMode['greet']>): Promise<void> {
    const reply = this.#host.beginReply();
    await this.#speak(reply, { exchange: this.#history.open(), answers: false }, (signal, remember) => greet({ host: this.#host, reply, signal, remember }));
  }

  /** Never rejects. */
  async #speak(reply: Reply, what: Pick<OpenReply, 'exchange' | 'answers'>, task: (signal: AbortSignal, remember: Answering['remember']) => Promise<void>): Promise<void> {
    const open: OpenReply = { ...what, remember: () => ({ answer: [] }), failed: false };
    const scope = childOf(reply.signal);
    if (!scope.signal.aborted) this.#replies.set(reply.generation, open);
    try {
      await task(scope.signal, (how) => (open.remember = how));
    } catch (error) {
      // He is apologised to instead.
      open.failed = true;
      if (!scope.signal.aborted) reply.fail(asNodeError(error, 'answer_failed'));
    } finally {
      scope.abort();
    }
  }

  async #answer(turn: Turn, task: Omit<Answering, 'messages' | 'stream'>): Promise<void> {
    const { exchange, guesses, recognition } = turn;
    const { reply, signal } = task;
    const off = onAbort(signal, () => guesses.drop());
    const failure = await orAborted(recognition.done, signal);
    off();
    if (signal.aborted) return;
    if (failure !== undefined) {
      exchange.user = '';
      throw failure;
    }
    reply.understood();
    if ((exchange.user === '' && !this.#owed) || !this.#history.awaitsAnswer) return reply.end();
    const messages = this.#history.messages();
    const stream = guesses.take(exchange.user) ?? this.#mode.ask(messages, signal);
    const untie = onAbort(signal, () => stream.abort());
    try {
      await this.#mode.answer({ ...task, messages, stream });
    } finally {
      untie();
      stream.abort();
    }
  }

  #heard(heard: Heard): void {
    const open = this.#replies.get(heard.generation);
    if (open === undefined) return;
    this.#replies.delete(heard.generation);
    const { answer, note } = open.remember(heard);
    // After a cough the same exchange may be answered again: what tools did before that stays.
    open.exchange.answer = [...open.exchange.answer, ...answer];
    open.exchange.note = note;
    this.#owed = open.answers && !open.failed && !heard.complete && !answer.some(({ role, content }) => role === 'assistant' && content !== '');
  }
}
