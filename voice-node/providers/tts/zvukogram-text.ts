/**
 * A text in parts of at most `maxChars` UTF-16 units, cut at the ends of sentences; where one sentence is longer,
 * between words; where one word is, wherever it must be. Nothing is lost: the parts joined are the text.
 */
export function splitText(text: string, maxChars: number, language: string): string[] {
  const parts: string[] = [];
  let part = '';
  for (const unit of units(text, maxChars, language)) {
    if (part.length + unit.length > maxChars) {
      parts.push(part);
      part = '';
    }
    part += unit;
  }
  return [...parts, part].filter((each) => each.trim() !== '');
}

function* units(text: string, maxChars: number, language: string): Generator<string> {
  for (const sentence of segments(text, 'sentence', language)) {
    if (sentence.length <= maxChars) yield sentence;
    else for (const word of segments(sentence, 'word', language)) yield* slices(word, maxChars);
  }
}

function segments(text: string, granularity: 'sentence' | 'word', language: string): string[] {
  return Array.from(new Intl.Segmenter(language, { granularity }).segment(text), ({ segment }) => segment);
}

/** Never between the two halves of one character. */
function* slices(word: string, maxChars: number): Generator<string> {
  let slice = '';
  for (const character of word) {
    if (slice.length + character.length > maxChars) {
      yield slice;
      slice = '';
    }
    slice += character;
  }
  yield slice;
}
