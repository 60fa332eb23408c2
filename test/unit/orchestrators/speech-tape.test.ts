import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mediaMs } from '../../../voice-node/domain/time.js';
import { SpeechTape, TapeFeed } from '../../../voice-node/orchestrators/speech-tape.js';

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const frameOf = (n: number): Int16Array => new Int16Array(160).fill(n);
const utteranceOf = (samples: Int16Array) => ({ samples, rateHz: 8000, startMs: mediaMs(0, 8000), preRollMs: 0 });

/** Reads on in the background; what it has got so far. */
function reader(feed: TapeFeed): { readonly got: number[]; over: boolean } {
  const state = { got: [] as number[], over: false };
  void (async () => {
    for await (const piece of feed) for (let at = 0; at < piece.length; at += 160) state.got.push(piece[at] as number);
    state.over = true;
  })();
  return state;
}

describe('the tape of what the caller says', () => {
  it('begins 600 ms before speech was noticed, goes on as it comes, and ends', async () => {
    const tape = new SpeechTape(8000);
    const frame = frameOf(0);
    for (let i = 1; i <= 100; i++) tape.hear(frame.fill(i));
    const feed = tape.begin();
    const early = reader(feed);
    await settle();
    expect(early.got).toEqual(Array.from({ length: 30 }, (_, i) => 71 + i));
    for (let i = 101; i <= 220; i++) {
      // Borrowed: the same array every time.
      tape.hear(frame.fill(i));
      if (i % 7 === 0) await settle();
    }
    let ended = false;
    void feed.ended.then(() => (ended = true));
    await settle();
    expect([ended, early.over]).toEqual([false, false]);
    tape.stop();
    await settle();
    expect([ended, early.over]).toEqual([true, true]);
    expect(early.got).toEqual(Array.from({ length: 150 }, (_, i) => 71 + i));
    // A second recogniser is given all of it.
    const late = reader(feed);
    await settle();
    expect(late.got).toEqual(early.got);
    // What comes later is not part of it.
    tape.hear(frameOf(999));
    await settle();
    expect(late.got).toHaveLength(150);
  });

  it('has several readers, each at its own pace', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom('hear', 'read', 'settle'), { maxLength: 80 }), async (steps) => {
        const tape = new SpeechTape(16_000);
        const feed = tape.begin();
        const readers: ReturnType<typeof reader>[] = [];
        let heard = 0;
        for (const step of steps) {
          if (step === 'hear') tape.hear(frameOf(heard++));
          else if (step === 'read') readers.push(reader(feed));
          else await settle();
        }
        tape.stop();
        await settle();
        for (const { got, over } of readers) {
          expect(over).toBe(true);
          expect(got).toEqual(Array.from({ length: heard }, (_, i) => i));
        }
      }),
      { numRuns: 60 },
    );
  });

  it('repeats nothing where an utterance was cut for its length, and keeps the pre-roll where it ended in silence', async () => {
    for (const [cut, expected] of [
      [true, []],
      [false, [11, 12]],
    ] as const) {
      const tape = new SpeechTape(8000);
      tape.begin();
      for (let i = 1; i <= 10; i++) tape.hear(frameOf(i));
      const samples = new Int16Array(1600);
      samples.fill(cut ? 10 : 8, 1440);
      tape.finish(utteranceOf(samples));
      for (const i of [11, 12]) tape.hear(frameOf(i));
      const next = reader(tape.begin());
      await settle();
      expect(next.got.filter((n) => n > 10 || cut)).toEqual(cut ? [11, 12] : expected);
      expect(next.got).toHaveLength(cut ? 2 : 12);
    }
  });

  it('knows when it has missed the beginning', () => {
    const tape = new SpeechTape(8000);
    for (let i = 0; i < 100; i++) tape.hear(frameOf(i));
    const feed = tape.begin();
    expect(feed.hasMissed(utteranceOf(new Int16Array(4800)))).toBe(false);
    expect(feed.hasMissed(utteranceOf(new Int16Array(9600)))).toBe(true);
    expect(TapeFeed.of(utteranceOf(new Int16Array(9600)), 8000).hasMissed(utteranceOf(new Int16Array(9600)))).toBe(false);
  });

  it('keeps no more than ten minutes', async () => {
    const tape = new SpeechTape(8000);
    const feed = tape.begin();
    const minute = new Int16Array(8000 * 60);
    for (let i = 0; i < 13; i++) tape.hear(minute);
    tape.stop();
    let samples = 0;
    for await (const piece of feed) samples += piece.length;
    expect(samples / 8000).toBeLessThanOrEqual(11 * 60);
    expect(samples / 8000).toBeGreaterThanOrEqual(10 * 60);
  });
});
