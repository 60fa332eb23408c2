import type { AlternativeUpdate, RecognizeResponse } from '../grpc/speechkit-stt.js';

interface Part {
  readonly index: number | undefined;
  text: string;
  refined: boolean;
}

/** The best hypothesis; the server puts it first. */
const textOf = (update: AlternativeUpdate | undefined): string => (update?.alternatives?.[0]?.text ?? '').trim();

/**
 * One utterance out of what SpeechKit says of it: finals of parts that will not change any more, each of them
 * once more with punctuation and numbers (the refinement), and a partial of what follows the last final.
 */
export class UtteranceText {
  readonly #parts: Part[] = [];
  #partial = '';

  take({ audioCursors, partial, final, finalRefinement }: RecognizeResponse): void {
    if (partial !== undefined) this.#partial = textOf(partial);
    if (final !== undefined) {
      this.#partial = '';
      this.#parts.push({ index: audioCursors?.finalIndex, text: textOf(final), refined: false });
    }
    if (finalRefinement !== undefined) this.#refine(finalRefinement.finalIndex, textOf(finalRefinement.normalizedText));
  }

  /** All that has been understood so far. */
  get text(): string {
    return [...this.#parts.map(({ text }) => text), this.#partial].filter((text) => text !== '').join(' ');
  }

  /** Whether every final has come in its refined form as well. */
  get isSettled(): boolean {
    return this.#partial === '' && this.#parts.every(({ refined }) => refined);
  }

  /** They come in the order of the finals, so one whose number nobody knows belongs to the oldest that is open. */
  #refine(index: number | undefined, text: string): void {
    const open = this.#parts.filter(({ refined }) => !refined);
    const part = open.find((candidate) => candidate.index === index) ?? open[0];
    if (part === undefined) return;
    part.refined = true;
    if (text !== '') part.text = text;
  }
}
