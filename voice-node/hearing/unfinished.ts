/** Words after which nobody has finished. Lower case; may be several words. */
const ENGLISH = `and or but so because that which who if when while than as to of in on at by for from with without about into over under
  between the a an my your his her our their this these some any is are was were am be been will would can could should may might must
  do does did have has had not i'd i'll i'm we'd we'll we're like uh um er erm hmm well let's want need`;
const RUSSIAN = `и а но или либо да что чтобы чтоб если когда где который которая которое которые потому поэтому как так то ни не бы же ли
  в во на с со к ко у о об обо от до из за по под над при про без для через между перед около после
  мой моя моё мои твой ваш наш их его её этот эта это эти тот та те мне нужно надо хочу хотел хотела хотелось можно могу
  э ээ эм мм ну вот значит типа короче`;

/** What is looked for at the end of a partial transcript, by default: conjunctions, prepositions, articles, fillers. */
export const UNFINISHED_WORDS: readonly string[] = [...ENGLISH.split(/\s+/), ...RUSSIAN.split(/\s+/), 'потому что', 'так как', 'in order', 'i would like', 'kind of', 'sort of'];

/** Whether words sound as if more were to come: `unfinished` by the last of them, `finished` by a full stop or its like. */
export type Phrase = 'unfinished' | 'finished' | 'open';

const FINAL = /[.!?。！？]["'»”)]*\s*$/u;
/** "Well..." and "and -" go on, whatever the recogniser meant by it. */
const TRAILING = /(\.\.\.|…|[,;:–—-])["'»”)]*\s*$/u;

const plain = (text: string): string =>
  text
    .toLowerCase()
    .replaceAll('ё', 'е')
    .replaceAll('’', "'")
    .replace(/[^\p{L}\p{N}\s']/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim();

/** Judges the end of a phrase by its last words and its punctuation. */
export class Phrases {
  readonly #unfinished: ReadonlySet<string>;
  readonly #longest: number;

  constructor(unfinishedWords: readonly string[]) {
    const phrases = unfinishedWords.map(plain).filter((phrase) => phrase !== '');
    this.#unfinished = new Set(phrases);
    this.#longest = Math.max(1, ...phrases.map((phrase) => phrase.split(' ').length));
  }

  judge(text: string): Phrase {
    const words = plain(text).split(' ').slice(-this.#longest);
    if (words.length === 0 || words[0] === '') return 'open';
    // A word at the end counts for more than the full stop that many recognisers put after anything.
    for (let i = 0; i < words.length; i++) if (this.#unfinished.has(words.slice(i).join(' '))) return 'unfinished';
    if (TRAILING.test(text)) return 'unfinished';
    return FINAL.test(text) ? 'finished' : 'open';
  }
}
