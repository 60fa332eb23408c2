import { asNodeError, type VoiceNodeError } from '../../domain/errors.js';
import type { SpeechToText } from '../../domain/stt.js';
import { childOf, whileWanted } from '../abortable.js';
import type { TapeFeed } from '../speech-tape.js';

export interface RecognitionOptions {
  readonly stt: SpeechToText;
  /** BCP 47. */
  readonly language: string;
  /** Aborted when the call ends. */
  readonly signal: AbortSignal;
  /** All that has been understood so far, whenever it changes. */
  heard(text: string): void;
  /** Nothing more comes, with or without an error. Not called once aborted. */
  settled(error: VoiceNodeError | undefined): void;
}

/** One utterance being written down. */
export class Recognition {
  readonly feed: TapeFeed;
  /** Resolves when nothing more comes: with the error that ended it, where there was one. Never rejects. */
  readonly done: Promise<VoiceNodeError | undefined>;
  readonly #options: RecognitionOptions;
  readonly #scope: AbortController;
  #text = '';
  #settled = false;
  #failed = false;

  constructor(feed: TapeFeed, options: RecognitionOptions) {
    this.feed = feed;
    this.#options = options;
    this.#scope = childOf(options.signal);
    this.done = this.#run();
  }

  /** What has been understood so far. */
  get text(): string {
    return this.#text;
  }

  /** Nothing more comes. */
  get settled(): boolean {
    return this.#settled;
  }

  get failed(): boolean {
    return this.#failed;
  }

  abort(): void {
    this.#scope.abort();
  }

  async #run(): Promise<VoiceNodeError | undefined> {
    const { stt, language, heard, settled } = this.#options;
    const { signal } = this.#scope;
    let failure: VoiceNodeError | undefined;
    try {
      // Nothing is told before whoever made this holds it.
      await Promise.resolve();
      if (signal.aborted) return undefined;
      const request = { speech: this.feed, language, signal, connected: () => undefined, used: () => undefined };
      for await (const { text, final } of whileWanted(stt.transcribe(request), signal)) {
        const words = text.trim();
        if (words !== this.#text) {
          this.#text = words;
          if (!final) heard(words);
        }
        if (final) break;
      }
    } catch (error) {
      failure = asNodeError(error, 'answer_failed');
    }
    this.#settled = true;
    this.#failed = failure !== undefined;
    if (!signal.aborted) settled(failure);
    this.#scope.abort();
    return failure;
  }
}
