import { describe, expect, it } from 'vitest';
import type { ChatMessage } from '../../../../voice-node/domain/llm.js';
import { createDemoModel } from '../../../../voice-node/providers/llm/demo.js';
import { chatRequest, parts, textOf, user, watched } from '../openai/requests.js';

const END_CALL = { name: 'end_call', description: 'Hangs up', parameters: { type: 'object', properties: {} } };
const say = (messages: readonly ChatMessage[], watch = watched()) => parts(createDemoModel(), chatRequest(watch, messages, [END_CALL]));

describe('the model of demonstrations', () => {
  it('says what it is and what it heard, in several sentences and many pieces', async () => {
    const watch = watched();
    const all = await say([{ role: 'system', content: 'Ты робот.' }, user('hello robot')], watch);
    expect(textOf(all)).toBe('This is a demonstration: no language model is configured. I heard: hello robot. With a language model you would hear an answer here. You can interrupt me at any time.');
    expect(all.length).toBeGreaterThan(20);
    expect(watch.connectedTimes).toBe(1);
  });

  it('speaks Russian with whoever does', async () => {
    expect(textOf(await say([{ role: 'system', content: 'You are a robot.' }, user('Привет!')]))).toMatch(/^Это демонстрация: языковая модель не настроена\. Я услышала: Привет! /);
  });

  it.each(['goodbye', 'good bye', 'Good-bye!', 'ok bye', 'well thank you and bye bye', 'До свидания', 'Всё, пока!', 'пока', 'Пока-пока'])('takes leave and hangs up: %s', async (words) => {
    const all = await say([user('hello'), user(words)]);
    expect(all.at(-1)).toMatchObject({ type: 'tool_call', name: 'end_call', arguments: '{}' });
    expect(textOf(all)).toMatch(/Good-bye!|До свидания!/);
    const without = await parts(createDemoModel(), chatRequest(watched(), [user(words)]));
    expect(without.every(({ type }) => type === 'text')).toBe(true);
  });

  it.each(['the buy is good', 'standby mode', 'Пока я думаю, расскажи о погоде', 'покажи мне', 'hello'])('does not take leave of: %s', async (words) => {
    expect((await say([user(words)])).some(({ type }) => type === 'tool_call')).toBe(false);
  });

  it('does not hang up twice', async () => {
    const after: ChatMessage[] = [user('goodbye'), { role: 'assistant', content: '', toolCalls: [{ id: 'a', name: 'end_call', arguments: '{}' }] }, { role: 'tool', toolCallId: 'a', content: 'done' }];
    expect(await say(after)).toEqual(expect.not.arrayContaining([expect.objectContaining({ type: 'tool_call' })]));
  });

  it('greets where nobody has said anything, and repeats only so much', async () => {
    expect(textOf(await say([{ role: 'system', content: 'Be kind.' }]))).toMatch(/^Hello\. This is a demonstration/);
    expect(textOf(await say([user('word '.repeat(500))])).length).toBeLessThan(400);
  });

  it('stops when nobody wants it any more', async () => {
    const watch = watched();
    let count = 0;
    for await (const _ of createDemoModel().answer(chatRequest(watch, [user('hello')]))) if (++count === 2) watch.controller.abort();
    expect(count).toBe(2);
  });
});
