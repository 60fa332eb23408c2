import { describe, expect, it } from 'vitest';
import { likeness } from '../../../bench/rig/likeness.js';
import { seeded } from '../../../bench/rig/random.js';
import { trimmed, voice } from '../../../bench/rig/voices.js';

const words = trimmed(voice('Front_Center'));
const SILENCE = new Int16Array(48 * 400);
const MS = 48;

function joined(...parts: readonly Int16Array[]): Int16Array {
  const all = new Int16Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** What a jitter buffer does that runs dry and then catches up: pieces of 20 ms left out or played twice. */
function bent(samples: Int16Array, share: number, seed: number): Int16Array {
  const random = seeded(seed);
  const parts: Int16Array[] = [];
  for (let at = 0; at < samples.length; at += 20 * MS) {
    const piece = samples.subarray(at, at + 20 * MS);
    const chance = random();
    if (chance < share / 2) continue;
    parts.push(piece);
    if (chance > 1 - share / 2) parts.push(piece);
  }
  return joined(...parts);
}

describe('likeness', () => {
  it('finds the whole where it is', () => {
    const found = likeness(words, joined(SILENCE, words, SILENCE));
    expect(found.levels).toBeGreaterThan(0.99);
    expect(found.waveform).toBeGreaterThan(0.99);
    expect(Math.abs(found.offsetMs - 400)).toBeLessThanOrEqual(20);
  });

  it.each([1, 2, 3, 4])('does not mind a bent time (%i)', (seed) => {
    expect(likeness(words, joined(SILENCE, bent(words, 0.3, seed), SILENCE)).levels).toBeGreaterThan(0.9);
  });

  it('misses what is missing: the beginning, the end, a part of a word, all of it', () => {
    const [third, twoThirds] = [Math.floor(words.length / 3), Math.floor((2 * words.length) / 3)];
    const muted = words.slice().fill(0, 900 * MS, 1050 * MS);
    const lacking = {
      beginning: words.subarray(third),
      end: words.subarray(0, twoThirds),
      // Silent, as if frames had been lost; left out, as if they had been dropped.
      muted,
      middle: joined(words.subarray(0, third), words.subarray(twoThirds)),
      backwards: words.slice().reverse(),
      all: SILENCE,
    };
    for (const [what, heard] of Object.entries(lacking)) expect({ what, found: likeness(words, joined(SILENCE, heard, SILENCE)).levels > 0.9 }).toEqual({ what, found: false });
  });

  it('knows one voice from another, bent or not', () => {
    for (const name of ['Rear_Left', 'Side_Right', 'Front_Left'] as const) expect(likeness(words, joined(SILENCE, trimmed(voice(name)), SILENCE)).waveform).toBeLessThan(0.45);
    for (const seed of [1, 2, 3, 4]) expect(likeness(words, joined(SILENCE, bent(words, 0.3, seed), SILENCE)).waveform).toBeGreaterThan(0.6);
  });
});
