import { describe, expect, it } from 'vitest';
import type { TurnReport } from '../../../voice-node/domain/events.js';
import type { ToolRunner } from '../../../voice-node/domain/tools.js';
import { turnOptions } from '../../../voice-node/hearing/turns.js';
import { toneOf } from '../../support/fakes/realtime-answer.js';
import { OUR_VAD, SERVER_VAD, talk, type RealtimeRig } from './realtime-rig.js';

const LOUD = 8000;
const turnsOf = ({ rig }: RealtimeRig): TurnReport[] => rig.meter.turns;
const spoken = ({ rig }: RealtimeRig): string[] => rig.line.events.flatMap((event) => (event.type === 'reply_text' && event.final ? [event.text] : []));
const WORDS = (n: number): string => `This is answer number ${n}, and it is long enough to be interrupted.`;

describe.each([
  ['the provider decides about turns', SERVER_VAD, 1200],
  ['our hearing does', OUR_VAD, 500],
] as const)('%s', (_name, turns, silenceMs) => {
  it('a turn is answered with its words and its sound, whole', async () => {
    const t = await talk({ turns });
    await t.wait(1000);
    await t.speak(1500, LOUD);
    const endMs = t.clock.nowMs();
    await t.wait(8000);
    expect(turnsOf(t)).toMatchObject([{ turn: 1, end: 'answered' }]);
    expect(spoken(t)).toEqual([WORDS(1)]);
    expect(turnsOf(t)[0]?.heardMs).toBeCloseTo(65 * 65, -1);
    const t6 = turnsOf(t)[0]?.marksMs.t6 ?? 0;
    expect(t.toneAt(t6 + 100, t6 + 4000)).toBe(toneOf(1));
    // Silence of whoever decides, 200 ms of thinking, two ways on the line, two frames of ours.
    expect(t6 - endMs).toBeGreaterThanOrEqual(silenceMs + 240 - 20);
    expect(t6 - endMs).toBeLessThanOrEqual(silenceMs + 240 + 80);
    expect(t.fake.session.complaints).toEqual([]);
    expect(t.rig.line.events).toContainEqual(expect.objectContaining({ type: 'transcript', turn: 1, final: true, text: expect.stringContaining('ms were said') as string }));
    expect(t.meter.firsts).toEqual(['realtime openai 200'].map((line) => (turns === OUR_VAD ? line.replace('200', '240') : line)));
  });

  it('an answer that is interrupted is cut at once, and truncated at what was heard', async () => {
    const t = await talk({ turns, fake: { speed: 20 } });
    await t.speak(1000, LOUD);
    await t.wait(3500);
    await t.speak(1500, LOUD);
    await t.wait(8000);
    const [first, second] = turnsOf(t);
    expect([first?.end, second?.end]).toEqual(['interrupted', 'answered']);
    const [item, other] = t.fake.session.items.filter(({ role }) => role === 'assistant');
    expect(item?.truncatedMs).toBe(Math.floor(first?.heardMs ?? 0));
    expect(other?.truncatedMs).toBeUndefined();
    expect(t.fake.session.complaints).toEqual([]);
    const heard = spoken(t)[0] ?? '';
    expect(WORDS(1).startsWith(heard)).toBe(true);
    // As many words as there was time for: 65 ms a letter.
    expect(Math.abs(heard.length * 65 - (first?.heardMs ?? 0))).toBeLessThan(700);
  });

  it('an answer that is still being made when it is interrupted is cancelled', async () => {
    const t = await talk({ turns, fake: { speed: 1 } });
    await t.speak(1000, LOUD);
    await t.wait(2500);
    await t.speak(1500, LOUD);
    await t.wait(300);
    const answer = t.fake.session.answers[0];
    expect(answer?.over).toBe(true);
    expect(t.fake.session.received.map(({ type }) => type)).toContain('response.cancel');
    const item = answer?.items[0];
    expect(item?.truncatedMs).toBe(Math.floor(turnsOf(t)[0]?.heardMs ?? 0));
    await t.wait(8000);
    expect(t.fake.session.complaints.filter((code) => code !== 'response_cancel_not_active')).toEqual([]);
    expect(turnsOf(t).map(({ end }) => end)).toEqual(['interrupted', 'answered']);
  });

  it('a greeting of words is said by the model, one of sound is played and put into the conversation', async () => {
    const greeting = { text: 'Good day, what can I do?', audio: undefined };
    const t = await talk({ turns, robot: { greeting }, fake: { answer: ({ instructions, number }) => [{ type: 'say', text: instructions === undefined ? `answer ${number}` : (/"(.*)"/.exec(instructions)?.[1] ?? '') }] } });
    await t.wait(4000);
    expect(spoken(t)).toEqual([greeting.text]);
    const audio = { samples: new Int16Array(16_000).fill(3000), rateHz: 16_000 };
    const u = await talk({ turns, robot: { greeting: { ...greeting, audio } } });
    await u.wait(4000);
    expect(spoken(u)).toEqual([greeting.text]);
    expect(u.fake.session.items).toMatchObject([{ role: 'assistant', text: greeting.text }]);
    expect(u.fake.session.answers).toEqual([]);
  });

  it('a greeting that is interrupted is remembered as far as it was heard', async () => {
    const audio = { samples: new Int16Array(32_000).fill(3000), rateHz: 16_000 };
    const t = await talk({ turns, robot: { greeting: { text: 'one two three four five six', audio } } });
    await t.wait(1200);
    await t.speak(1000, LOUD);
    await t.wait(6000);
    expect(t.fake.session.items[0]).toMatchObject({ role: 'assistant', text: spoken(t)[0] });
    expect(spoken(t)[0]).toMatch(/^one two( three)?$/);
    expect(turnsOf(t).map(({ end }) => end)).toEqual(['answered']);
  });

  it('a robot that must not be interrupted finishes, and hears what was said meanwhile', async () => {
    const t = await talk({ turns, vendor: { interruptResponse: false }, call: { interruptions: 'off' }, fake: { speed: 20 } });
    await t.speak(1000, LOUD);
    await t.wait(3500);
    await t.speak(1500, LOUD);
    await t.wait(12_000);
    expect(spoken(t).slice(0, 2)).toEqual([WORDS(1), WORDS(2)]);
    expect(t.fake.session.items.filter(({ truncatedMs }) => truncatedMs !== undefined)).toEqual([]);
    expect(t.fake.session.complaints).toEqual([]);
    expect(t.fake.session.items.filter(({ role }) => role === 'user').length).toBe(2);
  });

  it('a tool is called while the robot talks, and its result makes the rest of the answer', async () => {
    const runner: ToolRunner = {
      specs: [{ name: 'look_up', description: 'Looks up.', parameters: { type: 'object' } }],
      run: (name, args) => Promise.resolve(`${name} of ${JSON.stringify(args)}`),
    };
    const t = await talk({
      turns,
      robot: { tools: runner },
      fake: { answer: ({ number }) => (number === 1 ? [{ type: 'say', text: 'One moment. ' }, { type: 'call', name: 'look_up', args: { what: 'rain' } }] : [{ type: 'say', text: 'It will rain.' }]) },
    });
    await t.speak(1000, LOUD);
    await t.wait(6000);
    expect(spoken(t)).toEqual(['One moment. It will rain.']);
    expect(turnsOf(t)).toMatchObject([{ end: 'answered' }]);
    expect(t.fake.session.items.map(({ role, text }) => `${role} ${text}`).slice(1)).toEqual(['assistant One moment. ', 'tool look_up({"what":"rain"})', 'tool look_up of {"what":"rain"}', 'assistant It will rain.']);
  });

  it('the robot hangs up after its good-bye, and says one where the model forgot', async () => {
    for (const words of [[{ type: 'say', text: 'Bye bye.' } as const], []]) {
      const t = await talk({ turns, fake: { answer: ({ number, instructions }) => (number === 1 ? [...words, { type: 'call', name: 'end_call', args: '' }] : [{ type: 'say', text: instructions?.includes('good-bye') === true ? 'Good-bye.' : 'What?' }]) } });
      await t.speak(1000, LOUD);
      await t.wait(6000);
      expect(spoken(t)).toEqual([words.length > 0 ? 'Bye bye.' : 'Good-bye.']);
      expect(t.rig.ends).toEqual(['robot_ended']);
      expect(t.connect.open.size).toBe(0);
    }
  });

  it('nothing is left when the caller hangs up, whatever was going on', async () => {
    for (const afterMs of [100, 900, 1700, 2300, 3000]) {
      const t = await talk({ turns, fake: { speed: 1 } });
      await t.speak(Math.min(afterMs, 1000), LOUD);
      if (afterMs > 1000) await t.wait(afterMs - 1000);
      t.rig.call.hangUp('caller_left');
      await t.rig.over();
      expect(t.connect.open.size).toBe(0);
      expect(t.rig.clock.pendingTimers).toBe(0);
    }
  });
});

