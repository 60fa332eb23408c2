// @ts-check

/** Characters of one line of the conversation: about four minutes of speech. */
export const MAX_WORDS_CHARS = 4000;

/** Controls (C0, C1) but tab and line feed, and what reverses or hides the text after it (Unicode TR 36 §2.5). */
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\uffff]/g;

/** More marks on one letter than any language has: they would be drawn over the lines above and below. */
const PILE_OF_MARKS = /(\p{M}{8})\p{M}+/gu;

/**
 * Words of others as they may be shown: of bounded length, on few lines, without characters that nobody sees but
 * that bend what is around them. Everything else stays as it is, markup too: it is shown as the characters it is
 * made of, because the page only ever writes `textContent`.
 * @param {string} text
 * @param {number} [maxChars] UTF-16 units; a longer text ends with "…"
 */
export function cleanText(text, maxChars = MAX_WORDS_CHARS) {
  // Bounded first: what follows is then bounded too. Twice as much, for what is going to be taken out.
  const bounded = text.length <= 2 * maxChars ? text : text.slice(0, 2 * maxChars).replace(/[\ud800-\udbff]$/, '');
  const clean = bounded
    .replaceAll(/\r\n?/g, '\n')
    .replaceAll(UNSEEN, '')
    .replaceAll(/\p{Surrogate}/gu, '\ufffd')
    .replaceAll(PILE_OF_MARKS, '$1')
    .replaceAll(/\n{3,}/g, '\n\n')
    .trim();
  if (clean.length <= maxChars && text.length <= 2 * maxChars) return clean;
  // Not between the two halves of a character.
  return `${clean.slice(0, maxChars).replace(/[\ud800-\udbff]$/, '')}…`;
}

/**
 * A name of others, of a robot or a device, on one line.
 * @param {string} name
 */
export const cleanName = (name) => cleanText(name.replaceAll(/\s+/g, ' '), 80);
