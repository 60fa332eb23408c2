import { describe, expect, it } from 'vitest';
import type { Orchestrator } from '../../../voice-node/domain/orchestrator.js';
import { turnOptions } from '../../../voice-node/hearing/turns.js';
import { PipelineOrchestrator, type PipelineOptions } from '../../../voice-node/orchestrators/pipeline/pipeline.js';
import { broken, hanging, ScriptedLlm, ScriptedStt, ScriptedTts, type Fault, type ScriptedLlmOptions, type ScriptedTtsOptions } from '../../support/scripted-providers.js';
import { ready, rigOf, type Rig, type RigOptions } from '../call/rig.js';

interface CallRig {
  readonly rig: Rig;
  readonly parts: { stt: ScriptedStt; llm: ScriptedLlm; tts: ScriptedTts };
  readonly open: () => number;
}

interface Options {
  readonly fault?: Partial<Record<'stt' | 'llm' | 'tts', (n: number) => Fault | undefined>>;
  readonly llm?: Partial<ScriptedLlmOptions>;
  readonly tts?: ScriptedTtsOptions;
  readonly options?: Partial<PipelineOptions>;
  readonly call?: RigOptions['options'];
}

/** The pipeline in a real call on virtual time. */
async function callOf({ fault = {}, llm, tts, options, call }: Options = {}): Promise<CallRig> {
  const parts = {} as CallRig['parts'];
  const orchestrator: Orchestrator = {
    mode: 'pipeline',
    open({ ...host }) {
      parts.stt = new ScriptedStt(host.clock, { script: (n) => ({ partials: [{ atMs: 300, text: 'how are' }], final: `How are you ${n}?` }), finalMs: 100, ...(fault.stt && { fault: fault.stt }) });
      parts.llm = new ScriptedLlm(host.clock, { answer: () => 'I am fine, thank you. And how are you?', firstMs: 100, tokensPerSecond: 50, ...llm, ...(fault.llm && { fault: fault.llm }) });
      parts.tts = new ScriptedTts(host.clock, { firstMs: 80, pace: 4, ...tts, ...(fault.tts && { fault: fault.tts }) });
      return new PipelineOrchestrator({ ...parts, prompt: 'p', language: 'en-US', endCall: true, speculate: false, historyMessages: 40, ...options }).open(host);
    },
  };
  const apology = { text: 'Sorry.', audio: { samples: new Int16Array(24_000).fill(1500), rateHz: 48_000 } };
  const rig = await ready(rigOf(orchestrator, { options: { phrases: { apology }, ...call } }));
  return { rig, parts, open: () => parts.stt.open + parts.llm.open + parts.tts.open };
}

const events = (rig: Rig): string[] => rig.line.events.flatMap(({ type }) => (type === 'vad' || type === 'call' || type === 'transcript' || type === 'reply_text' ? [] : [type]));
const replyTexts = (rig: Rig): string[] => rig.line.events.flatMap((event) => (event.type === 'reply_text' && event.final ? [event.text] : []));

