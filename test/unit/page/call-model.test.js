// @ts-check
import { describe, expect, it } from 'vitest';
import { describeCall, EMPTY_CALL, KEPT_SPANS, reduce, robotLeft, SHOWN_TURNS } from '../../../static/call-model.js';

/** @import { CallerEvent, TurnReport } from '../../../voice-node/domain/events.js' */

/** @param {readonly CallerEvent[]} events */
const after = (...events) => events.reduce(reduce, EMPTY_CALL);

/** @param {number} turn @param {Partial<TurnReport>} [more] @returns {CallerEvent} */
const turnEvent = (turn, more = {}) => ({ type: 'turn', atMs: turn * 1000, turn, end: 'answered', marksMs: {}, stagesMs: {}, utteranceMs: 500, heardMs: 400, ...more });

describe('speech', () => {
  it('is open from its onset, and closed by its end with both moments of knowledge', () => {
    const open = after({ type: 'speech_started', atMs: 180, turn: 1, onsetMs: 100 });
    expect(open.speeches).toEqual([{ turn: 1, onsetMs: 100, t1Ms: 180, offsetMs: null, t2Ms: null, dropped: false }]);
    const closed = reduce(open, { type: 'speech_ended', atMs: 900, turn: 1, offsetMs: 600, utteranceMs: 560 });
    expect(closed.speeches[0]).toMatchObject({ offsetMs: 600, t2Ms: 900 });
    expect(open.speeches[0]?.offsetMs, 'the older model is left alone').toBeNull();
  });

  it('that was dropped ends where that was known', () => {
    const model = after({ type: 'speech_started', atMs: 180, turn: 1, onsetMs: 100 }, { type: 'speech_dropped', atMs: 220, turn: 1 });
    expect(model.speeches[0]).toMatchObject({ dropped: true, offsetMs: 220, t2Ms: null });
  });

  it('whose end was lost on the way is over when the next one begins', () => {
    const model = after({ type: 'speech_started', atMs: 180, turn: 1, onsetMs: 100 }, { type: 'speech_started', atMs: 2000, turn: 2, onsetMs: 1900 });
    expect(model.speeches.map((speech) => speech.offsetMs)).toEqual([1900, null]);
  });

  it('of an unknown turn changes nothing', () => {
    expect(after({ type: 'speech_ended', atMs: 900, turn: 7, offsetMs: 600, utteranceMs: 560 })).toEqual(EMPTY_CALL);
  });
});

describe('a reply', () => {
  /** @type {CallerEvent} */
  const started = { type: 'reply_started', atMs: 1000, turn: 3 };
  /** @type {CallerEvent} */
  const ended = { type: 'reply_ended', atMs: 1640, turn: 3, heardMs: 640, cut: true };
  /** @type {CallerEvent} */
  const bargeIn = { type: 'barge_in', atMs: 1640, turn: 3, stopMs: 92, heardMs: 640 };

  it('that ends by itself has no cut', () => {
    const model = after(started, { ...ended, cut: false });
    expect(model.replies).toEqual([{ turn: 3, startMs: 1000, endMs: 1640, heardMs: 640, cut: false, bargeIn: null }]);
  });

  it.each([[[ended, bargeIn]], [[bargeIn, ended]], [[bargeIn]]])('that was interrupted carries the cut, in whatever order that is told', (events) => {
    const model = after(started, .../** @type {CallerEvent[]} */ (events));
    expect(model.replies).toEqual([{ turn: 3, startMs: 1000, endMs: 1640, heardMs: 640, cut: true, bargeIn: { atMs: 1640, stopMs: 92, heardMs: 640 } }]);
  });

  it('without a turn is a greeting, and can be interrupted too', () => {
    const model = after({ type: 'reply_started', atMs: 10 }, { type: 'barge_in', atMs: 400, stopMs: 80, heardMs: 390 });
    expect(model.replies[0]).toMatchObject({ turn: null, endMs: 400, cut: true });
  });

  it('of an older turn is cut, not the newest one', () => {
    const model = after(started, { type: 'reply_started', atMs: 1700, turn: 4 }, bargeIn);
    expect(model.replies.map((reply) => reply.bargeIn !== null)).toEqual([true, false]);
  });
});