describe('the provider decides about turns', () => {
  it('hears everything, sample for sample', async () => {
    const t = await talk();
    await t.wait(1000);
    await t.speak(500, LOUD);
    await t.wait(500);
    // 2 s at 24 kHz, but for the last piece of 40 ms and what is on its way; the look-back of the very beginning is empty.
    expect(t.fake.session.heard.length).toBeGreaterThanOrEqual((2000 - 80) * 24);
    expect(t.fake.session.heard.length).toBeLessThanOrEqual(2000 * 24);
  });

  it('two pieces of one sentence are one turn of its own, answered once', async () => {
    const t = await talk();
    await t.speak(800, LOUD);
    await t.wait(800);
    await t.speak(800, LOUD);
    await t.wait(8000);
    expect(turnsOf(t).map(({ turn, end }) => `${turn} ${end}`)).toEqual(['1 unanswered', '2 answered']);
    expect(t.fake.session.answers.length).toBe(1);
  });

  it('what only we took for speech ends without an answer, and without an error', async () => {
    // Too quiet for the provider.
    const t = await talk({ turns: { ...SERVER_VAD, threshold: 1 } as typeof SERVER_VAD });
    await t.speak(800, 1200);
    await t.wait(4000);
    expect(t.fake.session.answers).toEqual([]);
    expect(turnsOf(t)).toMatchObject([{ end: 'unanswered' }]);
    expect(t.rig.meter.errors).toEqual([]);
    expect((turnsOf(t)[0]?.marksMs.t2 ?? 0) + 1000).toBeGreaterThan(t.rig.line.events.findLast(({ type }) => type === 'turn')?.atMs ?? Infinity);
  });

  it('what only the provider took for speech is answered without a turn', async () => {
    const t = await talk({ turns: { ...SERVER_VAD, threshold: 0.01 } as typeof SERVER_VAD });
    await t.speak(300, 100);
    await t.wait(8000);
    expect(turnsOf(t)).toEqual([]);
    expect(spoken(t)).toEqual([WORDS(1)]);
  });

  it('an answer that comes while we still hear the caller waits until he has finished', async () => {
    // The provider needs less silence than we do, and does not stop what it has begun.
    const t = await talk({ turns: { ...SERVER_VAD, silenceDurationMs: 100 } as typeof SERVER_VAD, vendor: { interruptResponse: false } });
    await t.speak(800, LOUD);
    await t.wait(8000);
    expect(turnsOf(t)).toMatchObject([{ end: 'answered' }]);
    const { t2 = 0, t5 = 0 } = turnsOf(t)[0]?.marksMs ?? {};
    expect(t5 - t2).toBeLessThanOrEqual(40);
  });
});

