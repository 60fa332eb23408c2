import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ChatMessage } from '../../../voice-node/domain/llm.js';
import { History } from '../../../voice-node/orchestrators/turns/history.js';
import { wordingOf } from '../../../voice-node/orchestrators/turns/wording.js';

const answer = (content: string): ChatMessage => ({ role: 'assistant', content });
const tools = (id: string): ChatMessage[] => [
  { role: 'assistant', content: '', toolCalls: [{ id: `${id}a`, name: 't', arguments: '{}' }, { id: `${id}b`, name: 't', arguments: '{}' }] },
  { role: 'tool', toolCallId: `${id}a`, content: '1' },
  { role: 'tool', toolCallId: `${id}b`, content: '2' },
];

describe('a history', () => {
  it('joins what the caller said in a row, whenever it became known', () => {
    const history = new History('prompt', 10);
    const [one, two, three] = [history.open(), history.open(), history.open()];
    three.user = 'three';
    two.user = 'two';
    one.user = 'one';
    one.answer = [answer('yes')];
    expect(history.messages().map(({ role, content }) => `${role} ${content}`)).toEqual(['system prompt', 'user one', 'assistant yes', 'user two three']);
    expect(history.messages({ exchange: three, text: 'four' }).at(-1)?.content).toBe('two four');
    history.drop(two);
    expect(history.messages().at(-1)?.content).toBe('three');
    expect(history.awaitsAnswer).toBe(true);
    three.answer = [answer('no')];
    expect(history.awaitsAnswer).toBe(false);
  });

  it('is bounded, begins with the prompt, and never orphans a tool', () => {
    const step = fc.constantFrom('user', 'answer', 'tools', 'nothing');
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), fc.integer({ min: 2, max: 12 }), (steps, limit) => {
        const history = new History('prompt', limit);
        const all: string[] = [];
        steps.forEach((kind, i) => {
          const exchange = history.open();
          if (kind === 'user') exchange.user = `u${i}`;
          else if (kind === 'answer') exchange.answer = [answer(`a${i}`)];
          else if (kind === 'tools') exchange.answer = tools(String(i));
          all.push(kind === 'user' ? `u${i}` : kind === 'answer' ? `a${i}` : '');
          const [system, ...messages] = history.messages();
          expect(system).toEqual({ role: 'system', content: 'prompt' });
          expect(messages.length).toBeLessThanOrEqual(limit);
          const called = new Set<string>();
          for (const message of messages) {
            if (message.role === 'assistant') for (const call of message.toolCalls ?? []) called.add(call.id);
            if (message.role === 'tool') expect(called.delete(message.toolCallId)).toBe(true);
          }
          expect(called.size).toBe(0);
          // What is shown is the newest, in order.
          const words = messages.flatMap(({ role, content }) => (role === 'tool' || content === '' ? [] : content.split(' ')));
          expect(words).toEqual(all.filter((word) => word !== '').slice(-words.length || Infinity));
        });
      }),
      { numRuns: 150 },
    );
  });

  it('tells remarks before the next words only', () => {
    const history = new History('', 10);
    const [one, two, three] = [history.open(), history.open(), history.open()];
    one.note = 'cut';
    two.user = 'two';
    three.user = 'three';
    expect(history.messages()).toEqual([{ role: 'user', content: '[cut] two three' }]);
  });
});

describe('wording', () => {
  it('is what was said, however it is written', () => {
    expect(wordingOf('  What’s the TIME, please?')).toBe(wordingOf('what s the time please'));
    expect(wordingOf('Ещё раз!')).toBe('еще раз');
    expect(wordingOf('?!')).toBe('');
  });
});
