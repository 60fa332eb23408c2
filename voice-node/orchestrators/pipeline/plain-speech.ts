/** Pictures among the letters, with what joins and colours them; but not ©, ® and ™, which are read. */
const EMOJI = /(?:\p{RI}\p{RI}|(?![©®™‼⁉])\p{Extended_Pictographic})[\p{Emoji_Modifier}\u{FE0F}\u{200D}\u{20E3}]*/gu;

/**
 * What of a piece of a model's answer is to be spoken: without Markdown, HTML, emoji and the marks of lists,
 * blanks made single ones. '' where there is nothing to say. `lineStart`: the piece begins a line.
 */
export function plainSpeech(piece: string, lineStart: boolean): string {
  let text = piece;
  if (lineStart) text = text.replace(/^\s*```[\w+-]*\s*$/u, '').replace(/^(\s*)(?:>\s*)*(?:#{1,6}\s+|[-*+•◦▪–—]\s+)?/u, '$1');
  text = text
    .replace(/!?\[([^\][]*)\]\([^()\s]*(?:\s[^()]*)?\)/gu, '$1')
    .replace(/<\/?[a-zA-Z][^<>]*>/gu, ' ')
    .replace(/```[\w+-]*|`|\*\*|__|~~/gu, '')
    .replace(/(?<![\d\s])\*(?!\d)|(?<!\d)\*(?=[^\s\d])/gu, '')
    .replace(/(?<![\p{L}\p{N}])_+|_+(?![\p{L}\p{N}])/gu, '')
    .replace(EMOJI, '')
    .replace(/[\u{FE0F}\u{200D}\u{20E3}]/gu, '')
    .replace(/\s*\|\s*/gu, ' ')
    .replace(/\s+/gu, ' ')
    .trim();
  return /[\p{L}\p{N}]/u.test(text) ? text : '';
}
