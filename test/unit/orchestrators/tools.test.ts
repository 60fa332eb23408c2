import { describe, expect, it } from 'vitest';
import { VoiceNodeError } from '../../../voice-node/domain/errors.js';
import type { ChatPart } from '../../../voice-node/domain/llm.js';
import type { ToolRunner } from '../../../voice-node/domain/tools.js';
import { sleep } from '../../support/scripted-providers.js';
import { pipelineRig, type PipelineRig } from './pipeline-rig.js';

const call = (name: string, args = '{}', id = 'c1'): ChatPart => ({ type: 'tool_call', id, name, arguments: args });
const text = (delta: string): ChatPart => ({ type: 'text', delta });
const parameters = { type: 'object', properties: {} };

interface Ran {
  readonly name: string;
  readonly args: unknown;
  readonly atMs: number;
}

/** A pipeline with a tool that takes `toolMs`, and a model that writes `rounds`. */
function toolRig(rounds: readonly (string | readonly ChatPart[])[], { toolMs = 500, endCall = true, fail }: { toolMs?: number; endCall?: boolean; fail?: Error } = {}): PipelineRig & { readonly ran: Ran[] } {
  const ran: Ran[] = [];
  const runner: ToolRunner = {
    specs: [{ name: 'weather', description: 'The weather', parameters }],
    async run(name, args, { signal, callId }) {
      ran.push({ name, args, atMs: rig.clock.nowMs() });
      expect(callId).toBe('call-1');
      await sleep(rig.clock, toolMs, signal);
      if (signal.aborted) throw new VoiceNodeError('tool_failed', 'aborted');
      if (fail !== undefined) throw fail;
      return `${name} is fine`;
    },
  };
  const rig = pipelineRig({ llm: { answer: (_, n) => rounds[n] ?? 'No more.' }, options: { tools: runner, endCall } });
  return Object.assign(rig, { ran });
}