describe('the pipeline in a call', () => {
  it('passes all the moments of a turn, and is shown as it is spoken', async () => {
    const { rig, parts, open } = await callOf();
    await rig.speak(600, 8000);
    await rig.speak(6000, 0);
    expect(events(rig)).toEqual(['speech_started', 'speech_ended', 'reply_started', 'reply_ended', 'turn']);
    const [turn] = rig.meter.turns;
    expect(turn?.end).toBe('answered');
    expect(turn?.stagesMs).toMatchObject({ stt: 100, llm: 100 });
    // 80 ms of the voice after the clause that is spoken first, which takes six tokens; and the pacer's grid.
    expect(turn?.stagesMs.tts).toBeLessThanOrEqual(80 + 20 * 8);
    expect(turn?.stagesMs.playout).toBeLessThanOrEqual(20);
    expect(parts.tts.code.read(rig.sent()).map(({ word, whole }) => (whole ? word : `${word}?`)).join(' ')).toBe('I am fine, thank you. And how are you?');
    expect(replyTexts(rig)).toEqual(['I am fine, thank you. And how are you?']);
    const caller = rig.line.events.flatMap((event) => (event.type === 'transcript' ? [`${event.final} ${event.text}`] : []));
    expect(caller).toEqual(['false how are', 'true How are you 0?']);
    rig.line.leave();
    await rig.over();
    expect(open()).toBe(0);
    expect(rig.clock.pendingTimers).toBe(0);
  });

  it('hangs up after its good-bye', async () => {
    const { rig, parts } = await callOf({ llm: { answer: () => [{ type: 'text', delta: 'Good-bye.' }, { type: 'tool_call', id: '1', name: 'end_call', arguments: '{}' }] } });
    await rig.speak(600, 8000);
    await rig.speak(4000, 0);
    expect(await rig.over()).toBe('robot_ended');
    expect(parts.tts.code.read(rig.sent()).map(({ word }) => word)).toEqual(['Good-bye.']);
  });

  it('greets, and can be interrupted in that', async () => {
    const { rig, parts } = await callOf({ options: { greeting: { text: 'Hello, this is a rather long greeting of a robot.', audio: undefined } } });
    await rig.speak(1500, 0);
    await rig.speak(600, 8000);
    await rig.speak(4000, 0);
    const greeted = parts.llm.asked[0]?.messages[1];
    expect(greeted?.role).toBe('assistant');
    expect('Hello, this is a rather long greeting of a robot.'.startsWith(greeted?.content ?? '?')).toBe(true);
    expect(greeted?.content).not.toMatch(/robot/);
  });

  it('listens on where nothing was said, and where nothing is answered', async () => {
    const { rig } = await callOf({ llm: { answer: () => '' } });
    await rig.speak(600, 8000);
    await rig.speak(2000, 0);
    expect(rig.meter.turns).toMatchObject([{ end: 'unanswered' }]);
    expect(rig.call.phase).toBe('listening');
  });

  it('answers over a cough', async () => {
    const { rig, parts } = await callOf({ call: { turns: turnOptions({ minSpeechMs: 200 }) } });
    await rig.speak(600, 8000);
    await rig.speak(640, 0);
    await rig.speak(140, 8000);
    await rig.speak(5000, 0);
    expect(events(rig)).toEqual(['speech_started', 'speech_ended', 'speech_started', 'turn', 'speech_dropped', 'reply_started', 'reply_ended']);
    expect(parts.tts.code.read(rig.sent()).at(-1)?.word).toBe('you?');
  });

  it.each([
    ['stt', 'first'],
    ['stt', 'end'],
    ['llm', 'connect'],
    ['llm', 'middle'],
    ['tts', 'first'],
    ['tts', 'middle'],
  ] as const)('apologises for a fault of %s at %s, and answers the next turn', async (what, at) => {
    const { rig, parts, open } = await callOf({ fault: { [what]: (n: number) => (n === 0 ? broken(at, 'provider_broken') : undefined) } });
    await rig.speak(600, 8000);
    await rig.speak(6000, 0);
    expect(rig.meter.turns).toMatchObject([{ end: 'failed', error: 'provider_broken' }]);
    expect(replyTexts(rig).at(-1)).toBe('Sorry.');
    await rig.speak(600, 8000);
    await rig.speak(6000, 0);
    expect(rig.meter.turns[1]).toMatchObject({ end: 'answered' });
    expect(parts.tts.code.read(rig.sent()).at(-1)?.word).toBe('you?');
    rig.call.hangUp('shutdown');
    await rig.over();
    expect(open()).toBe(0);
    expect(rig.clock.pendingTimers).toBe(0);
  });

  it.each(['stt', 'llm', 'tts'] as const)('is given up by its call where %s never answers', async (what) => {
    const { rig, open } = await callOf({ fault: { [what]: (n: number) => (n === 0 ? hanging('first') : undefined) } });
    await rig.speak(600, 8000);
    await rig.speak(8000, 0);
    expect(rig.meter.turns).toMatchObject([{ end: 'failed', error: 'answer_timeout' }]);
    await rig.speak(600, 8000);
    await rig.speak(6000, 0);
    expect(rig.meter.turns[1]).toMatchObject({ end: 'answered' });
    rig.call.hangUp('shutdown');
    await rig.over();
    expect(open()).toBe(0);
  });

  it('answers what was said over a robot that cannot be interrupted', async () => {
    const { rig, parts } = await callOf({ call: { interruptions: 'off' }, llm: { answer: (_, n) => (n === 0 ? 'one two three four five six seven eight nine.' : 'Yes.') } });
    await rig.speak(600, 8000);
    // Speech from the middle of the answer until well after it.
    await rig.speak(1400, 0);
    for (let i = 0; i < 4; i++) {
      await rig.speak(940, 8000);
      // A gap between words: what never pauses is a noise.
      await rig.speak(60, 0);
    }
    await rig.speak(4000, 0);
    expect(rig.meter.turns).toMatchObject([{ end: 'answered' }, { end: 'answered' }]);
    expect(parts.llm.asked[1]?.messages.slice(1).map(({ content }) => content)).toEqual(['How are you 0?', 'one two three four five six seven eight nine.', 'How are you 2?']);
    // The recogniser was given all of it in the end, not what followed the answer.
    expect((parts.stt.heard[2] ?? 0) / 8).toBeGreaterThan(4000);
  });

  it('lets go of a caller who left in the middle of a word', async () => {
    const { rig, open } = await callOf();
    await rig.speak(600, 8000);
    expect(open()).toBe(1);
    rig.line.leave();
    await rig.clock.advanceTo(rig.clock.nowMs() + 500);
    rig.line.join('another');
    await rig.speak(600, 8000);
    expect(open()).toBe(1);
    await rig.speak(5000, 0);
    expect(rig.meter.turns.at(-1)).toMatchObject({ end: 'answered' });
  });
});
