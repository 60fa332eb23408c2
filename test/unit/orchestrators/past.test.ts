import { describe, expect, it } from 'vitest';
import { MAX_SAID, type Said } from '../../../voice-node/domain/journal.js';
import { EchoOrchestrator } from '../../../voice-node/orchestrators/echo.js';
import { ScriptOrchestrator, type Track } from '../../../voice-node/orchestrators/script/script.js';
import { ToneOrchestrator } from '../../../voice-node/orchestrators/tone.js';
import { VirtualClock } from '../../../voice-node/platform/virtual-clock.js';
import { ScriptedLlm, ScriptedStt } from '../../support/scripted-providers.js';
import { FakeHost } from './fake-host.js';
import { pipelineRig, shown } from './pipeline-rig.js';
import { OUR_VAD, SERVER_VAD, talk } from './realtime-rig.js';

const caller = (text: string): Said => ({ by: 'caller', text });
const robot = (text: string): Said => ({ by: 'robot', text });
const LONG: readonly Said[] = Array.from({ length: MAX_SAID }, (_, i) => (i % 2 === 0 ? caller(`c${i}`) : robot(`r${i}`)));

describe('a pipeline that goes on with a call', () => {
  const greeting = { text: 'Welcome.', audio: undefined };

  it('greets nobody, and knows what was said', async () => {
    const rig = pipelineRig({ past: [robot('Welcome.'), caller('My name is Ann.'), robot('Hello Ann.'), caller('What is'), caller('my name?')], options: { greeting } });
    await rig.host.wait(2000);
    expect(rig.host.replies).toEqual([]);
    await rig.host.turn();
    await rig.host.wait(3000);
    expect(shown(rig, 0)).toEqual(['a: Welcome.', 'u: My name is Ann.', 'a: Hello Ann.', 'u: What is my name? question 0']);
    await rig.host.turn();
    await rig.host.wait(3000);
    expect(shown(rig, 1).slice(-3)).toEqual(['u: What is my name? question 0', 'a: Fine.', 'u: question 1']);
  });

  it('greets nobody either where nothing was said yet, but a new caller', async () => {
    const resumed = pipelineRig({ past: [], options: { greeting } });
    await resumed.host.wait(1000);
    expect(resumed.host.replies).toEqual([]);
    await resumed.host.turn();
    await resumed.host.wait(1000);
    expect(shown(resumed, 0)).toEqual(['u: question 0']);
    const fresh = pipelineRig({ options: { greeting } });
    await fresh.host.wait(1000);
    expect(fresh.host.whats).toContain('text Welcome.');
  });

  it('shows the model no more of it than of any conversation', async () => {
    const rig = pipelineRig({ past: LONG, options: { historyMessages: 6 } });
    await rig.host.turn();
    await rig.host.wait(1000);
    expect(shown(rig, 0)).toEqual(['a: r195', 'u: c196', 'a: r197', 'u: c198', 'a: r199', 'u: question 0']);
  });

  it('does not answer what is long past when it hears nothing new', async () => {
    const rig = pipelineRig({ past: [caller('Are you there?')], stt: { script: () => ({ final: '' }) } });
    await rig.host.turn();
    await rig.host.wait(1000);
    expect(rig.llm.asked).toEqual([]);
    expect(rig.host.reply.ended).toBe(true);
  });
});

