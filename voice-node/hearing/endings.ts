import type { CallRateHz } from '../domain/audio.js';
import type { TurnModel } from '../domain/turn-model.js';
import { EndOfTurn, type EndOfTurnOptions } from './end-of-turn.js';

export interface EndingsOptions {
  readonly endOfTurn: EndOfTurnOptions;
  /** Asked in each pause, where there is one. Shared by all calls: not closed here. */
  readonly model?: TurnModel | undefined;
}

/** What the model hears at most. */
const MODEL_MS = 8000;

/** Decides for one caller how long a silence ends his utterance; asks the model, where there is one, and waits for nobody. */
export class Endings {
  readonly #endOfTurn: EndOfTurn;
  readonly #model: TurnModel | undefined;
  readonly #rateHz: CallRateHz;
  readonly #last: (samples: number) => Int16Array;
  #controller = new AbortController();
  /** Number of the pause that the model is asked about: an answer to an older one is of no use. */
  #question = 0;

  /** `last`: the newest samples of the utterance, in a new array. */
  constructor(options: EndingsOptions, rateHz: CallRateHz, last: (samples: number) => Int16Array) {
    this.#endOfTurn = new EndOfTurn(options.endOfTurn, rateHz);
    this.#model = options.model;
    this.#rateHz = rateHz;
    this.#last = last;
  }

  /** An utterance begins. */
  begin(): void {
    this.#question++;
    this.#endOfTurn.begin();
  }

  /** The next 20 ms; `open`: they belong to an utterance. Returns the silence that ends it as things stand, in ms. */
  push(frame: Int16Array, voiced: boolean, open: boolean): number {
    this.#endOfTurn.push(frame, voiced);
    if (open && this.#endOfTurn.wantsModel) this.#ask();
    return this.#endOfTurn.silenceMs;
  }

  /** The words recognised so far. */
  words(text: string, final: boolean): void {
    this.#endOfTurn.words(text, final);
  }

  /** As new: another caller. */
  reset(): void {
    this.#abandon();
    this.#endOfTurn.reset();
  }

  close(): void {
    this.#abandon();
  }

  #ask(): void {
    const model = this.#model;
    if (model === undefined) return;
    const question = ++this.#question;
    const { signal } = this.#controller;
    void model.predict(this.#last((MODEL_MS * this.#rateHz) / 1000), this.#rateHz, signal).then((probability) => {
      if (!signal.aborted && question === this.#question) this.#endOfTurn.modelSays(probability);
    });
  }

  #abandon(): void {
    this.#controller.abort();
    this.#controller = new AbortController();
    this.#question++;
  }
}
