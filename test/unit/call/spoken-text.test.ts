import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SpokenText } from '../../../voice-node/call/spoken-text.js';

function heardAt(words: SpokenText, heardMs: number): string {
  words.advance(heardMs);
  return words.heard;
}

describe('the words of a reply along its audio', () => {
  it('counts a word once its share of the piece was played', () => {
    const words = new SpokenText();
    words.say('one two three ');
    words.audio(1300);
    words.say('four');
    words.audio(400);
    words.end();
    expect(heardAt(words, 0)).toBe('');
    expect(heardAt(words, 290)).toBe('');
    expect(heardAt(words, 300)).toBe('one');
    expect(heardAt(words, 1200)).toBe('one two');
    expect(heardAt(words, 1300)).toBe('one two three');
    expect(heardAt(words, 1690)).toBe('one two three');
    expect(heardAt(words, 1700)).toBe('one two three four');
    expect(words.whole).toBe('one two three four');
  });

  it('takes text that comes in several pieces before its audio as one', () => {
    const words = new SpokenText();
    for (const delta of ['he', 'llo ', 'wor', 'ld']) words.say(delta);
    words.audio(1100);
    words.end();
    expect(heardAt(words, 1000)).toBe('hello');
    expect(heardAt(words, 1100)).toBe('hello world');
  });

  it('rather takes a piece that is still coming for longer than it is', () => {
    const words = new SpokenText();
    words.say('abcde fghij klmno pqrst');
    words.audio(200);
    // 23 characters at 12 a second are 1917 ms: the first word ends at 417.
    expect(heardAt(words, 200)).toBe('');
    words.audio(300);
    expect(heardAt(words, 420)).toBe('abcde');
    words.end();
    expect(heardAt(words, 500)).toBe('abcde fghij klmno pqrst');
  });

  it('never takes a word back, never runs ahead, and ends with all of them', () => {
    const piece = fc.record({ text: fc.lorem({ maxCount: 6 }).map((text) => `${text} `), audioMs: fc.integer({ min: 1, max: 3000 }) });
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 8 }), fc.array(fc.integer({ min: 1, max: 700 }), { maxLength: 60 }), (pieces, steps) => {
        const words = new SpokenText();
        let startMs = 0;
        const wordEnds: { readonly end: number; readonly ms: number }[] = [];
        let text = '';
        for (const { text: said, audioMs } of pieces) {
          words.say(said);
          words.audio(audioMs);
          const length = said.trimEnd().length;
          for (const match of said.matchAll(/\S+/g)) {
            const end = match.index + match[0].length;
            wordEnds.push({ end: text.length + end, ms: startMs + (audioMs * end) / length });
          }
          text += said;
          startMs += audioMs;
        }
        words.end();
        let heardMs = 0;
        let before = '';
        for (const step of steps) {
          heardMs += step;
          const heard = heardAt(words, heardMs);
          expect(heard.startsWith(before)).toBe(true);
          const due = wordEnds.filter(({ ms }) => ms <= heardMs + 1.001).at(-1)?.end ?? 0;
          expect(heard.length).toBeLessThanOrEqual(due);
          before = heard;
        }
        expect(heardAt(words, startMs)).toBe(text.trim());
      }),
    );
  });
});
