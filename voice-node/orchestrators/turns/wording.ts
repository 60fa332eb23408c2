/** What two transcripts have to share to mean the same: the words, not their case, punctuation or spacing. */
export const wordingOf = (text: string): string =>
  text
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll('ё', 'е')
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
