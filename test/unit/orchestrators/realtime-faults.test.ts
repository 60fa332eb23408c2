import { describe, expect, it } from 'vitest';
import { MOMENTS, type Fault, type Moment } from '../../support/fakes/realtime.js';
import { OUR_VAD, SERVER_VAD, talk, type RealtimeRig } from './realtime-rig.js';

const LOUD = 8000;
const LIMITS = { connectMs: 3000, firstMs: 4000, gapMs: 2000, totalMs: 20_000 };
const SORRY = { text: 'Sorry, say that again.', audio: { samples: new Int16Array(8000).fill(2500), rateHz: 16_000 } };
const CALL = { phrases: { apology: SORRY }, limits: { connectMs: 1000, noCallerMs: 2000, hungUpMs: 1000, idleMs: 60_000, answerMs: 20_000, replyGapMs: 5000, replyMs: 60_000, callMs: 300_000 } };

const FAULTS: readonly (readonly [string, Fault])[] = [
  ['refused', 'refuse'],
  ['accepts and hangs', 'hang'],
  ['reset', 'reset'],
  ['FIN in the middle of a message', 'fin'],
  ['1006', { close: 1006 }],
  ['1008', { close: 1008 }],
  ['1011', { close: 1011 }],
  ['4000', { close: 4000, reason: 'invalid_request_error.session_gone' }],
  ['429', { http: 429 }],
  ['429 for 2 s', { http: 429, retryAfter: '2' }],
  ['429 for an hour', { http: 429, retryAfter: '3600' }],
  ['500', { http: 500 }],
  ['503', { http: 503 }],
  ['401', { http: 401 }],
  ['valid but wrong JSON', 'wrong_json'],
  ['garbage bytes', 'garbage'],
  ['truncated UTF-8', 'bad_utf8'],
  ['truncated base64', 'bad_base64'],
  ['a byte a second', 'dribble'],
  ['an answer without end', 'endless'],
  ['a complaint, then silence', 'error_event'],
];

const AT_CONNECT_ONLY = (fault: Fault): boolean => fault === 'refuse' || (typeof fault === 'object' && 'http' in fault);
const NEVER_AT_CONNECT = new Set<unknown>(['wrong_json', 'bad_base64', 'garbage', 'bad_utf8', 'endless', 'error_event']);
const possible = (at: Moment, fault: Fault): boolean => (at === 'connect' ? !NEVER_AT_CONNECT.has(fault) : !AT_CONNECT_ONLY(fault) && !(fault === 'endless' && at !== 'created' && at !== 'audio'));

/** The longest stretch in which the caller hears nothing, from his last word on to the end. */
function silenceAfter({ rig }: RealtimeRig, fromMs: number): number {
  let longest = 0;
  let run = 0;
  for (const frame of rig.frames.slice(Math.round(fromMs / 10))) {
    run = frame.some((sample) => Math.abs(sample) > 200) ? 0 : run + 10;
    longest = Math.max(longest, run);
    if (run === 0 && longest > 0) break;
  }
  return longest;
}

const deadlineMs = (at: Moment, silenceMs: number): number => silenceMs + { connect: LIMITS.connectMs, session: LIMITS.connectMs, committed: LIMITS.firstMs, created: LIMITS.firstMs, audio: LIMITS.gapMs }[at];

