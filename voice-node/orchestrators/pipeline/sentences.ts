import { isAbbreviated } from './abbreviations.js';
import { plainSpeech } from './plain-speech.js';

/** The first piece may end with a clause: not one so short that it would sound cut off. */
const FIRST_CLAUSE_CHARS = 20;
const FIRST_CLAUSE_WORDS = 3;
/** The first piece is not waited for longer than this; it then ends with a word. About four seconds of speech. */
const FIRST_CHARS = 60;
/** A shorter sentence is spoken together with the next one. */
const SHORT_CHARS = 20;
/** A longer sentence is spoken in parts. About a quarter of a minute. */
const PIECE_CHARS = 240;
/** No piece is longer, even where there is no blank. */
const MAX_CHARS = 300;

const ENDS_SENTENCE = /[.!?…。！？]$/u;
const ENDS_CLAUSE = /(?:[,;:]|\s[—–-])$/u;
/** What may stand between the end of a sentence and the blank after it. */
const CLOSERS = /["'»”’)\]}*_~`]+$/u;
/** A part of a sentence rather ends before one of these. */
const LINKS = /\s(?=(?:and|but|or|that|which|who|because|if|when|while|so|to|и|а|но|или|что|чтобы|который|которая|которое|которые|если|когда|потому|так)\s)/giu;

/** A piece of an answer. */
export interface Piece {
  /** As the model wrote it: together these are the text. */
  readonly raw: string;
  /** As it is spoken, with a blank behind it where one is due; '' where there is nothing to say. */
  readonly text: string;
}

/**
 * Cuts an answer that is being written into pieces to be spoken: sentences, the first piece shorter where it can
 * be. Works character by character, so it makes no difference in which portions the text comes. Holds at most
 * `MAX_CHARS`.
 */
export class Sentences {
  readonly #segmenter: Intl.Segmenter;
  #pending = '';
  #lineStart = true;
  #first = true;

  /** BCP 47. */
  constructor(language: string) {
    this.#segmenter = new Intl.Segmenter(language, { granularity: 'sentence' });
  }

  /** The pieces that are complete now. */
  push(delta: string): Piece[] {
    const pieces: Piece[] = [];
    for (let i = 0; i < delta.length; i++) {
      this.#pending += delta[i] as string;
      const at = this.#boundary();
      if (at > 0) pieces.push(this.#take(at));
    }
    return pieces;
  }

  /** The text is over: what is left of it. The next text begins with a short piece again. */
  end(): Piece[] {
    const pieces: Piece[] = [];
    if (this.#pending !== '') {
      const { raw, text } = this.#take(this.#pending.length);
      pieces.push({ raw, text: text === '' ? '' : `${text.trimEnd()} ` });
    }
    this.#first = true;
    this.#lineStart = true;
    return pieces;
  }

  #take(length: number): Piece {
    const raw = this.#pending.slice(0, length);
    this.#pending = this.#pending.slice(length);
    const text = plainSpeech(raw, this.#lineStart || /^\s*\n/u.test(raw));
    this.#lineStart = raw.endsWith('\n') || (this.#lineStart && raw.trim() === '');
    if (text !== '') this.#first = false;
    return { raw, text: text !== '' && /\s$/u.test(raw) ? `${text} ` : text };
  }

  /** Where `#pending`, which has just grown by a character, is to be cut; 0: not yet. */
  #boundary(): number {
    const text = this.#pending;
    const last = text.length - 1;
    const char = text[last] as string;
    if (char === '\n') return /\S/u.test(text) ? text.length : 0;
    if (text.length >= MAX_CHARS) return this.#within(text, 1);
    const before = text[last - 1];
    if (before === undefined || /\s/u.test(char)) return 0;
    if (/[。！？]/u.test(before) && !/[。！？」』）”’"]/u.test(char)) return last;
    if (!/\s/u.test(before)) return 0;
    const head = text.slice(0, last).trimEnd();
    if (head === '') return 0;
    if (this.#endsSentence(head, char)) return this.#first || head.trimStart().length >= SHORT_CHARS ? last : 0;
    if (this.#first) {
      if (this.#endsClause(head)) return last;
      return last >= FIRST_CHARS ? this.#within(text.slice(0, last), FIRST_CLAUSE_CHARS) : 0;
    }
    return last >= PIECE_CHARS ? this.#within(text.slice(0, last), SHORT_CHARS) : 0;
  }

  /** `next`: the first character of what follows. */
  #endsSentence(head: string, next: string): boolean {
    const body = head.replace(CLOSERS, '');
    if (!ENDS_SENTENCE.test(body) || /\p{Ll}/u.test(next)) return false;
    if (body.endsWith('.') && !body.endsWith('..') && isAbbreviated(body, next)) return false;
    const text = `${body} ${next}`;
    return this.#segmenter.segment(text).containing(text.length - 1)?.index === text.length - 1;
  }

  #endsClause(head: string): boolean {
    const words = head.trim().split(/\s+/u);
    return ENDS_CLAUSE.test(head) && head.trim().length >= FIRST_CLAUSE_CHARS && words.length >= FIRST_CLAUSE_WORDS;
  }

  /** Where a piece that has become too long is cut: after a clause, before a word that links, after a word, anywhere. */
  #within(text: string, least: number): number {
    let clause = 0;
    for (const match of text.matchAll(/[,;:—–]\s+/gu)) if (match.index >= least) clause = match.index + match[0].length;
    if (clause > 0) return clause;
    let link = 0;
    for (const match of text.matchAll(LINKS)) if (match.index >= least) link = match.index + 1;
    if (link > 0) return link;
    const blank = text.search(/\s\S*$/u) + 1;
    if (blank > least) return blank;
    // Not between the halves of a surrogate pair.
    return /[\uD800-\uDBFF]/.test(text.at(-1) as string) ? text.length - 1 : text.length;
  }
}
