// @ts-check
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCallerEvent } from '../../../static/caller-events.js';

/** @import { CallerEvent } from '../../../voice-node/domain/events.js' */

/** @param {unknown} value */
const bytes = (value) => new TextEncoder().encode(JSON.stringify(value));

/** One of every kind, typed against the node's own definition. */
/** @type {{ [Type in CallerEvent['type']]: Extract<CallerEvent, { type: Type }> }} */
const ONE_OF_EACH = {
  call: { type: 'call', atMs: 0, callId: 'c1', robot: 'echo', rateHz: 8000, detector: 'silero', denoise: true },
  vad: { type: 'vad', atMs: 20, frameMs: 32, p: [0, 0.5, 1], gate: [0, 1, 1], reasons: ['silence', 'suspected', 'held'] },
  interruption: { type: 'interruption', atMs: 1200, turn: 1, decision: 'backchannel', afterMs: 480 },
  speech_started: { type: 'speech_started', atMs: 120, turn: 1, onsetMs: 40 },
  speech_ended: { type: 'speech_ended', atMs: 900, turn: 1, offsetMs: 500, utteranceMs: 860 },
  speech_dropped: { type: 'speech_dropped', atMs: 130, turn: 1 },
  reply_started: { type: 'reply_started', atMs: 910, turn: 1 },
  reply_ended: { type: 'reply_ended', atMs: 1500, turn: 1, heardMs: 590, cut: false },
  barge_in: { type: 'barge_in', atMs: 1500, turn: 1, stopMs: 80, heardMs: 590 },
  turn: { type: 'turn', atMs: 1500, turn: 1, end: 'answered', marksMs: { t1: 120, t2: 900 }, stagesMs: { response: 12 }, utteranceMs: 860, heardMs: 590, error: 'answer_timeout' },
  transcript: { type: 'transcript', atMs: 700, turn: 1, text: 'what is', final: false },
  reply_text: { type: 'reply_text', atMs: 1200, reply: 2, turn: 1, text: 'It is', final: true, apology: true },
  error: { type: 'error', atMs: 5, code: 'answer_failed', message: 'expected audio, got none' },
};

/** @type {Partial<Record<CallerEvent['type'], readonly string[]>>} */
const OPTIONAL = { vad: ['gate', 'reasons'], interruption: ['turn'], call: ['denoise'], reply_started: ['turn'], reply_ended: ['turn'], barge_in: ['turn'], turn: ['error'], reply_text: ['turn', 'apology'] };

describe('parseCallerEvent', () => {
  it.each(Object.values(ONE_OF_EACH))('reads $type as it was sent', (event) => {
    expect(parseCallerEvent(bytes(event))).toEqual(event);
  });

  it.each(Object.values(ONE_OF_EACH))('refuses $type where a field is missing or of another kind', (event) => {
    for (const field of Object.keys(event)) {
      const optional = OPTIONAL[event.type]?.includes(field) ?? false;
      const { [field]: _left, ...rest } = /** @type {Record<string, unknown>} */ ({ ...event });
      expect(parseCallerEvent(bytes(rest)) !== null, `without ${field}`).toBe(optional);
      expect(parseCallerEvent(bytes({ ...event, [field]: { odd: true, toString: 'x' } })), `with an odd ${field}`).toBeNull();
    }
  });

  it('takes the reply of a greeting, which belongs to no turn', () => {
    expect(parseCallerEvent(bytes({ type: 'reply_started', atMs: 1 }))).toEqual({ type: 'reply_started', atMs: 1 });
  });

  it('takes the frames of an older node, which tells their probabilities alone', () => {
    const old = { type: 'vad', atMs: 20, frameMs: 20, p: [0.5] };
    expect(parseCallerEvent(bytes(old))).toEqual(old);
    for (const odd of [{ gate: [2] }, { gate: ['1'] }, { reasons: [1] }, { reasons: 'held' }, { gate: Array(5000).fill(1) }]) expect(parseCallerEvent(bytes({ ...old, ...odd }))).toBeNull();
  });

  it('refuses kinds it does not know, inherited names among them', () => {
    for (const type of ['later', 'constructor', '__proto__', 'toString', '', 5]) expect(parseCallerEvent(bytes({ type, atMs: 1 }))).toBeNull();
  });

  it('refuses what is too long to be an event', () => {
    expect(parseCallerEvent(bytes({ ...ONE_OF_EACH.error, message: 'x'.repeat(70_000) }))).toBeNull();
  });

  it('never throws, whatever comes', () => {
    fc.assert(fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.json().map((json) => new TextEncoder().encode(json))), (data) => {
      expect(() => parseCallerEvent(data)).not.toThrow();
    }));
  });
});
