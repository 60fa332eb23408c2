// @ts-check
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ProblemError, endProblem, isRefusal } from '../../../static/classify.js';
import { Continuity } from '../../../static/continuity.js';
import { converse, EMPTY_CONVERSATION } from '../../../static/conversation.js';
import { describeLine } from '../../../static/conversation-text.js';
import { isMeant, redial, REDIAL_EVERY_MS, REDIAL_MS } from '../../../static/redial.js';
import { RobotWatch } from '../../../static/robot-watch.js';

/** @import { CallerEvent } from '../../../voice-node/domain/events.js' */

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('RobotWatch', () => {
  /** @type {string[]} */
  let told = [];
  /** @type {RobotWatch} */
  let watch;
  beforeEach(() => {
    told = [];
    watch = new RobotWatch((presence) => told.push(presence));
  });

  it('says after ten seconds that no robot came, and takes it back when one comes', () => {
    watch.awaited();
    vi.advanceTimersByTime(9999);
    expect(told).toEqual([]);
    vi.advanceTimersByTime(1);
    watch.came('a');
    vi.advanceTimersByTime(60_000);
    expect(told).toEqual(['absent', 'here']);
  });

  it('of a robot that is replaced at once says nothing but that', () => {
    watch.came('a');
    watch.went(false);
    vi.advanceTimersByTime(500);
    watch.came('b');
    vi.advanceTimersByTime(60_000);
    expect(told).toEqual(['here', 'away', 'replaced']);
  });

  it('knows another one that came before the old one went', () => {
    watch.came('a');
    watch.came('b');
    expect(told).toEqual(['here', 'replaced']);
  });

  it('tells one that hung up from one that was cut off', () => {
    watch.came('a');
    watch.went(true);
    vi.advanceTimersByTime(60_000);
    expect(told).toEqual(['here', 'away', 'left']);
    told = [];
    watch.came('a');
    watch.went(false);
    vi.advanceTimersByTime(5000);
    expect(told).toEqual(['here', 'away', 'missed']);
    vi.advanceTimersByTime(60_000);
    expect(told).toEqual(['here', 'away', 'missed', 'lost']);
  });

  it('judges nothing while our own line is down, and waits anew afterwards', () => {
    watch.came('a');
    watch.went(false);
    watch.pause();
    vi.advanceTimersByTime(60_000);
    expect(told).toEqual(['here', 'away']);
    watch.awaited();
    vi.advanceTimersByTime(1000);
    watch.came('a');
    expect(told).toEqual(['here', 'away', 'missed', 'here']);
    watch.lineLost();
    vi.advanceTimersByTime(60_000);
    expect(told.slice(4)).toEqual(['away']);
  });
});

describe('redial', () => {
  const never = new AbortController().signal;
  const no = () => false;

  it('tries at least once a second until it works', async () => {
    /** @type {number[]} */
    const atMs = [];
    const done = redial(
      async () => {
        atMs.push(performance.now());
        if (atMs.length < 30) throw new Error('refused');
        return 'line';
      },
      { isHopeless: no, signal: never },
    );
    await vi.advanceTimersByTimeAsync(30 * REDIAL_EVERY_MS);
    expect(await done).toBe('line');
    const gaps = atMs.slice(1).map((ms, i) => ms - (atMs[i] ?? 0));
    expect(Math.max(...gaps)).toBeLessThanOrEqual(REDIAL_EVERY_MS);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(REDIAL_EVERY_MS / 2);
  });

  it('gives up after two minutes, at once where it is in vain, and when the caller hangs up', async () => {
    let attempts = 0;
    const fails = async () => {
      attempts++;
      throw new Error('refused');
    };
    const givenUp = expect(redial(fails, { isHopeless: no, signal: never })).rejects.toThrow('refused');
    await vi.advanceTimersByTimeAsync(REDIAL_MS + 2000);
    await givenUp;
    expect(attempts).toBeGreaterThanOrEqual(REDIAL_MS / REDIAL_EVERY_MS);
    attempts = 0;
    await expect(redial(fails, { isHopeless: () => true, signal: never })).rejects.toThrow('refused');
    expect(attempts).toBe(1);
    const caller = new AbortController();
    const hungUp = expect(redial(fails, { isHopeless: no, signal: caller.signal })).rejects.toThrow('enough');
    await vi.advanceTimersByTimeAsync(2500);
    caller.abort(new Error('enough'));
    await hungUp;
    const before = attempts;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(attempts).toBe(before);
  });

  it('comes back after accidents, not where somebody meant the end', () => {
    expect(['CLIENT_INITIATED', 'DUPLICATE_IDENTITY', 'PARTICIPANT_REMOVED', 'ROOM_DELETED', 'ROOM_CLOSED'].filter((reason) => !isMeant(reason))).toEqual([]);
    expect(['SERVER_SHUTDOWN', 'STATE_MISMATCH', 'JOIN_FAILURE', 'MIGRATION', 'SIGNAL_CLOSE', 'CONNECTION_TIMEOUT', 'UNKNOWN_REASON'].filter(isMeant)).toEqual([]);
    const refused = Object.assign(new Error('invalid token, error: token is expired (exp)'), { reason: 0, status: 401 });
    expect([refused, new ProblemError(/** @type {import('../../../static/problems.js').Problem} */ (endProblem('PARTICIPANT_REMOVED')))].map(isRefusal)).toEqual([true, true]);
    const unreachable = Object.assign(new Error('Failed to fetch'), { reason: 1 });
    const missing = Object.assign(new Error('requested room does not exist'), { reason: 0, status: 404 });
    expect([unreachable, missing, new DOMException('late', 'TimeoutError')].map(isRefusal)).toEqual([false, false, false]);
  });
});

