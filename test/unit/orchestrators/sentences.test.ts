import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plainSpeech } from '../../../voice-node/orchestrators/pipeline/plain-speech.js';
import { Sentences } from '../../../voice-node/orchestrators/pipeline/sentences.js';

function piecesOf(text: string, language = 'en-US', sizes: readonly number[] = [text.length]): { raw: string; text: string }[] {
  const sentences = new Sentences(language);
  const pieces = [];
  for (let at = 0, i = 0; at < text.length; i++) {
    const size = Math.max(1, sizes[i % sizes.length] ?? 1);
    pieces.push(...sentences.push(text.slice(at, at + size)));
    at += size;
  }
  return [...pieces, ...sentences.end()];
}
const spoken = (text: string, language?: string): string[] => piecesOf(text, language).flatMap(({ text: piece }) => (piece === '' ? [] : [piece.trim()]));

describe('sentences', () => {
  it('come one by one, the first as soon as it is complete', () => {
    expect(spoken('Hello! How can I help you today? I am listening to you.')).toEqual(['Hello!', 'How can I help you today?', 'I am listening to you.']);
    const sentences = new Sentences('en-US');
    expect(sentences.push('Good evening.')).toEqual([]);
    expect(sentences.push(' W')).toEqual([{ raw: 'Good evening. ', text: 'Good evening. ' }]);
    expect(sentences.push('ell')).toEqual([]);
    expect(sentences.end()).toEqual([{ raw: 'Well', text: 'Well ' }]);
  });

  it('begin with a clause where the sentence is long, but not with a word or two', () => {
    expect(spoken('Well, you see, the delivery takes about three days, and then we call you back to arrange the time.')).toEqual([
      'Well, you see, the delivery takes about three days,',
      'and then we call you back to arrange the time.',
    ]);
    const [first] = spoken('The most remarkable property of this device is its ability to continue working without any electricity at all.');
    expect(first).toBe('The most remarkable property of this device is its ability');
    expect(spoken('Our warehouse keeps the goods you have ordered because the courier has not taken them from us.')[0]).toBe('Our warehouse keeps the goods you have ordered');
  });

  it.each([
    ['Dr. Smith and Mr. Jones met at 5 p.m. at St. James Ave. near No. 5.', 1],
    ['We sell apples, e.g. Granny Smith, i.e. green ones.', 1],
    ['J. R. R. Tolkien wrote it.', 1],
    ['It costs 3.14 or 1,000.50 dollars.', 1],
    ['See https://example.com/a.b?c=d.e and mail@example.com for more.', 1],
    ['On 12.05.2024 at 10.30 we meet.', 1],
    ['No. I really cannot do it. And not now, of course.', 3],
    ['Wait... What is it, if I may ask? Nothing at all!', 3],
    ['“Is it so?” he asked. She nodded twice.', 2],
    ['It is **done.** Next comes the bill for you.', 2],
    ['So do I. Then we agree about it.', 2],
  ])('of %s', (text, count) => {
    expect(piecesOf(text).map(({ raw }) => raw).filter((raw) => /[.!?…]["”*]*\s*$/u.test(raw))).toHaveLength(count);
  });

  it.each([
    ['Т.е. это стоит 500 руб. за шт. и т.д. по списку.', 1],
    ['Мы на ул. Ленина, д. 5, кв. 7 в г. Москва.', 1],
    ['А. С. Пушкин родился в 1799 г. в Москве.', 1],
    ['Это так, т. к. 12.05.2024 г. был праздник.', 1],
    ['Здравствуйте! Чем могу помочь вам сегодня?', 2],
    ['Стоимость 12,5 тыс. руб. Доставка бесплатная для всех.', 1],
  ])('in Russian: %s', (text, count) => {
    expect(piecesOf(text, 'ru-RU').map(({ raw }) => raw).filter((raw) => /[.!?…]\s*$/u.test(raw))).toHaveLength(count);
  });

  it('leave out what cannot be spoken', () => {
    expect(spoken('## Prices\n\n- **Tea** is 5 dollars 😀\n- *Coffee*: see [the list](https://a.b/c)\n1. `One` more thing\n---\nBye 👨‍👩‍👧!')).toEqual([
      'Prices',
      'Tea is 5 dollars',
      'Coffee: see the list',
      '1. One more thing',
      'Bye !',
    ]);
    expect(spoken('😀🎉 ... — \n\n***')).toEqual([]);
    expect(plainSpeech('2 * 3 = 6 and a*b, snake_case, 5*6, _well_', false)).toBe('2 * 3 = 6 and ab, snake_case, 5*6, well');
    expect(plainSpeech('<b>Sure</b>, AT&T © 2024 1️⃣ 🇷🇺', false)).toBe('Sure , AT&T © 2024 1');
  });

  it('join short ones to the next, but not the first', () => {
    expect(spoken('Yes. Of course. I can do that for you right away. Good. Thank you very much.')).toEqual([
      'Yes.',
      'Of course. I can do that for you right away.',
      'Good. Thank you very much.',
    ]);
  });

  const word = fc.oneof(
    fc.constantFrom('Dr.', 'e.g.', 'и', 'т.д.', 'Hello', 'мир', '3.14', 'http://x.y/z?q=1.', '**bold**', '-', '😀', '👨‍👩‍👧', 'No.', '«так»', '(yes)', 'word,', 'end.', 'end!', '…', '?!', '。', '你好。', '\n', '\n\n- ', '```js\n', 'x'.repeat(350)),
    fc.string({ maxLength: 12 }),
    fc.string({ unit: 'grapheme', maxLength: 12 }),
  );
  const text = fc.array(word, { maxLength: 60 }).map((words) => words.join(' '));

  it('together are the text, none longer than 300 characters, however it is cut into portions', () => {
    fc.assert(
      fc.property(text, fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 8 }), (whole, sizes) => {
        const pieces = piecesOf(whole);
        expect(pieces.map(({ raw }) => raw).join('')).toBe(whole);
        for (const { raw } of pieces) expect(raw.length).toBeLessThanOrEqual(300);
        expect(piecesOf(whole, 'en-US', sizes)).toEqual(pieces);
        // Nothing is spoken that was not written, and every letter outside of marks is.
        for (const piece of pieces) expect(piece.text.length).toBeLessThanOrEqual(piece.raw.length + 1);
      }),
      { numRuns: 400 },
    );
  });

  it('say every word of plain text', () => {
    const plain = fc.array(fc.stringMatching(/^[a-zа-я]{1,14}[.,!?;:]?$/), { minLength: 1, maxLength: 80 }).map((words) => words.join(' '));
    fc.assert(
      fc.property(plain, (whole) => {
        const pieces = piecesOf(whole, 'ru-RU');
        expect(pieces.map((piece) => piece.text).join('').trim()).toBe(whole);
        const [first] = pieces;
        expect((first as { raw: string }).raw.length).toBeLessThanOrEqual(60 + 16);
      }),
      { numRuns: 300 },
    );
  });
});
