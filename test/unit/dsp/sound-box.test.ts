import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { DitheringQuantiser } from '../../../voice-node/dsp/dither.js';
import { fadeInInPlace, fadeOutInPlace } from '../../../voice-node/dsp/fade.js';
import { Framer } from '../../../voice-node/dsp/framer.js';
import { HighPass } from '../../../voice-node/dsp/high-pass.js';
import { amplitudeToDbfs, dbfsToAmplitude, levelDbfs, mean, peak, rms, SILENCE_DBFS } from '../../../voice-node/dsp/level.js';
import { float32ToInt16Into, int16ToFloat32Into } from '../../../voice-node/dsp/pcm.js';
import { SampleRing } from '../../../voice-node/dsp/ring.js';
import { ToneGenerator } from '../../../voice-node/dsp/tone.js';
import { decibels, fitTone, noise, sine, toInt16 } from './signals.js';

const int16s = fc.int16Array({ maxLength: 500 });

describe('Framer', () => {
  it('gives the same frames however the stream is cut, and a padded or no last one', () => {
    fc.assert(
      fc.property(int16s, fc.integer({ min: 1, max: 60 }), fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1 }), fc.boolean(), (samples, size, cuts, pad) => {
        const seen: number[][] = [];
        const framer = new Framer(size, (frame) => seen.push([...frame]));
        for (let at = 0, i = 0; at < samples.length; i++) {
          const cut = cuts[i % cuts.length] as number;
          framer.push(samples.subarray(at, at + cut));
          at += cut;
        }
        expect(framer.pendingSamples).toBe(samples.length % size);
        framer.flush(pad);
        expect(framer.pendingSamples).toBe(0);
        const wanted: number[][] = [];
        for (let at = 0; at + size <= samples.length; at += size) wanted.push([...samples.subarray(at, at + size)]);
        if (pad && samples.length % size > 0) {
          const last = [...samples.subarray(samples.length - (samples.length % size))];
          wanted.push([...last, ...new Array<number>(size - last.length).fill(0)]);
        }
        expect(seen).toEqual(wanted);
      }),
    );
  });

  it('reset drops the unfinished frame; a length of nothing is refused', () => {
    const seen: number[][] = [];
    const framer = new Framer(3, (frame) => seen.push([...frame]));
    framer.push(Int16Array.of(1, 2));
    framer.reset();
    framer.push(Int16Array.of(3, 4, 5));
    expect(seen).toEqual([[3, 4, 5]]);
    expect(() => new Framer(0, () => undefined)).toThrowError(expect.objectContaining({ code: 'argument_invalid' }));
    expect(() => new Framer(2.5, () => undefined)).toThrowError(expect.objectContaining({ code: 'argument_invalid' }));
  });
});

describe('SampleRing', () => {
  it('behaves as a list with a bound', () => {
    const operation = fc.oneof(
      fc.record({ do: fc.constant('write' as const), samples: fc.int16Array({ maxLength: 12 }) }),
      fc.record({ do: fc.constant('read' as const), count: fc.integer({ min: 0, max: 12 }) }),
      fc.record({ do: fc.constant('peek' as const), count: fc.integer({ min: 0, max: 12 }) }),
      fc.record({ do: fc.constant('discard' as const), count: fc.integer({ min: 0, max: 12 }) }),
      fc.record({ do: fc.constant('clear' as const) }),
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 16 }), fc.array(operation, { maxLength: 60 }), (capacity, operations) => {
        const ring = new SampleRing(capacity);
        let model: number[] = [];
        for (const op of operations) {
          if (op.do === 'write') {
            const fitting = Math.min(op.samples.length, capacity - model.length);
            expect(ring.write(op.samples)).toBe(fitting);
            model.push(...op.samples.subarray(0, fitting));
          } else if (op.do === 'read') {
            const out = new Int16Array(op.count);
            const taken = ring.read(out);
            expect([...out.subarray(0, taken)]).toEqual(model.splice(0, op.count));
          } else if (op.do === 'peek') {
            const out = new Int16Array(op.count);
            const taken = ring.peekLast(out, op.count);
            expect([...out.subarray(0, taken)]).toEqual(op.count === 0 ? [] : model.slice(-op.count));
          } else if (op.do === 'discard') {
            expect(ring.discard(op.count)).toBe(Math.min(op.count, model.length));
            model.splice(0, op.count);
          } else {
            ring.clear();
            model = [];
          }
          expect([ring.length, ring.free]).toEqual([model.length, capacity - model.length]);
        }
      }),
    );
  });

  it('writes a part and reads to a place', () => {
    const ring = new SampleRing(8);
    expect(ring.write(Int16Array.of(1, 2, 3, 4, 5), 1, 4)).toBe(3);
    const out = new Int16Array(5);
    expect(ring.readInto(out, 2, 2)).toBe(2);
    expect([...out]).toEqual([0, 0, 2, 3, 0]);
    expect(ring.length).toBe(1);
  });
});

