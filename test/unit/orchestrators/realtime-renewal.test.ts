import { describe, expect, it } from 'vitest';
import type { FakeItem } from '../../support/fakes/realtime-answer.js';
import { toneOf } from '../../support/fakes/realtime-answer.js';
import type { FakeSession } from '../../support/fakes/realtime-session.js';
import { fitTone } from '../dsp/signals.js';
import { OUR_VAD, SERVER_VAD, talk, type RealtimeRig } from './realtime-rig.js';

const LOUD = 8000;
const WORDS = (n: number): string => `This is answer number ${n}, and it is long enough to be interrupted.`;
const spoken = ({ rig }: RealtimeRig): string[] => rig.line.events.flatMap((event) => (event.type === 'reply_text' && event.final ? [event.text] : []));
const usersOf = (session: FakeSession | undefined): FakeItem[] => session?.items.filter(({ role, audio }) => role === 'user' && audio !== undefined) ?? [];

/** The voice in what was heard: how long it is, and how far it is from one unbroken sine of 440 Hz. */
function voiceIn(audio: Int16Array): { readonly ms: number; readonly residual: number } {
  const first = audio.findIndex((sample) => Math.abs(sample) > 100);
  const last = audio.findLastIndex((sample) => Math.abs(sample) > 100);
  if (first < 0) return { ms: 0, residual: 0 };
  const voice = audio.subarray(first + 240, last - 240);
  const fit = fitTone(voice, 24_000, 440, 0);
  return { ms: (last - first) / 24, residual: fit.residualRms / fit.amplitude };
}

function expectWhole(item: FakeItem | undefined, spokenMs: number): void {
  const voice = voiceIn(item?.audio ?? new Int16Array());
  expect(Math.abs(voice.ms - spokenMs)).toBeLessThan(10);
  // A sample lost or heard twice turns the phase by 6.6 degrees: 3 % and more of residual, wherever it is.
  expect(voice.residual).toBeLessThan(0.01);
}

/** Renewed after 20 s, opened 5 s before; the server itself gives up after 26 s. */
const RENEWED = { model: { sessionMaxMs: 20_000 }, fake: { sessionMaxMs: 26_000 } };

