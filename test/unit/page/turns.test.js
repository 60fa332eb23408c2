// @ts-check
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clockText, IDLE, statusOf } from '../../../static/status.js';
import { KEPT_SEGMENTS, MAX_SEGMENT_CHARS, withSegment } from '../../../static/transcript.js';
import { msText, niceScaleMs, waterfall } from '../../../static/waterfall.js';

/** @import { TurnReport } from '../../../voice-node/domain/events.js' */
/** @import { Segment } from '../../../static/transcript.js' */

/** @type {TurnReport} */
const TURN = {
  turn: 1,
  end: 'answered',
  marksMs: { t1: 1000, t2: 2400, t3: 2500, t4: 2700, t5: 2790, t6: 2800 },
  stagesMs: { endpointing: 400, stt: 100, llm: 200, tts: 90, playout: 10, response: 400 },
  utteranceMs: 1500,
  heardMs: 900,
};

describe('waterfall', () => {
  it('puts the stages one after the other, from the true end of speech', () => {
    expect(waterfall(TURN)).toEqual({
      bars: [
        { stage: 'endpointing', fromMs: 0, toMs: 400 },
        { stage: 'stt', fromMs: 400, toMs: 500 },
        { stage: 'llm', fromMs: 500, toMs: 700 },
        { stage: 'tts', fromMs: 700, toMs: 790 },
        { stage: 'playout', fromMs: 790, toMs: 800 },
      ],
      endMs: 800,
      speechMs: 1000,
    });
  });

  it('stops at what a broken-off turn had reached', () => {
    const { t1, t2, t3 } = TURN.marksMs;
    const fall = waterfall({ ...TURN, end: 'failed', marksMs: { t1: t1 ?? 0, t2: t2 ?? 0, t3: t3 ?? 0 }, stagesMs: { endpointing: 400, stt: 100 } });
    expect(fall.bars.map((bar) => bar.stage)).toEqual(['endpointing', 'stt']);
    expect(fall.endMs).toBe(500);
  });

  it('is empty without an end of speech', () => {
    expect(waterfall({ ...TURN, marksMs: { t1: 5 }, stagesMs: {} })).toEqual({ bars: [], endMs: 0, speechMs: 0 });
  });

  it('has seamless bars whose lengths are the stages’', () => {
    const ms = fc.integer({ min: 0, max: 5000 });
    fc.assert(fc.property(fc.tuple(ms, ms, ms, ms, ms), ([endpointing, stt, llm, tts, playout]) => {
      const t2 = 10_000;
      const marksMs = { t1: 1000, t2, t3: t2 + stt, t4: t2 + stt + llm, t5: t2 + stt + llm + tts, t6: t2 + stt + llm + tts + playout };
      const { bars, endMs } = waterfall({ ...TURN, marksMs, stagesMs: { endpointing } });
      let at = 0;
      for (const bar of bars) {
        expect(bar.fromMs).toBe(at);
        at = bar.toMs;
      }
      expect(at).toBe(endpointing + stt + llm + tts + playout);
      expect(endMs).toBe(at);
    }));
  });
});

it('niceScaleMs is the next round length', () => {
  expect([[], [0], [99], [101], [200], [201], [640], [1001], [4300]].map(niceScaleMs)).toEqual([100, 100, 100, 200, 200, 500, 1000, 2000, 5000]);
});

it('msText fits the length to its size', () => {
  expect([undefined, NaN, 0, 0.24, 9.94, 12.4, 413.5, 1250, 9999, 12_345].map(msText)).toEqual(['–', '–', '0 ms', '0.2 ms', '9.9 ms', '12 ms', '414 ms', '1250 ms', '9999 ms', '12.3 s']);
});

describe('statusOf', () => {
  it('speaks of the call until the robot is there, then of the robot', () => {
    expect(statusOf(IDLE)).toEqual({ key: 'idle', words: 'No call' });
    expect(statusOf({ ...IDLE, phase: 'connected' }).words).toBe('Waiting for the robot');
    expect(statusOf({ ...IDLE, phase: 'connected' }, true).words).toBe('The robot is gone');
    const there = { ...IDLE, phase: /** @type {const} */ ('connected'), robotPresent: true };
    expect(['initializing', 'listening', 'thinking', 'speaking'].map((agentState) => statusOf({ ...there, agentState }).words)).toEqual(['Getting ready', 'Listening', 'Thinking', 'Speaking']);
    expect(statusOf({ ...there, agentState: 'listening', phase: 'reconnecting' }).words).toBe('Reconnecting');
  });

  it('does not repeat words it does not know', () => {
    for (const agentState of ['<b>', 'constructor', null]) expect(statusOf({ phase: 'connected', robotPresent: true, agentState })).toEqual({ key: 'initializing', words: 'Getting ready' });
  });
});

it('clockText counts minutes and seconds', () => {
  expect([-5, 0, 7400, 61_000, 3_600_000].map(clockText)).toEqual(['0:00', '0:00', '0:07', '1:01', '60:00']);
});

describe('withSegment', () => {
  /** @param {string} id @param {string} text @returns {Segment} */
  const said = (id, text) => ({ id, from: 'robot', text, final: false });

  it('replaces a segment in its place and adds a new one at the end', () => {
    const list = [said('a', 'One'), said('b', 'Two')].reduce(withSegment, /** @type {readonly Segment[]} */ ([]));
    expect(withSegment(list, said('a', 'One more')).map(({ text }) => text)).toEqual(['One more', 'Two']);
    expect(withSegment(list, { ...said('a', 'Mine'), from: 'caller' })).toHaveLength(3);
  });

  it('is bounded in number and in length', () => {
    let list = /** @type {readonly Segment[]} */ ([]);
    for (let i = 0; i < 100; i++) list = withSegment(list, said(String(i), 'x'.repeat(10_000)));
    expect(list).toHaveLength(KEPT_SEGMENTS);
    expect(list.at(-1)?.id).toBe('99');
    expect(list.at(-1)?.text).toHaveLength(MAX_SEGMENT_CHARS + 1);
  });
});
