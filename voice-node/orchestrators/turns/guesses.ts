import type { ModelStream } from './model-stream.js';
import { wordingOf } from './wording.js';

/** Pauses inside one utterance in which the model may begin; each wrong guess is paid for. */
const MAX_GUESSES = 3;

export interface GuessesOptions {
  /** All the model would be asked if these were the caller's words: with what he said before and was not answered. */
  questionOf(text: string): string;
  begin(text: string): ModelStream;
}

/**
 * Answers begun before it is certain what the caller said. At most one at a time; kept if the question proves to
 * be the same, given up as soon as it differs. Only the model begins: synthesis is billed by the character and
 * costs many times as much, and by the time the transcript is final the first sentence is there to be spoken.
 */
export class Guesses {
  readonly #options: GuessesOptions;
  #running: { readonly wording: string; readonly stream: ModelStream } | undefined;
  #left = MAX_GUESSES;

  constructor(options: GuessesOptions) {
    this.#options = options;
  }

  /** The caller pauses after these words. `sure`: he has fallen silent, which is worth one guess more. */
  consider(text: string, sure: boolean): void {
    if (wordingOf(text) === '') return;
    const wording = this.#wordingOf(text);
    if (wording === this.#running?.wording) return;
    this.drop();
    if (this.#left <= 0 && !sure) return;
    this.#left--;
    this.#running = { wording, stream: this.#options.begin(text) };
  }

  /** These are the words now: what was begun for others is given up. */
  changed(text: string): void {
    if (this.#running !== undefined && this.#wordingOf(text) !== this.#running.wording) this.drop();
  }

  /** These are the words. Returns the answer that was begun for them, if there is one: whoever takes it aborts it. */
  take(text: string): ModelStream | undefined {
    this.changed(text);
    const stream = this.#running?.stream;
    this.#running = undefined;
    if (stream?.failed !== true) return stream;
    stream.abort();
    return undefined;
  }

  drop(): void {
    this.#running?.stream.abort();
    this.#running = undefined;
  }

  #wordingOf(text: string): string {
    return wordingOf(this.#options.questionOf(text));
  }
}
