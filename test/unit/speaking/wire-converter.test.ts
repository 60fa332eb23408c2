import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RESAMPLER_RATES_HZ } from '../../../voice-node/dsp/resampler-plan.js';
import { SampleRing } from '../../../voice-node/dsp/ring.js';
import { WireConverter } from '../../../voice-node/speaking/wire-converter.js';
import { fitTone } from '../dsp/signals.js';
import { largestStep } from './player-rig.js';

function converted(feed: (converter: WireConverter) => void, capacity = 480_000): Int16Array {
  const queue = new SampleRing(capacity);
  const converter = new WireConverter(queue);
  feed(converter);
  const out = new Int16Array(queue.length);
  queue.read(out);
  return out;
}

const sine = (samples: number, rateHz: number, hz: number, from = 0): Int16Array => Int16Array.from({ length: samples }, (_, i) => Math.round(10_000 * Math.sin((2 * Math.PI * hz * (i + from)) / rateHz)));

describe('the way to the wire', () => {
  it('brings every rate to 48 kHz: as much as came in, and what the filter held', () => {
    for (const rateHz of RESAMPLER_RATES_HZ) {
      const out = converted((converter) => {
        expect(converter.write(sine(rateHz, rateHz, 440), 0, rateHz)).toBe(rateHz);
        converter.drain();
      });
      expect(out.length).toBeGreaterThanOrEqual(48_000);
      expect(out.length).toBeLessThan(48_000 + 150);
      const fit = fitTone(out.subarray(4800, 43_200), 48_000, 440, 0);
      expect(fit.amplitude).toBeGreaterThan(9900);
      expect(fit.residualRms).toBeLessThan(10);
    }
  });

  it('does not care how the audio is cut', () => {
    const audio = sine(6000, 24_000, 700);
    const whole = converted((converter) => void converter.write(audio, 0, 24_000));
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 1700 }), { minLength: 1 }), (cuts) => {
        const pieces = converted((converter) => {
          for (let at = 0, i = 0; at < audio.length; i++) {
            const end = Math.min(audio.length, at + (cuts[i % cuts.length] as number));
            expect(converter.write(audio.subarray(0, end), at, 24_000)).toBe(end - at);
            at = end;
          }
        });
        expect(Buffer.from(pieces.buffer).equals(Buffer.from(whole.buffer))).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  it('keeps the bound of the queue, takes nothing twice and loses nothing', () => {
    const audio = sine(16_000, 16_000, 500);
    const queue = new SampleRing(9600);
    const converter = new WireConverter(queue);
    const out: number[] = [];
    const frame = new Int16Array(480);
    for (let at = 0; at < audio.length; ) {
      at += converter.write(audio, at, 16_000);
      expect(queue.length).toBeLessThanOrEqual(9600);
      const count = queue.read(frame);
      for (let i = 0; i < count; i++) out.push(frame[i] as number);
    }
    for (let count = queue.read(frame); count > 0; count = queue.read(frame)) for (let i = 0; i < count; i++) out.push(frame[i] as number);
    expect(Int16Array.from(out)).toEqual(converted((all) => void all.write(audio, 0, 16_000)));
  });

  it('takes a change of rate in the middle: the sine goes on, with a seam of a millisecond', () => {
    for (const [first, second] of [[8000, 24_000], [24_000, 16_000], [48_000, 8000], [22_050, 44_100]] as const) {
      const out = converted((converter) => {
        // A whole number of periods, so that the second half goes on where the first ends.
        converter.write(sine(first / 2, first, 400), 0, first);
        converter.write(sine(second / 2, second, 400), 0, second);
        converter.drain();
      });
      for (const half of [out.subarray(2400, 21_600), out.subarray(26_400, 45_600)]) {
        const fit = fitTone(half, 48_000, 400, 0);
        expect(fit.amplitude).toBeGreaterThan(9900);
        expect(fit.residualRms).toBeLessThan(10);
      }
      // No click: nowhere a step much larger than those of the sine (524 a sample).
      expect(largestStep(out.subarray(0, 47_000))).toBeLessThan(1200);
    }
  });

  it('goes back and forth between rates without growing or slowing', () => {
    const out = converted((converter) => {
      for (let i = 0; i < 50; i++) converter.write(sine(160, i % 2 === 0 ? 8000 : 16_000, 200), 0, i % 2 === 0 ? 8000 : 16_000);
    });
    // 25 times 20 ms and 10 ms, and a fraction of a millisecond at each change.
    expect(out.length / 48).toBeGreaterThanOrEqual(750);
    expect(out.length / 48).toBeLessThan(750 + 50);
  });

  it('forgets a reply when the next one begins', () => {
    const queue = new SampleRing(48_000);
    const converter = new WireConverter(queue);
    converter.write(new Int16Array(800).fill(20_000), 0, 8000);
    queue.clear();
    converter.reset();
    converter.write(new Int16Array(800), 0, 8000);
    converter.drain();
    const out = new Int16Array(queue.length);
    queue.read(out);
    expect(out.every((x) => x === 0)).toBe(true);
  });

  it('says what rates there are', () => {
    expect(() => converted((converter) => void converter.write(new Int16Array(10), 0, 12_345))).toThrowError(/8000.*48000 Hz, got 12345/);
  });
});
