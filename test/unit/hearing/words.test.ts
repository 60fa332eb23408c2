import { expect, it } from 'vitest';
import { DEFAULT_WORDS, kindOfWords } from '../../../voice-node/hearing/words.js';

it.each([
  ['', 'none'],
  [' ... ', 'none'],
  ['uh-huh', 'backchannel'],
  ['Uh huh.', 'backchannel'],
  ['Mm-hm, yeah, okay', 'backchannel'],
  ['I see', 'backchannel'],
  ['Да, да, хорошо.', 'backchannel'],
  ['Угу', 'backchannel'],
  ['stop', 'meant'],
  ['Yeah, no', 'meant'],
  ['ok wait', 'meant'],
  ['Стой!', 'meant'],
  ['нет', 'meant'],
  ['what about tuesday', 'meant'],
  ['yeah yeah yeah yeah yeah yeah yeah yeah yeah', 'meant'],
  ['right now', 'meant'],
  ['Tuesday', 'word'],
  ['but', 'word'],
])('%j is %s', (text, kind) => {
  expect(kindOfWords(text, DEFAULT_WORDS)).toBe(kind);
});

it('goes by the lists it is given', () => {
  const words = { backchannels: ['genau', 'ach so'], commands: ['Halt'] };
  expect(kindOfWords('Genau, ach so', words)).toBe('backchannel');
  expect(kindOfWords('halt', words)).toBe('meant');
  expect(kindOfWords('uh-huh', words)).toBe('meant');
  expect(kindOfWords('genau', { backchannels: [], commands: [] })).toBe('word');
});
