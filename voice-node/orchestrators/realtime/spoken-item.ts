import { samplesIn } from '../../domain/time.js';

/** While not all of an item is there, its words are taken as spoken this slowly, so that none is shown too early. */
const SLOW_MS_PER_CHAR = 1000 / 12;
/** Audio whose words are not known yet goes out in pieces, so that words that come can still be placed. */
const PIECE_MS = 100;

/** What is to be handed over next: the words first, then their audio. */
export interface Slice {
  readonly text: string;
  readonly samples: Int16Array | undefined;
  readonly rateHz: number;
}

/**
 * One item of an answer: words and audio come separately, the words ahead, and leave word by word, each in front
 * of its audio. How long a word lasts is known once all of the item is there, and until then assumed: as answers
 * are made several times faster than they are spoken, that is for the first words only.
 */
export class SpokenItem {
  readonly id: string;
  /** Audio that has come. */
  receivedMs = 0;
  /** Audio that was handed over. */
  handedMs = 0;
  #words = '';
  #audio: { readonly samples: Int16Array; readonly rateHz: number }[] = [];
  /** Of the first piece of `#audio`. */
  #from = 0;
  #complete = false;
  /** Words whose audio comes next. */
  #due = '';
  /** Audio that the word in hand still has. */
  #leftMs = 0;

  constructor(id: string) {
    this.id = id;
  }

  get isComplete(): boolean {
    return this.#complete;
  }

  get waitingMs(): number {
    return this.receivedMs - this.handedMs;
  }

  addText(delta: string): void {
    this.#words += delta;
  }

  /** Takes `samples` over. */
  addAudio(samples: Int16Array, rateHz: number): void {
    this.#audio.push({ samples, rateHz });
    this.receivedMs += (samples.length * 1000) / rateHz;
  }

  /** Nothing more of it comes. */
  complete(): void {
    this.#complete = true;
  }

  /** Undefined: there is nothing to hand over, for now or, once the item is complete, for good. */
  next(): Slice | undefined {
    if (this.#leftMs <= 0) this.#takeWord();
    const head = this.#audio[0];
    if (head === undefined) return this.#complete ? this.#lastWords() : undefined;
    const { samples, rateHz } = head;
    const want = Math.max(1, samplesIn(this.#leftMs > 0 ? this.#leftMs : PIECE_MS, rateHz));
    const to = Math.min(samples.length, this.#from + want);
    const slice = { text: this.#due, samples: samples.subarray(this.#from, to), rateHz };
    const durationMs = ((to - this.#from) * 1000) / rateHz;
    this.#due = '';
    this.#leftMs -= durationMs;
    this.handedMs += durationMs;
    this.#from = to;
    if (to === samples.length) {
      this.#audio.shift();
      this.#from = 0;
    }
    return slice;
  }

  #takeWord(): void {
    // The end of what has come may be the middle of a word.
    const word = (this.#complete ? /^\s*\S+\s*|^\s+/ : /^\s*\S+\s+/).exec(this.#words)?.[0];
    if (word === undefined) return;
    const msPerChar = this.#complete ? this.waitingMs / this.#words.length : SLOW_MS_PER_CHAR;
    this.#words = this.#words.slice(word.length);
    this.#due += word;
    this.#leftMs += word.length * msPerChar;
  }

  #lastWords(): Slice | undefined {
    const text = this.#due + this.#words;
    this.#due = '';
    this.#words = '';
    return text === '' ? undefined : { text, samples: undefined, rateHz: 0 };
  }
}
