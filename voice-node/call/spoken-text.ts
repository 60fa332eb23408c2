/**
 * While a piece is still being synthesised its length is not known: taken as spoken this slowly, so that no word
 * counts as heard too early.
 */
const SLOW_MS_PER_CHAR = 1000 / 12;
/** Rounding of sample counts to milliseconds. */
const TOLERANCE_MS = 1;

interface Piece {
  text: string;
  /** Where each word ends in `text`. */
  wordEnds: number[];
  readonly startMs: number;
  audioMs: number;
  /** All of its audio is there. */
  complete: boolean;
}

/**
 * The words of a reply laid along its audio: which of them were heard once so and so many milliseconds have been
 * played. Within a piece (what `say` was given before its audio came) words are spread by their length in
 * characters; a word counts once it has been played to its end.
 */
export class SpokenText {
  readonly #pieces: Piece[] = [];
  #audioMs = 0;
  /** The next word that has not been heard: piece, and word within it. */
  #piece = 0;
  #word = 0;

  /** The words of the audio that follows, with the blanks between them and those before. */
  say(text: string): void {
    if (text === '') return;
    const last = this.#pieces.at(-1);
    if (last !== undefined && last.audioMs === 0) {
      last.text += text;
      last.wordEnds = wordEndsIn(last.text);
      return;
    }
    if (last !== undefined) last.complete = true;
    this.#pieces.push({ text, wordEnds: wordEndsIn(text), startMs: this.#audioMs, audioMs: 0, complete: false });
  }

  /** So much more audio was handed over. */
  audio(durationMs: number): void {
    this.#audioMs += durationMs;
    const last = this.#pieces.at(-1);
    if (last !== undefined) last.audioMs += durationMs;
  }

  /** No more audio comes. */
  end(): void {
    const last = this.#pieces.at(-1);
    if (last !== undefined) last.complete = true;
  }

  /** Moves on to `heardMs` of the reply; true where a word more was heard. Allocates nothing. */
  advance(heardMs: number): boolean {
    let moved = false;
    for (let piece = this.#pieces[this.#piece]; piece !== undefined; piece = this.#pieces[this.#piece]) {
      if (this.#word === piece.wordEnds.length) {
        if (this.#piece + 1 === this.#pieces.length) break;
        this.#piece++;
        this.#word = 0;
        continue;
      }
      if (piece.audioMs === 0 || wordEndMs(piece, this.#word) > heardMs + TOLERANCE_MS) break;
      this.#word++;
      moved = true;
    }
    return moved;
  }

  /** The words up to where `advance` has come. */
  get heard(): string {
    let text = '';
    for (let i = 0; i < this.#piece; i++) text += this.#pieces[i]?.text ?? '';
    const piece = this.#pieces[this.#piece];
    if (piece !== undefined && this.#word > 0) text += piece.text.slice(0, piece.wordEnds[this.#word - 1]);
    return text.trim();
  }

  /** Everything that was to be said. */
  get whole(): string {
    return this.#pieces.map((piece) => piece.text).join('').trim();
  }
}

function wordEndMs(piece: Piece, word: number): number {
  const length = piece.wordEnds.at(-1) as number;
  const totalMs = piece.complete ? piece.audioMs : Math.max(piece.audioMs, length * SLOW_MS_PER_CHAR);
  return piece.startMs + (totalMs * (piece.wordEnds[word] as number)) / length;
}

function wordEndsIn(text: string): number[] {
  const ends: number[] = [];
  for (const match of text.matchAll(/\S+/g)) ends.push(match.index + match[0].length);
  return ends;
}