describe('tools', () => {
  it('run while the words before them are spoken; the model goes on with the result', async () => {
    const rig = toolRig([[text('Let me have a look at it.'), call('weather', '{"city":"Paris"}')], 'It is fine there.']);
    await rig.host.turn();
    await rig.host.wait(5000);
    expect(rig.llm.asked[0]?.tools).toEqual(['weather', 'end_call']);
    expect(rig.ran).toMatchObject([{ name: 'weather', args: { city: 'Paris' } }]);
    expect(rig.ran[0]?.atMs).toBeLessThan(rig.host.atMs('audio'));
    const ask = [
      { role: 'system', content: 'You are a robot.' },
      { role: 'user', content: 'question 0' },
      { role: 'assistant', content: 'Let me have a look at it.', toolCalls: [{ id: 'c1', name: 'weather', arguments: '{"city":"Paris"}' }] },
      { role: 'tool', toolCallId: 'c1', content: 'weather is fine' },
    ];
    expect(rig.llm.asked[1]?.messages).toEqual(ask);
    expect(rig.host.replies).toHaveLength(1);
    expect(rig.host.reply.words.whole).toBe('Let me have a look at it. It is fine there.');
    await rig.host.turn();
    await rig.host.wait(1000);
    expect(rig.llm.asked[2]?.messages).toEqual([...ask, { role: 'assistant', content: 'It is fine there.' }, { role: 'user', content: 'question 1' }]);
  });

  it('that fail are told to the model', async () => {
    const failures: [string, Parameters<typeof toolRig>[1], RegExp][] = [
      ['{}', { fail: new VoiceNodeError('tool_failed', 'no answer in 5000 ms') }, /^Error: no answer in 5000 ms$/],
      ['{"city":', {}, /^Error: expected the arguments as a JSON object\.$/],
      ['[1]', {}, /^Error: expected/],
      ['"x"', {}, /^Error: expected/],
    ];
    for (const [args, options, expected] of failures) {
      const rig = toolRig([[call('weather', args)], 'I do not know.'], options);
      await rig.host.turn();
      await rig.host.wait(3000);
      const [, , asked, result] = rig.llm.asked[1]?.messages ?? [];
      expect(result?.content).toMatch(expected);
      // What is shown to a model again is JSON.
      expect(() => JSON.parse((asked as unknown as { toolCalls: { arguments: string }[] }).toolCalls[0]?.arguments ?? '')).not.toThrow();
      expect(rig.host.reply).toMatchObject({ ended: true, failure: undefined });
    }
  });

  it('are called a few times at most', async () => {
    const rig = toolRig(Array.from({ length: 9 }, (_, i) => [call('weather', '{}', `c${i}`)]), { toolMs: 10 });
    await rig.host.turn();
    await rig.host.wait(3000);
    expect(rig.llm.asked.map(({ tools }) => tools.length)).toEqual([2, 2, 2, 2, 0]);
    expect(rig.ran).toHaveLength(4);
    expect(rig.host.reply.ended).toBe(true);
  });

  it('are aborted with the answer; that they were called is remembered', async () => {
    const rig = toolRig([[text('One moment please.'), call('weather')], 'It is fine.', 'Yes.'], { toolMs: 10_000 });
    await rig.host.turn();
    await rig.host.wait(3000);
    await rig.host.turn();
    await rig.host.wait(1000);
    expect(rig.llm.asked[1]?.messages.slice(2)).toEqual([
      { role: 'assistant', content: 'One moment please.', toolCalls: [{ id: 'c1', name: 'weather', arguments: '{}' }] },
      { role: 'tool', toolCallId: 'c1', content: expect.stringMatching(/interrupted/) as unknown },
      { role: 'user', content: 'question 1' },
    ]);
    rig.host.hangUp();
    await rig.host.wait(0);
    expect(rig.clock.pendingTimers).toBe(0);
  });

  it('are not lost by a cough: the model goes on from them', async () => {
    const rig = toolRig([[call('weather')], 'never', 'It is fine.'], { toolMs: 1000 });
    await rig.host.turn();
    await rig.host.wait(500);
    rig.host.start();
    rig.host.drop();
    await rig.host.wait(3000);
    expect(rig.llm.asked[1]?.messages.map(({ role }) => role)).toEqual(['system', 'user', 'assistant', 'tool']);
    await rig.host.turn();
    await rig.host.wait(500);
    expect(rig.llm.asked[2]?.messages.map(({ content }) => content).slice(1)).toEqual(['question 0', '', expect.stringMatching(/^Unknown/), 'never', 'question 1']);
  });

  it('split what was heard among the messages it belongs to', async () => {
    const rig = toolRig([[text('Let me have a look at it.'), call('weather')], 'It is fine over there now.', 'Yes.'], { toolMs: 10 });
    await rig.host.turn();
    // The first sentence is 25 characters, of the second nine more.
    await rig.host.wait(200 + 60 * (25 + 1 + 9));
    await rig.host.turn();
    await rig.host.wait(1000);
    expect(rig.llm.asked[2]?.messages.slice(2).map(({ content }) => content)).toEqual(['Let me have a look at it.', 'weather is fine', 'It is', 'question 1']);
  });

  it('end the call once the good-bye was handed over', async () => {
    const rig = toolRig([[text('Good-bye to you.'), call('end_call')], 'never asked']);
    await rig.host.turn();
    await rig.host.wait(3000);
    expect(rig.llm.requests).toBe(1);
    expect(rig.host.whats.slice(-5)).toEqual(['text Good-bye to you.', 'audio', 'text  ', 'end call', 'end']);
  });

  it('ask for a good-bye where there was none', async () => {
    const rig = toolRig([[call('end_call')], 'Good-bye.', 'never asked']);
    await rig.host.turn();
    await rig.host.wait(3000);
    expect(rig.llm.asked.map(({ tools }) => tools.length)).toEqual([2, 0]);
    expect(rig.host.whats.slice(-5)).toEqual(['text Good-bye.', 'audio', 'text  ', 'end call', 'end']);
  });

  it('do not end a call that they may not end', async () => {
    const rig = toolRig([[call('end_call')], 'Sorry.'], { endCall: false, fail: new VoiceNodeError('tool_failed', 'no tool end_call') });
    await rig.host.turn();
    await rig.host.wait(3000);
    expect(rig.llm.asked[0]?.tools).toEqual(['weather']);
    expect(rig.host.endCalls).toBe(0);
    expect(rig.llm.asked[1]?.messages.at(-1)?.content).toBe('Error: no tool end_call');
  });
});