describe.each([
  ['the provider decides about turns', SERVER_VAD],
  ['our hearing does', OUR_VAD],
] as const)('a session is renewed; %s', (_name, turns) => {
  it('in silence, before its time, with the conversation so far', async () => {
    const t = await talk({ turns, ...RENEWED });
    await t.speak(1000, LOUD);
    await t.wait(16_000);
    expect(t.fake.sessions).toHaveLength(2);
    const [old, next] = t.fake.sessions;
    expect(old?.closedBy).toBe('client');
    expect(next?.items.map(({ role, text }) => [role, text])).toEqual([['user', usersOf(old)[0]?.text], ['assistant', WORDS(1)]]);
    await t.speak(1000, LOUD);
    await t.wait(8000);
    expect(spoken(t)).toEqual([WORDS(1), WORDS(2)]);
    expect(usersOf(old)).toHaveLength(1);
    expectWhole(usersOf(next)[0], 1000);
    expect([...(old?.complaints ?? []), ...(next?.complaints ?? [])]).toEqual([]);
  });

  it('under a talking caller: the second session hears the whole of what he says, and answers it, once', async () => {
    const t = await talk({ turns, ...RENEWED });
    await t.wait(14_000);
    await t.speak(9000, LOUD);
    await t.wait(6500);
    const [old, next] = t.fake.sessions;
    expect(t.fake.sessions).toHaveLength(2);
    expect(old?.closedBy).toBe('client');
    expect(usersOf(old)).toEqual([]);
    expect(usersOf(next)).toHaveLength(1);
    expectWhole(usersOf(next)[0], 9000);
    expect(t.fake.sessions.flatMap(({ answers }) => answers)).toHaveLength(1);
    expect(spoken(t)).toEqual([WORDS(1)]);
    expect(t.rig.meter.turns).toMatchObject([{ end: 'answered' }]);
  });

  it('while an answer is waited for: the second session hears the question again, and answers it', async () => {
    const t = await talk({ turns, ...RENEWED, fake: { ...RENEWED.fake, thinkMs: 3000 } });
    await t.wait(16_500);
    await t.speak(1500, LOUD);
    await t.wait(10_000);
    const [old, next] = t.fake.sessions;
    expect(old?.closedBy).toBe('client');
    expectWhole(usersOf(next).at(-1), 1500);
    expect(spoken(t)).toEqual([WORDS(old?.answers.length === 1 ? 2 : 1)]);
    expect(t.rig.meter.turns).toMatchObject([{ end: 'answered' }]);
  });

  it('under a talking robot: its answer is finished, word for word, and the next session knows it', async () => {
    const t = await talk({ turns, ...RENEWED, fake: { ...RENEWED.fake, speed: 1 } });
    await t.wait(14_500);
    await t.speak(1000, LOUD);
    await t.wait(9500);
    const [old, next] = t.fake.sessions;
    expect(old?.closedBy).toBe('client');
    expect(spoken(t)).toEqual([WORDS(1)]);
    const [turn] = t.rig.meter.turns;
    expect(turn?.end).toBe('answered');
    expect(turn?.heardMs).toBeCloseTo(4225, -1);
    const t6 = turn?.marksMs.t6 ?? 0;
    for (let ms = 0; ms < 4000; ms += 200) expect(t.toneAt(t6 + ms + 20, t6 + ms + 200)).toBe(toneOf(1));
    expect(next?.items.map(({ role, text }) => [role, text])).toEqual([['user', usersOf(old)[0]?.text], ['assistant', WORDS(1)]]);
  });

  it('under a talking robot that is then interrupted: the next session knows what was heard of it', async () => {
    // All of the answer is there when the time is over, and still being played.
    const t = await talk({ turns, ...RENEWED, fake: { ...RENEWED.fake, answer: () => [{ type: 'say', text: 'one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen' }] } });
    await t.wait(14_500);
    await t.speak(1000, LOUD);
    await t.wait(5500);
    const [, next] = t.fake.sessions;
    expect(t.fake.openSessions).toEqual([next]);
    await t.speak(1000, LOUD);
    await t.wait(9000);
    const heard = spoken(t)[0] ?? '';
    expect(heard).toMatch(/^one two three .*/);
    expect(heard).not.toContain('seventeen');
    expect(next?.items.slice(0, 3).map(({ role, text }) => [role, text])).toEqual([['user', usersOf(t.fake.sessions[0])[0]?.text], ['assistant', heard], ['user', usersOf(next)[0]?.text]]);
    expect(next?.complaints).toEqual([]);
  });

  it('and where nobody writes down what the caller says, the next session gets the sound of it', async () => {
    const t = await talk({ turns, ...RENEWED, vendor: { transcription: undefined }, fake: { ...RENEWED.fake, transcribe: undefined } });
    await t.speak(1000, LOUD);
    await t.wait(25_000);
    const items = t.fake.sessions[1]?.items ?? [];
    expect(items.map(({ role, text }) => [role, text])).toEqual([['user', ''], ['assistant', WORDS(1)]]);
    expectWhole(items[0], 1000);
  });

  it('ten times in a call, at any moment: every turn is heard whole and answered once', async () => {
    const t = await talk({ turns, ...RENEWED, call: { limits: { connectMs: 1000, noCallerMs: 2000, hungUpMs: 1000, idleMs: 60_000, answerMs: 15_000, replyGapMs: 3000, replyMs: 20_000, callMs: 900_000 } } });
    let seed = 7;
    const random = (): number => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647;
    const said: number[] = [];
    while (t.clock.nowMs() < 220_000) {
      const ms = 600 + Math.round(random() * 140) * 20;
      said.push(ms);
      await t.speak(ms, LOUD);
      await t.wait(6500 + Math.round(random() * 100) * 20);
    }
    expect(t.fake.sessions.length).toBeGreaterThanOrEqual(10);
    expect(t.fake.sessions.slice(0, -1).map(({ closedBy }) => closedBy)).toEqual(t.fake.sessions.slice(0, -1).map(() => 'client'));
    expect(t.rig.meter.turns.map(({ end }) => end)).toEqual(said.map(() => 'answered'));
    expect(spoken(t)).toHaveLength(said.length);
    expect(new Set(spoken(t)).size).toBe(said.length);
    // Whoever gave the answer that was heard had heard all of its turn, and nothing else since the last one.
    spoken(t).forEach((words, turn) => {
      const number = Number(/number (\d+)/.exec(words)?.[1]);
      const answer = t.fake.sessions.flatMap(({ answers }) => answers).find((candidate) => candidate.number === number);
      const session = t.fake.sessions.find(({ answers }) => answers.some((candidate) => candidate === answer));
      const at = session?.items.findIndex(({ id }) => id === answer?.items[0]?.id) ?? 0;
      expectWhole(session?.items[at - 1], said[turn] ?? 0);
    });
    expect(t.fake.sessions.flatMap(({ complaints }) => complaints)).toEqual([]);
  });
});

describe('a session that is renewed', () => {
  it('is kept where the next one cannot be had, and tried again', async () => {
    const t = await talk({ ...RENEWED });
    await t.wait(1000);
    t.fake.plan({ at: 'connect', fault: 'refuse', times: 2 });
    await t.wait(20_000);
    expect(t.fake.attempts).toBe(4);
    expect(t.fake.sessions).toHaveLength(2);
    await t.speak(1000, LOUD);
    await t.wait(8000);
    expect(spoken(t)).toEqual([WORDS(1)]);
    expect(t.rig.meter.errors).toEqual([]);
  });

  it('that ends before its time is replaced at once by the one that waits', async () => {
    const t = await talk({ model: { sessionMaxMs: 20_000 }, fake: { sessionMaxMs: 17_000 } });
    await t.wait(14_500);
    await t.speak(5000, LOUD);
    await t.wait(8000);
    expect(t.fake.sessions[0]?.closedBy).toBe('server');
    expectWhole(usersOf(t.fake.sessions[1])[0], 5000);
    expect(spoken(t)).toEqual([WORDS(1)]);
    expect(t.rig.meter.turns).toMatchObject([{ end: 'answered' }]);
  });
});
