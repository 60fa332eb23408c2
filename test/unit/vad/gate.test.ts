import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { DEFAULT_GATE, Gate, type GateOptions } from '../../../voice-node/providers/vad/gate.js';

const WINDOW_MS = 32;

interface Step {
  readonly active: boolean;
  readonly reset: boolean;
  readonly replay: number;
}

/** Plays levels, and what the net would say about them, to a gate. */
function play(levels: readonly (readonly [rms: number, p: number])[], options: Partial<GateOptions> = {}, gate = new Gate({ ...DEFAULT_GATE, ...options }, WINDOW_MS)): Step[] {
  return levels.map(([rms, p]) => {
    gate.next(rms);
    const step = { active: gate.active, reset: gate.reset, replay: gate.replay };
    if (gate.active) gate.heard(p);
    return step;
  });
}

const times = (count: number, rms: number, p = 0): (readonly [number, number])[] => Array.from({ length: count }, () => [rms, p] as const);
const QUIET = 8;
const LOUD = 2000;

describe('gate', () => {
  it('stays shut on a quiet line', () => {
    expect(play(times(500, QUIET)).some((step) => step.active)).toBe(false);
  });

  it('opens with the first energetic window and replays what was skipped just before', () => {
    const steps = play([...times(20, QUIET), ...times(3, LOUD, 0.9)]);
    expect(steps.slice(0, 20).every((step) => !step.active)).toBe(true);
    expect(steps[20]).toEqual({ active: true, reset: false, replay: 3 });
    expect(steps[21]).toEqual({ active: true, reset: false, replay: 0 });
  });

  it('replays no more than there was', () => {
    expect(play(times(1, LOUD))[0]).toMatchObject({ active: true, replay: 0 });
    expect(play([...times(2, QUIET), ...times(1, LOUD)])[2]).toMatchObject({ active: true, replay: 2 });
  });

  it('resets once, when a burst without speech is over', () => {
    const steps = play([...times(20, QUIET), ...times(90, LOUD, 0.1), ...times(60, QUIET)]);
    const resets = steps.flatMap((step, i) => (step.reset ? [i] : []));
    // Ten windows (320 ms) of hang after the last energetic one.
    expect(resets).toEqual([20 + 90 + 10]);
    expect(steps.slice(120).every((step) => !step.active)).toBe(true);
  });

  it('does not reset after speech, and goes on listening for a second', () => {
    const steps = play([...times(20, QUIET), ...times(30, LOUD, 0.9), ...times(200, QUIET)]);
    expect(steps.some((step) => step.reset)).toBe(false);
    const listening = steps.filter((step) => step.active).length;
    expect(listening).toBe(30 + 10 + Math.round(DEFAULT_GATE.runAfterSpeechMs / WINDOW_MS));
  });

  it('wants four windows of speech', () => {
    const burst = (voiced: number): boolean =>
      play([...times(20, QUIET), ...times(voiced, LOUD, 0.6), ...times(10, LOUD, 0.4), ...times(30, QUIET)]).some((step) => step.reset);
    expect(burst(3)).toBe(true);
    expect(burst(4)).toBe(false);
  });

  it('gets used to steady noise, and still opens for what is 8 dB louder', () => {
    const gate = new Gate(DEFAULT_GATE, WINDOW_MS);
    const noise = play(times(1000, 400), {}, gate);
    expect(noise.slice(0, 100).some((step) => step.active)).toBe(true);
    expect(noise.slice(-300).some((step) => step.active)).toBe(false);
    expect(play(times(1, 990), {}, gate)[0]).toMatchObject({ active: false });
    expect(play(times(1, 1100), {}, gate)[0]).toMatchObject({ active: true });
  });

  it('never opens below the absolute threshold', () => {
    expect(play([...times(50, 1), ...times(50, 19)]).some((step) => step.active)).toBe(false);
    expect(play([...times(50, 1), ...times(1, 21)])[50]).toMatchObject({ active: true });
  });

  it('switched off, lets everything through and resets nothing', () => {
    const steps = play([...times(50, QUIET), ...times(50, LOUD), ...times(50, QUIET)], { enabled: false });
    expect(steps).toEqual(steps.map(() => ({ active: true, reset: false, replay: 0 })));
  });

  it('is as new once cleared', () => {
    const levels = fc.array(fc.tuple(fc.integer({ min: 0, max: 5000 }), fc.double({ min: 0, max: 1, noNaN: true })), { maxLength: 120 });
    fc.assert(
      fc.property(levels, levels, (before, after) => {
        const gate = new Gate(DEFAULT_GATE, WINDOW_MS);
        play(before, {}, gate);
        gate.clear();
        expect(play(after, {}, gate)).toEqual(play(after));
      }),
    );
  });

  it('never resets while it is open, and replays only what it had skipped', () => {
    const levels = fc.array(fc.tuple(fc.constantFrom(0, QUIET, 100, LOUD), fc.constantFrom(0, 0.4, 0.9)), { maxLength: 300 });
    fc.assert(
      fc.property(levels, (sequence) => {
        let skipped = 0;
        for (const step of play(sequence)) {
          if (step.replay > 0) expect(step.active).toBe(true);
          expect(step.replay).toBeLessThanOrEqual(Math.min(skipped, 3));
          if (step.reset) expect(step.active).toBe(false);
          skipped = step.active ? 0 : skipped + 1;
        }
      }),
    );
  });
});