describe('Continuity', () => {
  /** @param {number} atMs @param {number} turn @returns {CallerEvent} */
  const speech = (atMs, turn) => ({ type: 'speech_started', atMs, turn, onsetMs: atMs - 100 });
  /** @param {number} atMs @param {number} reply @param {string} [text] @returns {CallerEvent} */
  const reply = (atMs, reply, text = 'words') => ({ type: 'reply_text', atMs, reply, text, final: true });

  it('leaves what one robot tells as it is', () => {
    const call = new Continuity();
    for (const event of [speech(1000, 1), reply(2000, 1), reply(3000, 1), speech(4000, 2)]) expect(call.apply(event, event.atMs + 5000)).toEqual(event);
  });

  it('numbers the turns, replies and times of one that begins anew after those of the one before', () => {
    const call = new Continuity();
    call.apply(speech(9000, 3), 14_000);
    call.apply(reply(10_000, 4), 15_000);
    call.replaced();
    expect(call.apply(reply(200, 1), 16_000)).toMatchObject({ atMs: 11_000, reply: 5 });
    expect(call.apply(speech(1200, 1), 17_000)).toMatchObject({ atMs: 12_000, onsetMs: 11_900, turn: 4 });
    const marksMs = { t1: 1200, t2: 2200 };
    expect(call.apply({ type: 'turn', atMs: 2300, turn: 1, end: 'answered', marksMs, stagesMs: {}, utteranceMs: 1, heardMs: 1 }, 18_100)).toMatchObject({ turn: 4, marksMs: { t1: 12_000, t2: 13_000 } });
    call.replaced();
    expect(call.apply(speech(100, 1), 30_000)).toMatchObject({ turn: 5, atMs: 25_000 });
  });

  it('lets one that has only lost its line go on counting', () => {
    const call = new Continuity();
    call.apply(speech(9000, 3), 14_000);
    call.apply(reply(10_000, 4), 15_000);
    call.replaced();
    expect(call.apply(reply(31_000, 5), 36_050)).toMatchObject({ atMs: 31_000, reply: 5 });
    expect(call.apply(speech(32_000, 4), 37_000)).toMatchObject({ atMs: 32_000, turn: 4 });
  });

  it('keeps what was said before, and calls the recorded phrase no apology, even after a failure', () => {
    const call = new Continuity();
    /** @type {CallerEvent} */
    const failed = { type: 'turn', atMs: 9500, turn: 1, end: 'failed', marksMs: {}, stagesMs: {}, utteranceMs: 1, heardMs: 0, error: 'shard_failed' };
    let talk = [speech(9000, 1), failed].reduce((before, event) => converse(before, call.apply(event, event.atMs)), EMPTY_CONVERSATION);
    call.replaced();
    /** @type {CallerEvent[]} */
    const after = [{ type: 'reply_started', atMs: 100 }, reply(400, 1, 'Sorry, we were cut off.'), { type: 'reply_ended', atMs: 900, heardMs: 800, cut: false }, speech(1500, 1)];
    talk = after.reduce((before, event) => converse(before, call.apply(event, event.atMs + 10_000)), talk);
    expect(talk.lines.map(({ from, turn, text }) => [from, turn, text])).toEqual([
      ['caller', 1, ''],
      ['fault', 1, ''],
      ['robot', null, 'Sorry, we were cut off.'],
      ['caller', 2, ''],
    ]);
    expect(talk.lines.map((line) => describeLine(line).remarks.map(({ kind }) => kind))).toEqual([[], [], [], []]);
  });
});