describe('level', () => {
  it('knows sines, squares, offsets and silence', () => {
    const tone = toInt16(sine(8000, 8000, 1000, 1));
    expect(levelDbfs(tone)).toBeCloseTo(-3.01, 2);
    expect(levelDbfs(Int16Array.from({ length: 100 }, (_, i) => (i % 2 ? -32768 : 32767)))).toBeCloseTo(0, 3);
    expect(levelDbfs(new Int16Array(160))).toBe(SILENCE_DBFS);
    expect(levelDbfs(new Int16Array(0))).toBe(SILENCE_DBFS);
    expect(peak(Int16Array.of(5, -32768, 7))).toBe(32768);
    expect(rms(Int16Array.of(3, -4, 3, -4))).toBeCloseTo(Math.sqrt(12.5), 12);
    expect(mean(Int16Array.of(1, 2, 6))).toBe(3);
    expect(amplitudeToDbfs(dbfsToAmplitude(-37.5))).toBeCloseTo(-37.5, 10);
  });
});

describe('fades', () => {
  it('fade-out falls to zero without a step and leaves exact zeros', () => {
    const samples = new Int16Array(400).fill(10000);
    fadeOutInPlace(samples, 100, 200);
    expect([...samples.subarray(0, 100)].every((x) => x === 10000)).toBe(true);
    expect([...samples.subarray(300)].every((x) => x === 0)).toBe(true);
    expect(samples[200]).toBeCloseTo(5000, -2);
    // The steepest step of a raised cosine is pi / 2 of the mean one.
    for (let i = 100; i < 301; i++) {
      const step = (samples[i - 1] as number) - (samples[i] as number);
      expect(step).toBeGreaterThanOrEqual(0);
      expect(step).toBeLessThanOrEqual((10000 / 200) * (Math.PI / 2) + 1);
    }
  });

  it('fade-in is its mirror', () => {
    const up = new Int16Array(300).fill(-9000);
    const down = new Int16Array(300).fill(-9000);
    fadeInInPlace(up, 40, 100);
    fadeOutInPlace(down, 160, 100);
    expect([...up].reverse()).toEqual([...down]);
  });

  it('survives any position and length', () => {
    fc.assert(
      fc.property(int16s, fc.integer({ min: -10, max: 600 }), fc.integer({ min: 0, max: 600 }), (samples, from, count) => {
        const before = samples.slice();
        fadeOutInPlace(samples, from, count);
        for (let i = 0; i < samples.length; i++) {
          if (i < from) expect(samples[i]).toBe(before[i]);
          else expect(Math.abs(samples[i] as number)).toBeLessThanOrEqual(Math.abs(before[i] as number));
          if (i >= Math.max(0, from) + count) expect(samples[i]).toBe(0);
        }
      }),
    );
  });
});

