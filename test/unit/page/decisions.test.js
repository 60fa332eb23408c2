// @ts-check
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { INTERRUPTION_DECISIONS } from '../../../voice-node/domain/speech.ts';
import { describeCall, EMPTY_CALL, reduce, robotLeft } from '../../../static/call-model.js';
import { decide, decisionWords, isOutcome, KEPT_DECISIONS, voiceThatCut } from '../../../static/decisions.js';
import { Runs } from '../../../static/runs.js';

/** @import { CallerEvent } from '../../../voice-node/domain/events.js' */
/** @import { Decision } from '../../../static/decisions.js' */

/** @typedef {Extract<CallerEvent, { type: 'interruption' }>} Told */

/** @param {number} atMs @param {string} decision @param {number} [afterMs] */
const told = (atMs, decision, afterMs = 60) => /** @type {Told} */ ({ type: 'interruption', atMs, turn: 1, decision, afterMs });

/** @param {readonly Told[]} events */
const after = (...events) => events.reduce(decide, /** @type {readonly Decision[]} */ ([]));

describe('decisions about interruptions', () => {
  it('are one from the sound that was suspected to the verdict', () => {
    expect(after(told(1000, 'noise', 200))).toEqual([{ fromMs: 800, heldMs: null, endMs: 1000, outcome: 'noise' }]);
  });

  it('are one from the hold to the word that the reply went on', () => {
    const held = after(told(1000, 'held', 80));
    expect(held).toEqual([{ fromMs: 920, heldMs: 1000, endMs: null, outcome: null }]);
    const over = [told(1420, 'backchannel', 500), told(1420, 'resumed', 500)].reduce(decide, held);
    expect(over).toEqual([{ fromMs: 920, heldMs: 1000, endMs: 1420, outcome: 'backchannel' }]);
    expect(held[0]?.endMs, 'the older list is left alone').toBeNull();
  });

  it('say in words what was made of the sound, and for how long the reply was held', () => {
    /** @param {readonly Told[]} events */
    const words = (...events) => after(...events).map((decision) => Object.values(decisionWords(decision)).join(' / '));
    expect(words(told(1000, 'held'))).toEqual(['held / held']);
    expect(words(told(1000, 'held'), told(1420, 'backchannel'))).toEqual(['“uh-huh”, held 420 ms / “uh-huh”']);
    expect(words(told(1000, 'held'), told(1420, 'speech'))).toEqual(['speech / speech']);
    expect(words(told(1000, 'echo'), told(2000, 'noise'), told(3000, 'speech'))).toEqual(['echo / echo', 'noise / noise', 'speech / speech']);
  });

  it('know each decision that a node makes', () => {
    expect(INTERRUPTION_DECISIONS.filter((decision) => !isOutcome(decision))).toEqual(['held', 'resumed']);
  });

  it('leave out what a newer node, or a stranger, may call one', () => {
    for (const odd of ['later', 'constructor', '__proto__', 'toString', '', '<b>']) expect(after(told(1000, odd))).toEqual([]);
  });

  it('stay bounded, in order, and with no hold open but the last, whatever comes', () => {
    const one = fc.constantFrom('held', 'resumed', 'speech', 'noise', 'echo', 'backchannel', 'later');
    fc.assert(fc.property(fc.array(one, { maxLength: 3 * KEPT_DECISIONS }), (decisions) => {
      const all = after(...decisions.map((decision, i) => told(i * 100, decision)));
      expect(all.length).toBeLessThanOrEqual(KEPT_DECISIONS);
      expect(all.slice(0, -1).every((decision) => decision.endMs !== null)).toBe(true);
      const starts = all.map((decision) => decision.fromMs);
      expect(starts).toEqual(starts.toSorted((a, b) => a - b));
    }), { numRuns: 100 });
  });
});

describe('the voice that cut a reply', () => {
  it('began before the hold where there was one: silent then, cut once it was clear', () => {
    const decisions = after(told(1000, 'held', 60), told(1600, 'speech', 660));
    expect(voiceThatCut(decisions, { atMs: 1608, stopMs: 64 })).toEqual({ fromMs: 940, silentMs: 1004 });
  });

  it('else as long ago as the stop took; holds of other replies count for nothing', () => {
    const decisions = after(told(1000, 'held', 60), told(1600, 'speech', 660), told(9000, 'speech', 60));
    expect(voiceThatCut(decisions, { atMs: 9010, stopMs: 64 })).toEqual({ fromMs: 8946, silentMs: 9010 });
    expect(voiceThatCut([], { atMs: 100, stopMs: 64 })).toEqual({ fromMs: 36, silentMs: 100 });
  });
});

describe('a reply that is held', () => {
  const held = [/** @type {CallerEvent} */ ({ type: 'reply_started', atMs: 500, turn: 1 }), told(1000, 'held')].reduce(reduce, EMPTY_CALL);

  it('is held no longer than it lasts, or than the robot is there', () => {
    const ends = [
      reduce(held, { type: 'reply_ended', atMs: 1200, turn: 1, heardMs: 500, cut: true }),
      reduce(held, { type: 'barge_in', atMs: 1200, turn: 1, stopMs: 60, heardMs: 500 }),
      robotLeft(held, 1200),
    ];
    for (const model of ends) expect(model.decisions).toMatchObject([{ endMs: 1200, outcome: null }]);
    expect(held.decisions[0]?.endMs).toBeNull();
  });

  it('is told to those who do not see the strip, as is what it went on after', () => {
    expect(describeCall(held)).toBe('the reply is playing; it is held');
    expect(describeCall([told(1420, 'backchannel'), told(1420, 'resumed')].reduce(reduce, held))).toBe('the reply is playing; it went on after “uh-huh”, held 420 ms');
    expect(describeCall(reduce(held, told(1420, 'speech')))).toBe('the reply is playing');
  });
});

describe('runs of frames', () => {
  it('join equal frames that follow one another, whatever the jitter, and nothing across a gap or other frames', () => {
    const runs = new Runs(10);
    for (const [startMs, value] of /** @type {const} */ ([[0, 'held'], [31, 'held'], [40, 'resumed'], [60, null], [80, 'resumed'], [300, 'resumed']])) runs.push(startMs, startMs + 20, value);
    expect(runs.all).toEqual([
      { startMs: 0, endMs: 51, value: 'held' },
      { startMs: 40, endMs: 60, value: 'resumed' },
      { startMs: 80, endMs: 100, value: 'resumed' },
      { startMs: 300, endMs: 320, value: 'resumed' },
    ]);
  });

  it('are bounded: the oldest go', () => {
    const runs = new Runs(3);
    for (let i = 0; i < 10; i++) runs.push(i * 100, i * 100 + 20, i);
    expect(runs.all.map((run) => run.value)).toEqual([7, 8, 9]);
    runs.clear();
    expect(runs.all).toEqual([]);
    expect(() => new Runs(0)).toThrow('expected a whole number from 1, got 0');
  });
});
