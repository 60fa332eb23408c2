import { WIRE_RATE_HZ, type Audio } from '../../voice-node/domain/audio.js';

/** Values of samples that stand for a word; what fades make of them is not taken for another. */
const LOWEST = 2000;
const HIGHEST = 32_000;
const STEP = 3;
/** What may be missing of a word that counts as heard: 5 ms of a fade, and 10 ms by which a beginning may be missed. */
const FADE_SAMPLES = 720;

export interface CodedWord {
  readonly word: string;
  readonly value: number;
  readonly samples: number;
  /** Number of the saying, from 0. */
  readonly order: number;
}

/**
 * Speech whose words can be read out of its samples: each word is as many samples of one value as it has
 * characters, the blank before it included, at 48 kHz, where the way to the caller changes nothing but the edges.
 * Every saying of a word has a value of its own, as long as there are no more than about ten thousand.
 */
export class WordCode {
  readonly samplesPerChar: number;
  readonly words = new Map<number, CodedWord>();
  /** Words so far. */
  said = 0;
  #next = LOWEST;

  constructor(msPerChar = 60) {
    this.samplesPerChar = Math.round((msPerChar * WIRE_RATE_HZ) / 1000);
  }

  say(text: string, silenceMs = 0): Audio {
    const words = [...text.trimEnd().matchAll(/\s*\S+/gu)].map((match) => match[0]);
    const silence = Math.round((silenceMs * WIRE_RATE_HZ) / 1000);
    const samples = new Int16Array(silence + words.reduce((sum, word) => sum + word.length, 0) * this.samplesPerChar);
    let at = silence;
    for (const word of words) {
      const value = this.#next;
      this.#next = value + STEP > HIGHEST ? LOWEST : value + STEP;
      const count = word.length * this.samplesPerChar;
      this.words.set(value, { word: word.trim(), value, samples: count, order: this.said++ });
      samples.fill(value, at, at + count);
      at += count;
    }
    return { samples, rateHz: WIRE_RATE_HZ };
  }

  /** The words in what was sent, in order, and how much of each: `whole` but for a fade. */
  read(sent: Int16Array): (CodedWord & { readonly heard: number; readonly whole: boolean; readonly from: number; readonly to: number })[] {
    const found: { word: CodedWord; heard: number; from: number; to: number }[] = [];
    for (let at = 0; at < sent.length; ) {
      const value = sent[at] as number;
      let end = at + 1;
      while (end < sent.length && sent[end] === value) end++;
      const word = this.words.get(value);
      const last = found.at(-1);
      // A word of a few samples is a fade that passes by.
      if (word !== undefined && last?.word === word) {
        last.heard += end - at;
        last.to = end;
      } else if (word !== undefined && end - at > 24) {
        found.push({ word, heard: end - at, from: at, to: end });
      }
      at = end;
    }
    return found.map(({ word, heard, from, to }) => ({ ...word, heard, from, to, whole: heard >= word.samples - FADE_SAMPLES }));
  }
}
