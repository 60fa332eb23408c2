import { describe, expect, it } from 'vitest';
import { toneOf } from '../../support/fakes/realtime-answer.js';
import { OUR_VAD, SERVER_VAD, talk, type RealtimeRig } from './realtime-rig.js';

const LOUD = 8000;
/** So many replies are cut short at least. */
const CUTS = 1000;
const LIMITS = { connectMs: 1000, noCallerMs: 2000, hungUpMs: 1000, idleMs: 60_000, answerMs: 15_000, replyGapMs: 5000, replyMs: 30_000, callMs: 1e8 };

interface Cut {
  readonly atMs: number;
  readonly heardMs: number;
  /** What was heard of it. */
  readonly words: string;
  /** When the next answer begins to sound. */
  readonly untilMs: number;
}

/** What was played, in order: each reply with its words, and where it was cut. */
function cutsOf({ rig }: RealtimeRig): Cut[] {
  const cuts: { -readonly [K in keyof Cut]: Cut[K] }[] = [];
  let words = '';
  for (const event of rig.line.events) {
    const last = cuts.at(-1);
    if (event.type === 'reply_started') {
      words = '';
      if (last?.untilMs === Infinity) last.untilMs = event.atMs;
    } else if (event.type === 'reply_text') {
      words = event.text;
      // The last words of a reply may be told after its cut.
      if (event.final && last?.atMs === event.atMs) last.words = words;
    } else if (event.type === 'barge_in') cuts.push({ atMs: event.atMs, heardMs: event.heardMs, words, untilMs: Infinity });
  }
  return cuts;
}

/** Each reply's first words, with when they began to sound. */
function beginningsOf({ rig }: RealtimeRig): { readonly atMs: number; readonly words: string }[] {
  const beginnings: { readonly atMs: number; words: string }[] = [];
  for (const event of rig.line.events) {
    const last = beginnings.at(-1);
    if (event.type === 'reply_started') beginnings.push({ atMs: event.atMs, words: '' });
    else if (event.type === 'reply_text' && last !== undefined) last.words = event.text;
  }
  return beginnings;
}

const numberIn = (words: string): number => Number(/^Answer (\d+)/.exec(words)?.[1] ?? 0);

describe.each([
  // The later an answer begins, the more often the caller speaks before there is one.
  ['the provider decides about turns', SERVER_VAD, 1400],
  ['our hearing does', OUR_VAD, 1100],
] as const)('%s', (_name, turns, rounds) => {
  it(`${CUTS} interruptions at random moments, sessions renewed meanwhile: nothing old is heard, and nobody remembers more than was heard`, { timeout: 240_000 }, async () => {
    let seed = 4711;
    const random = (): number => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647;
    const t = await talk({
      turns,
      model: { sessionMaxMs: 90_000 },
      call: { limits: LIMITS },
      fake: { speed: 3, sessionMaxMs: 120_000, thinkMs: 300, answer: ({ number }) => [{ type: 'say', text: `Answer ${number} is told in many words, so that there is something to interrupt.` }] },
    });
    for (let round = 0; round < rounds; round++) {
      await t.speak(200 + Math.round(random() * 35) * 20, LOUD);
      await t.wait(560 + Math.round(random() * 180) * 20);
    }
    await t.wait(12_000);
    const cuts = cutsOf(t);
    expect(cuts.length).toBeGreaterThanOrEqual(CUTS);
    const items = t.fake.sessions.flatMap(({ items: all }) => all);
    const byNumber = new Map(t.fake.sessions.flatMap(({ answers }) => answers).map((answer) => [answer.number, answer]));
    let truncated = 0;
    for (const { atMs, heardMs, words, untilMs } of cuts) {
      // 20 ms after the cut there is silence, to the sample, until the next answer.
      const silent = t.rig.frames.slice(Math.round(atMs / 10) + 3, Math.min(Math.round(untilMs / 10), t.rig.frames.length) - 1);
      expect(silent.every((frame) => frame.every((sample) => sample === 0))).toBe(true);
      const number = numberIn(words);
      if (number === 0) continue;
      const item = byNumber.get(number)?.items[0];
      // Whole milliseconds, rounded down: never more than was heard.
      if (item?.truncatedMs !== undefined && item.truncatedMs <= heardMs && item.truncatedMs > heardMs - 2) truncated++;
      // Its session was gone by then: the next one was told in words.
      else expect(items.filter(({ role, text, audioMs }) => role === 'assistant' && audioMs === 0 && text === words)).not.toEqual([]);
    }
    expect(truncated).toBeGreaterThan(cuts.length / 3);
    // Every reply that was played sounds like its own answer, from its first tenth of a second on.
    const told = beginningsOf(t).filter(({ words }) => numberIn(words) > 0);
    for (const { atMs, words } of told.filter((_, i) => i % 20 === 0)) expect(t.toneAt(atMs + 30, atMs + 130)).toBe(toneOf(numberIn(words)));
    expect(t.fake.sessions.flatMap(({ complaints }) => complaints).filter((code) => code !== 'response_cancel_not_active')).toEqual([]);
    expect(t.meter.errors).toEqual([]);
    expect(t.rig.meter.errors).toEqual([]);
    expect(t.rig.meter.turns.filter(({ end }) => end === 'failed')).toEqual([]);
    expect(t.connect.open.size).toBeLessThanOrEqual(2);
    t.rig.call.hangUp('caller_left');
    await t.rig.over();
    expect(t.connect.open.size).toBe(0);
    expect(t.fake.openSessions).toEqual([]);
    expect(t.rig.clock.pendingTimers).toBe(0);
  });
});
