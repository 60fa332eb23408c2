import { describe, expect, it } from 'vitest';
import { SpeechEdges } from '../../../voice-node/hearing/edges.js';

/** Feeds frames of constant level; frame i arrives at 20 (i + 1). */
function follow(edges: SpeechEdges, levels: readonly number[], from = 0): void {
  levels.forEach((level, i) => edges.push(level, 20 * (from + i + 1)));
}

describe('speech edges', () => {
  it('finds the voice before the frame the detector was sure of', () => {
    const edges = new SpeechEdges();
    follow(edges, [...Array<number>(20).fill(10), 600, 2000, 4000, 4000]);
    edges.begin(23, 0);
    expect(edges.onsetFrame).toBe(20);
    expect(edges.onsetArrivedMs).toBe(20 * 21);
  });

  it('does not take the noise of the line for voice', () => {
    const edges = new SpeechEdges();
    follow(edges, [...Array<number>(60).fill(500), 4000, 4000]);
    edges.begin(61, 0);
    expect(edges.onsetFrame).toBe(60);
  });

  it('looks no further back than 240 ms, nor before where it is told', () => {
    const edges = new SpeechEdges();
    follow(edges, [5, ...Array<number>(40).fill(3000)]);
    edges.begin(40, 0);
    expect(edges.onsetFrame).toBe(28);
    edges.begin(40, 35);
    expect(edges.onsetFrame).toBe(35);
  });

  it('keeps up with the last frame in which the voice can be heard', () => {
    const edges = new SpeechEdges();
    follow(edges, [...Array<number>(20).fill(10), 4000, 4000]);
    edges.begin(21, 0);
    follow(edges, [4000, 1000, 300, 100, 20, 10], 22);
    expect(edges.offsetFrame).toBe(25);
    expect(edges.offsetArrivedMs).toBe(20 * 25);
    edges.end();
    follow(edges, [4000], 28);
    expect(edges.offsetFrame).toBe(25);
  });

  it('is not deafened by a voice that never pauses', () => {
    const edges = new SpeechEdges();
    follow(edges, Array<number>(10).fill(10));
    follow(edges, Array<number>(3000).fill(4000), 10);
    edges.begin(3009, 0);
    follow(edges, [4000, 4000], 3010);
    expect(edges.offsetFrame).toBe(3012);
  });
});