describe('our hearing decides about turns', () => {
  it('sends nothing while nobody speaks, and every sample of what is spoken', async () => {
    const t = await talk({ turns: OUR_VAD });
    await t.wait(3000);
    expect(t.fake.session.heard.length).toBe(0);
    await t.speak(800, LOUD);
    await t.wait(8000);
    const [item] = t.fake.session.items;
    const audio = item?.audio ?? new Int16Array();
    const first = audio.findIndex((sample) => Math.abs(sample) > 100);
    const last = audio.findLastIndex((sample) => Math.abs(sample) > 100);
    expect((last - first) / 24).toBeCloseTo(800, -1);
    // 600 ms before t1, which comes after 60 ms of speech; 500 ms of silence after it.
    expect(first / 24).toBeGreaterThan(500);
    expect((audio.length - last) / 24).toBeGreaterThan(450);
    expect(t.fake.session.heard.length).toBe(item?.audio?.length);
  });

  it('a cough in front of the answer does not cost the answer', async () => {
    const t = await talk({ turns: OUR_VAD, fake: { thinkMs: 1500 }, call: { turns: turnOptions({ minSpeechMs: 300 }) } });
    await t.speak(1000, LOUD);
    await t.wait(1000);
    await t.speak(160, LOUD);
    await t.wait(9000);
    expect(turnsOf(t)).toMatchObject([{ end: 'unanswered' }]);
    expect(spoken(t)).toHaveLength(1);
    expect(t.fake.session.items.filter(({ role }) => role === 'user')).toHaveLength(1);
    expect(t.fake.session.complaints).toEqual([]);
  });

  it.each([
    ['is asked for again where the caller is still there', false, 2],
    ['is not where he has left meanwhile', true, 1],
  ])('an answer that a cough cut off %s', async (_what, leaves, asked) => {
    const t = await talk({ turns: OUR_VAD, fake: { thinkMs: 1500 }, call: { turns: turnOptions({ minSpeechMs: 300 }) } });
    await t.speak(1000, LOUD);
    await t.wait(1000);
    await t.speak(160, LOUD);
    expect(t.rig.call.phase).toBe('hearing');
    if (leaves) t.rig.line.leave();
    await t.wait(1500);
    expect(t.fake.session.received.filter(({ type }) => type === 'response.create')).toHaveLength(asked);
    expect(t.fake.session.complaints).toEqual([]);
  });
});
