// @ts-check
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ClockMap } from '../../../static/clock-map.js';
import { Trace } from '../../../static/trace.js';

describe('ClockMap', () => {
  it('knows nothing before the first event', () => {
    expect(new ClockMap().offsetMs).toBeNull();
  });

  it('takes the packet that was fastest, however many were late', () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 900 }), { minLength: 1, maxLength: 50 }), (lateMs) => {
      const map = new ClockMap();
      lateMs.forEach((late, i) => map.observe(i * 100, 5000 + i * 100 + late));
      expect(map.offsetMs).toBe(5000 + Math.min(...lateMs));
    }));
  });

  it('follows two clocks that drift apart by 100 ppm for an hour to within 13 ms', () => {
    const map = new ClockMap(60_000);
    let worstMs = 0;
    for (let atMs = 0; atMs <= 3_600_000; atMs += 200) {
      const trueOffsetMs = 1000 + atMs * 100e-6;
      map.observe(atMs, atMs + trueOffsetMs);
      worstMs = Math.max(worstMs, Math.abs((map.offsetMs ?? NaN) - trueOffsetMs));
    }
    expect(worstMs).toBeLessThan(13);
  });

  it('forgets what it knew before a long silence', () => {
    const map = new ClockMap(1000);
    map.observe(0, 50);
    map.observe(5000, 5080);
    expect(map.offsetMs).toBe(80);
  });
});

describe('Trace', () => {
  it('keeps the newest points in order, and finds them by time', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 0, max: 40 }), (capacity, count) => {
      const trace = new Trace(capacity);
      const all = Array.from({ length: count }, (_, i) => [i * 10, i / 64]);
      for (const [timeMs, value] of all) trace.push(timeMs ?? NaN, value ?? NaN);
      const kept = all.slice(-capacity);
      expect(trace.length).toBe(kept.length);
      expect(kept.map((_, i) => [trace.timeMs(i), trace.value(i)])).toEqual(kept);
      for (const probe of [-1, 0, 5, 10, 333, 1000]) {
        const expected = kept.findIndex(([timeMs]) => (timeMs ?? NaN) >= probe);
        expect(trace.indexAt(probe)).toBe(expected === -1 ? kept.length : expected);
      }
    }));
  });

  it('is empty after clear and can be filled again', () => {
    const trace = new Trace(3);
    trace.push(1, 1);
    trace.clear();
    expect(trace.length).toBe(0);
    trace.push(7, 0.5);
    expect([trace.timeMs(0), trace.value(0)]).toEqual([7, 0.5]);
  });

  it('refuses a capacity that holds nothing', () => {
    for (const capacity of [0, -1, 1.5, NaN]) expect(() => new Trace(capacity)).toThrow(/whole number from 1/);
  });
});