describe.each([
  ['the provider decides about turns', SERVER_VAD, 1200],
  ['our hearing does', OUR_VAD, 500],
] as const)('%s', (_name, turns, silenceMs) => {
  describe.each(MOMENTS)('a fault at %s', (at) => {
    it.each(FAULTS.filter(([, fault]) => possible(at, fault)))('%s, once or for good: the caller hears something in time, the call goes on', async (_fault, fault) => {
      for (const times of [1, 1000]) {
        const t = await talk({ turns, model: { limits: LIMITS }, fake: { speed: 2 }, call: CALL });
        const early = at === 'connect' || at === 'session';
        if (!early) await t.wait(400);
        t.fake.plan({ at, fault, times, after: at === 'audio' ? 3 : 0 });
        // The session that was opened at the beginning is gone as well.
        if (early) {
          await t.wait(400);
          t.fake.sessions.at(-1)?.close(1011, '');
        }
        await t.speak(1200, LOUD);
        const fromMs = t.clock.nowMs();
        await t.wait(fault === 'endless' ? 50_000 : 16_000);
        expect(silenceAfter(t, fromMs)).toBeLessThanOrEqual(deadlineMs(at, silenceMs) + 2000);
        expect(t.rig.meter.turns).toHaveLength(1);
        expect(t.rig.call.phase).not.toBe('ended');
        const [turn] = t.rig.meter.turns;
        if (times === 1000) expect(turn?.end).toBe('failed');
        if (turn?.end === 'failed') expect(turn.error).toMatch(/^provider_/);
        // Afterwards all is well again, whatever it was.
        if (times === 1000) continue;
        await t.speak(1200, LOUD);
        await t.wait(12_000);
        expect(t.rig.meter.turns.at(-1)).toMatchObject({ turn: 2, end: 'answered' });
        t.rig.call.hangUp('caller_left');
        await t.rig.over();
        expect(t.connect.open.size).toBe(0);
        expect(t.fake.openSessions).toEqual([]);
        expect(t.rig.clock.pendingTimers).toBe(0);
      }
    });
  });

  it('a session that dies while the caller speaks is replaced, and hears all of it', async () => {
    const t = await talk({ turns, call: CALL });
    await t.wait(1000);
    await t.speak(1000, LOUD);
    t.fake.session.close(1006, '');
    await t.speak(1000, LOUD);
    await t.wait(7000);
    expect(t.rig.meter.turns).toMatchObject([{ end: 'answered' }]);
    const [item] = t.fake.session.items;
    const audio = item?.audio ?? new Int16Array();
    const loud = audio.findLastIndex((sample) => Math.abs(sample) > 100) - audio.findIndex((sample) => Math.abs(sample) > 100);
    expect(loud / 24).toBeCloseTo(2000, -1);
  });

  it('one that dies while its answer is waited for is replaced, and the turn is answered after all', async () => {
    const t = await talk({ turns, call: CALL });
    t.fake.plan({ at: 'created', fault: 'reset' });
    await t.speak(1000, LOUD);
    await t.wait(8000);
    expect(t.rig.meter.turns).toMatchObject([{ end: 'answered' }]);
    expect(t.fake.sessions).toHaveLength(2);
    expect(t.meter.errors).toEqual(['realtime provider_broken']);
  });

  it('a greeting that fails is made by the next session', async () => {
    const t = await talk({ turns, call: CALL, robot: { greeting: { text: 'Hello.', audio: undefined } } });
    t.fake.plan({ at: 'created', fault: { close: 1011 } });
    await t.wait(5000);
    expect(t.rig.line.events.filter((event) => event.type === 'reply_text' && event.final)).toHaveLength(1);
    expect(t.fake.sessions).toHaveLength(2);
  });

  it('with a key that is wrong nothing is tried again until somebody speaks, and he is told so at once', async () => {
    const t = await talk({ turns, call: CALL, vendor: { apiKey: 'wrong' } });
    await t.wait(5000);
    expect(t.fake.attempts).toBe(1);
    await t.speak(1000, LOUD);
    const fromMs = t.clock.nowMs();
    await t.wait(4000);
    expect(t.fake.attempts).toBe(2);
    expect(silenceAfter(t, fromMs)).toBeLessThan(700);
    expect(t.rig.meter.turns).toMatchObject([{ end: 'failed', error: 'provider_auth' }]);
  });
});

describe('what anybody said, and what nobody may know', () => {
  it('is in no line of the log and in no error', async () => {
    const canary = { key: 'canary-key-123', prompt: 'canary prompt', caller: 'canary words of the caller', robot: 'canary words of the robot' };
    for (const fault of ['reset', 'wrong_json', 'bad_base64', { close: 4000, reason: 'canary words of the server, and a key canary-key-123' }, 'error_event'] as const) {
      const t = await talk({
        call: CALL,
        vendor: { apiKey: canary.key },
        fake: { key: canary.key, transcribe: () => canary.caller, answer: () => [{ type: 'say', text: canary.robot }] },
        robot: { instructions: canary.prompt, greeting: { text: 'canary greeting', audio: undefined } },
      });
      await t.wait(3000);
      t.fake.plan({ at: 'audio', fault, after: 2 });
      await t.speak(1000, LOUD);
      await t.wait(16_000);
      await t.speak(1000, LOUD);
      await t.wait(6000);
      expect(t.rig.log.lines.length).toBeGreaterThan(3);
      expect(JSON.stringify(t.rig.log.lines.filter(({ level }) => level !== 'debug'))).not.toContain('canary');
      expect(JSON.stringify(t.rig.line.events.filter(({ type }) => type === 'error'))).not.toContain('canary');
    }
  });
});
