import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EchoDrift } from '../../../voice-node/dsp/echo-drift.js';

const FRAME = 160;

/** Delays as a search finds them, whole samples every 13 frames, for 20 s. */
function measured(delayAt: (frame: number) => number, drift = new EchoDrift(FRAME)): number {
  for (let frame = 0; frame < 1000; frame += 13) drift.push(frame, Math.round(delayAt(frame)));
  return (drift.perFrame / FRAME) * 1e6;
}

describe('EchoDrift', () => {
  it('measures how far apart two clocks are', () => {
    fc.assert(
      fc.property(fc.integer({ min: -180, max: 180 }), fc.integer({ min: 0, max: 4000 }), (ppm, first) => {
        expect(Math.abs(measured((frame) => first + frame * FRAME * ppm * 1e-6) - ppm)).toBeLessThan(15);
      }),
      { numRuns: 50 },
    );
  });

  it('takes a delay that changes between two reflections for no drift', () => {
    // Once there and back would be a slope of 100 ppm for a while.
    expect(Math.abs(measured((frame) => (frame > 300 ? 1999 : 1991)))).toBeLessThan(1);
    expect(Math.abs(measured((frame) => (Math.floor(frame / 150) % 2 === 0 ? 1999 : 1991)))).toBeLessThan(1);
  });

  it('sees the drift through jumps', () => {
    const ppm = measured((frame) => 2000 + frame * FRAME * 100e-6 + (frame > 400 ? 320 : 0) + (Math.floor(frame / 150) % 2) * 8);
    expect(Math.abs(ppm - 100)).toBeLessThan(25);
  });

  it('is as new after a reset', () => {
    const used = new EchoDrift(FRAME);
    measured((frame) => 5 * frame, used);
    used.reset();
    expect(used.perFrame).toBe(0);
    expect(measured((frame) => 700 + frame * FRAME * 50e-6, used)).toBe(measured((frame) => 700 + frame * FRAME * 50e-6));
  });
});