describe('a script that goes on with a call', () => {
  const trackOf = (text?: string): Track => ({ description: 'x', text, audio: { samples: new Int16Array(4800).fill(100), rateHz: 48_000 } });
  const tracks = new Map([
    ['price', trackOf('It costs ten dollars. Or less.')],
    ['ten', trackOf('It costs ten.')],
    ['hours', trackOf('We are open until six.')],
    ['mute', trackOf()],
  ]);

  async function asked(past: readonly Said[]): Promise<{ readonly messages: readonly string[]; readonly before: number }> {
    const clock = new VirtualClock();
    const stt = new ScriptedStt(clock, { script: () => ({ final: 'And now?' }), finalMs: 100 });
    const llm = new ScriptedLlm(clock, { answer: () => 'hours', firstMs: 50 });
    const greeting = { text: 'Tea shop.', audio: { samples: new Int16Array(4800), rateHz: 48_000 } };
    const host = new FakeHost(clock, past).open(new ScriptOrchestrator({ stt, llm, tracks, fallbackTrack: 'hours', prompt: '', language: 'en-US', historyMessages: 20, speculate: false, greeting }));
    await host.wait(500);
    const before = host.replies.length;
    await host.turn();
    await host.wait(500);
    return { messages: shown({ llm }, 0), before };
  }

  it('finds its recordings by their words, whole or cut, and takes nothing else for one', async () => {
    const past = [robot('Tea shop.'), caller('How much?'), robot('It costs ten dollars. Or less.'), caller('Open?'), robot('We are'), caller('What?'), robot('It costs'), caller('Hm?'), robot('Sorry, again?')];
    expect(await asked(past)).toEqual({
      before: 0,
      messages: [
        'u: [The caller has heard: "Tea shop."] How much?',
        'a: price',
        'u: Open?',
        'a: hours',
        'u: [The caller interrupted hours.] What? [The caller has heard: "It costs"] Hm? [The caller has heard: "Sorry, again?"] And now?',
      ],
    });
  });

  it('greets a new caller only', async () => {
    expect((await asked([])).before).toBe(0);
  });
});

describe.each([
  ['the provider decides about turns', SERVER_VAD],
  ['our hearing does', OUR_VAD],
] as const)('a speech-to-speech robot that goes on with a call: %s', (_, turns) => {
  const greeting = { text: 'Welcome.', audio: undefined };
  const recorded = { text: 'Welcome.', audio: { samples: new Int16Array(48_000).fill(3000), rateHz: 48_000 } };
  const past = [robot('Welcome.'), caller('My name is Ann.'), robot('Hello Ann.'), caller('')];

  it.each([['words', greeting], ['a recording', recorded]])('does not greet (%s), tells the model what was said, and answers what comes', async (_kind, first) => {
    const t = await talk({ turns, robot: { greeting: first }, call: { past } });
    await t.wait(3000);
    const { items, complaints } = t.fake.session;
    expect(items.map(({ role, text }) => `${role}: ${text}`)).toEqual(['assistant: Welcome.', 'user: My name is Ann.', 'assistant: Hello Ann.']);
    expect(t.fake.session.answers).toHaveLength(0);
    expect(t.toneAt(0, 3000)).toBe(0);
    await t.speak(1500, 8000);
    await t.wait(6000);
    expect(t.fake.session.answers).toHaveLength(1);
    expect(t.rig.meter.turns).toMatchObject([{ turn: 1, end: 'answered' }]);
    expect(complaints).toEqual([]);
  });

  it('tells a session that takes over the same again, and no more than it can hold', async () => {
    const t = await talk({ turns, call: { past: LONG } });
    await t.wait(500);
    const words = (): (string | undefined)[] => t.fake.session.items.map(({ text }) => text);
    expect(words()).toEqual(LONG.slice(-100).map(({ text }) => text));
    t.fake.plan({ at: 'created', fault: 'reset' });
    await t.speak(1500, 8000);
    await t.wait(8000);
    expect(t.fake.sessions).toHaveLength(2);
    expect(words().join()).toContain(LONG.slice(-99).map(({ text }) => text).join());
  });

  it('greets a new caller', async () => {
    const t = await talk({ turns, robot: { greeting } });
    await t.wait(2000);
    expect(t.fake.session.answers).toHaveLength(1);
  });
});

it.each([new EchoOrchestrator(), new ToneOrchestrator()])('$mode has no history, and says nothing by itself', async (orchestrator) => {
  const host = new FakeHost(new VirtualClock(), LONG).open(orchestrator);
  await host.wait(1000);
  expect(host.replies).toEqual([]);
  await host.turn();
  expect(host.replies).toHaveLength(1);
});