describe('the list of turns', () => {
  it('has the newest first, no turn twice, and a bound', () => {
    const model = after(...Array.from({ length: 20 }, (_, i) => turnEvent(i + 1)), turnEvent(20, { heardMs: 7 }));
    expect(model.turns.map((turn) => turn.turn)).toEqual([20, 19, 18, 17, 16, 15, 14, 13]);
    expect(model.turns).toHaveLength(SHOWN_TURNS);
    expect(model.turns[0]?.heardMs).toBe(7);
  });
});

it('keeps a bounded number of spans in a call of any length', () => {
  /** @type {CallerEvent[]} */
  const events = Array.from({ length: 500 }, (_, i) => [
    /** @type {CallerEvent} */ ({ type: 'speech_started', atMs: i * 1000 + 60, turn: i, onsetMs: i * 1000 }),
    /** @type {CallerEvent} */ ({ type: 'reply_started', atMs: i * 1000 + 500, turn: i }),
  ]).flat();
  const model = after(...events);
  expect([model.speeches.length, model.replies.length]).toEqual([KEPT_SPANS, KEPT_SPANS]);
  expect(model.speeches.at(-1)?.turn).toBe(499);
});

it('keeps why a turn failed', () => {
  expect(after(turnEvent(1, { end: 'failed', error: 'tool_failed' })).turns[0]).toMatchObject({ end: 'failed', error: 'tool_failed' });
  expect(after(turnEvent(1)).turns[0]).not.toHaveProperty('error');
});

it('keeps what the call and the last error said, and leaves the probabilities to the strip', () => {
  const model = after({ type: 'call', atMs: 0, callId: 'c', robot: 'tone', rateHz: 16000, detector: 'energy' }, { type: 'error', atMs: 1, code: 'vad_failed', message: 'm' });
  expect(model.call).toEqual({ callId: 'c', robot: 'tone', rateHz: 16000, detector: 'energy', denoise: false });
    expect(after({ type: 'call', atMs: 0, callId: 'c', robot: 'tone', rateHz: 16000, detector: 'energy', denoise: true }).call?.denoise).toBe(true);
  expect(model.lastError).toEqual({ code: 'vad_failed', message: 'm' });
  expect(reduce(model, { type: 'vad', atMs: 1, frameMs: 20, p: [1], gate: [1], reasons: ['speech'] })).toBe(model);
});

describe('describeCall', () => {
  it('tells an interruption with its figures', () => {
    const model = after(
      { type: 'reply_started', atMs: 1000, turn: 3 },
      { type: 'speech_started', atMs: 1640, turn: 4, onsetMs: 1548 },
      { type: 'barge_in', atMs: 1640, turn: 3, stopMs: 92.4, heardMs: 640 },
    );
    expect(describeCall(model)).toBe('Turn 4: you are speaking; the reply was cut off 92 ms after your voice began, 640 ms of it were heard');
  });

  it('says so where there was nothing', () => {
    expect(describeCall(EMPTY_CALL)).toBe('Nothing was said yet');
  });
});

describe('a robot that has left', () => {
  it('neither says nor hears any more what it was saying and hearing; what was over stays', () => {
    const before = after(
      { type: 'speech_started', atMs: 180, turn: 1, onsetMs: 100 },
      { type: 'speech_ended', atMs: 900, turn: 1, offsetMs: 600, utteranceMs: 560 },
      { type: 'reply_started', atMs: 1000, turn: 1 },
      { type: 'speech_started', atMs: 1500, turn: 2, onsetMs: 1400 },
    );
    const model = robotLeft(before, 2000);
    expect(model.speeches.map(({ offsetMs }) => offsetMs)).toEqual([600, 2000]);
    expect(model.replies).toMatchObject([{ endMs: 2000, cut: true, bargeIn: null }]);
    expect(before.replies[0]?.endMs, 'the older model is left alone').toBeNull();
    expect(robotLeft(model, 9000)).toEqual(model);
  });
});