describe('tone', () => {
  it('is continuous in phase, at its level, and clean', () => {
    const whole = new Int16Array(48000);
    new ToneGenerator({ rateHz: 48000, frequencyHz: 440, levelDbfs: -6 }).fillInto(whole);
    const cut = new Int16Array(48000);
    const generator = new ToneGenerator({ rateHz: 48000, frequencyHz: 440, levelDbfs: -6 });
    for (let at = 0; at < cut.length; at += 331) generator.fillInto(cut.subarray(at, at + 331));
    expect(cut).toEqual(whole);
    const fit = fitTone(whole, 48000, 440, 0);
    expect(decibels(fit.amplitude / 32767)).toBeCloseTo(-6, 3);
    // Rounding alone leaves 1 / sqrt(12) = 0.289; the phases of 440 Hz repeat, so it is not quite evenly spread.
    expect(fit.residualRms).toBeLessThan(0.32);
    expect(() => new ToneGenerator({ rateHz: 8000, frequencyHz: 4000, levelDbfs: -6 })).toThrowError(expect.objectContaining({ code: 'argument_invalid' }));
  });
});

describe('pcm', () => {
  it('goes to float and back bit for bit, saturates, and takes NaN as silence', () => {
    const all = Int16Array.from({ length: 65536 }, (_, i) => i - 32768);
    const floats = new Float32Array(65536);
    const back = new Int16Array(65536);
    int16ToFloat32Into(all, floats);
    float32ToInt16Into(floats, back);
    expect(back).toEqual(all);
    const odd = new Int16Array(5);
    float32ToInt16Into(Float32Array.of(1, -1.5, Number.NaN, Infinity, -Infinity), odd);
    expect([...odd]).toEqual([32767, -32768, 0, 32767, -32768]);
  });

  it('dithers only where asked: the mean of many roundings is the value itself', () => {
    const input = new Float32Array(200000).fill(0.3 / 32768);
    const out = new Int16Array(input.length);
    float32ToInt16Into(input, out);
    expect(out.every((x) => x === 0)).toBe(true);
    new DitheringQuantiser(5).quantiseInto(input, out);
    expect(mean(out)).toBeCloseTo(0.3, 2);
    expect(peak(out)).toBeLessThanOrEqual(2);
  });
});

describe('HighPass', () => {
  it('takes out DC and hum, passes speech, -3 dB at the cutoff', () => {
    const rateHz = 16000;
    const response = (hz: number): number => {
      const tone = toInt16(sine(rateHz * 2, rateHz, hz, 0.5));
      new HighPass({ rateHz, cutoffHz: 70 }).processInPlace(tone);
      return decibels(fitTone(tone, rateHz, hz, rateHz).amplitude / (0.5 * 32767));
    };
    expect(response(70)).toBeCloseTo(-3.01, 1);
    expect(response(20)).toBeLessThan(-21);
    expect(response(300)).toBeGreaterThan(-0.02);
    expect(Math.abs(response(3000))).toBeLessThan(0.001);
    const offset = new Int16Array(rateHz).fill(5000);
    new HighPass({ rateHz }).processInPlace(offset);
    expect(offset.subarray(8000).every((x) => x === 0)).toBe(true);
  });

  it('does not depend on the cut, resets to new, saturates', () => {
    const input = toInt16(noise(4000, 21));
    const whole = input.slice();
    const filter = new HighPass({ rateHz: 8000 });
    filter.processInPlace(whole);
    filter.reset();
    const cut = input.slice();
    for (let at = 0; at < cut.length; at += 77) filter.processInPlace(cut.subarray(at, at + 77));
    expect(cut).toEqual(whole);
    const square = Int16Array.from({ length: 800 }, (_, i) => (Math.floor(i / 40) % 2 ? -32768 : 32767));
    new HighPass({ rateHz: 8000 }).processInPlace(square);
    for (let i = 1; i < 800; i++) if (i % 40 !== 0) expect(Math.abs((square[i] as number) - (square[i - 1] as number))).toBeLessThan(5000);
  });
});
