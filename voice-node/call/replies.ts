import type { Clock } from '../domain/clock.js';
import type { Conversation, Reply } from '../domain/orchestrator.js';
import type { Captions } from './captions.js';
import type { CallCommand } from './events.js';
import type { Minutes } from './minutes.js';
import type { Phrases } from './options.js';
import type { CoreRunner } from './runner.js';
import type { PhraseName } from './state.js';
import type { Voice } from './voice.js';

type Command<T extends CallCommand['type']> = Extract<CallCommand, { readonly type: T }>;

export interface RepliesOptions {
  readonly runner: CoreRunner;
  readonly voice: Voice;
  readonly captions: Captions;
  readonly minutes: Minutes;
  readonly phrases: Phrases;
  readonly clock: Clock;
  /** Tells the conversation, once the commands at hand are done. */
  tell(what: (conversation: Conversation) => void): void;
}

/**
 * How the replies of one call begin and end: those of its conversation, which is told what was heard of them, and the
 * recorded phrases, of which it knows nothing.
 */
export class Replies {
  readonly #options: RepliesOptions;
  /** The reply that `begin` has made, for whoever asked for it. */
  #begun: Reply | undefined;

  constructor(options: RepliesOptions) {
    this.#options = options;
  }

  /** The conversation wants to say something. */
  ask(turn: number | undefined): Reply {
    const { runner, voice } = this.#options;
    this.#begun = undefined;
    runner.dispatch({ type: 'reply_begun', turn });
    const begun = this.#begun as Reply | undefined;
    this.#begun = undefined;
    return begun ?? voice.refuse(turn);
  }

  begin({ generation, turn }: Command<'begin_reply'>): void {
    this.#begun = this.#options.voice.begin(generation, turn);
  }

  /** Not the orchestrator's business: it works where the orchestrator does not. */
  say({ generation, phrase: name }: Command<'say'>): void {
    const { voice, captions, phrases } = this.#options;
    const reply = voice.begin(generation, undefined);
    const phrase = phrases[name];
    if (name === 'apology') captions.apologises(generation);
    if (phrase !== undefined) {
      reply.text(phrase.text);
      void reply.audio(phrase.audio.samples, phrase.audio.rateHz);
    }
    reply.end();
  }

  cut({ generation, turn, playing, onsetMs, silentMs, phrase }: Command<'cut_reply'>): void {
    const { voice, runner, clock, tell } = this.#options;
    const { heardMs, text, reply } = voice.cut();
    const bargeInMs = onsetMs === undefined ? undefined : (silentMs ?? clock.nowMs()) - onsetMs;
    runner.tell(() => reply?.stop());
    this.#keep(phrase, text);
    if (phrase === undefined) tell((conversation) => conversation.stopPlayback({ generation, turn, heardMs, text, complete: false }));
    runner.dispatch({ type: 'reply_cut', generation, turn, heardMs, bargeInMs, playing });
  }

  finish({ generation, turn, heardMs, phrase }: Command<'finish_reply'>): void {
    const { voice, tell } = this.#options;
    const text = voice.finish();
    this.#keep(phrase, text);
    if (phrase === undefined) tell((conversation) => conversation.playbackFinished?.({ generation, turn, heardMs, text, complete: true }));
  }

  #keep(phrase: PhraseName | undefined, text: string): void {
    if (phrase === undefined) this.#options.minutes.said('robot', text);
  }
}
