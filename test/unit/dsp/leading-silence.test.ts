import { describe, expect, it } from 'vitest';
import { leadingSilence } from '../../../voice-node/dsp/leading-silence.js';

const piece = (ms: number, level: number): number[] => Array.from({ length: ms * 8 }, (_, i) => (i % 2 === 0 ? level : -level));

describe('leading silence', () => {
  it('ends a margin before the first sound', () => {
    expect(leadingSilence(Int16Array.from([...piece(400, 5), ...piece(200, 8000)]), 8000, 40, 100)).toBe(300 * 8);
  });

  it('keeps a quiet beginning of the voice', () => {
    // -32 dB: an /f/ before its vowel.
    expect(leadingSilence(Int16Array.from([...piece(400, 5), ...piece(60, 200), ...piece(200, 8000)]), 8000, 40, 100)).toBe(300 * 8);
  });

  it('takes nothing where there is no silence, or nothing else', () => {
    expect(leadingSilence(Int16Array.from(piece(200, 8000)), 8000, 40, 100)).toBe(0);
    expect(leadingSilence(new Int16Array(8000), 8000, 40, 100)).toBe(0);
    expect(leadingSilence(new Int16Array(0), 8000, 40, 100)).toBe(0);
    expect(leadingSilence(Int16Array.from([...piece(50, 5), ...piece(200, 8000)]), 8000, 40, 100)).toBe(0);
  });
});
