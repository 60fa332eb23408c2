import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ChatStream } from '../../../../voice-node/providers/llm/openai-stream.js';

const chunk = (delta: object | null, finish?: string | null, more: object = {}) => JSON.stringify({ choices: [{ index: 0, delta, finish_reason: finish ?? null }], ...more });
const call = (pieces: readonly object[]) => chunk({ tool_calls: pieces });

function run(...chunks: readonly string[]) {
  const stream = new ChatStream('local');
  return { parts: chunks.flatMap((data) => stream.push(data)), stream };
}

const codeOf = (...chunks: readonly string[]): unknown => {
  try {
    run(...chunks);
    return 'none';
  } catch (error) {
    return (error as { code: string }).code;
  }
};

describe('chunks of an answer', () => {
  it('text, with everything that servers put in its place', () => {
    const { parts, stream } = run(
      JSON.stringify({ choices: [], prompt_filter_results: [{ prompt_index: 0 }] }),
      chunk({ role: 'assistant', content: '' }),
      chunk({ content: null, reasoning_content: 'let me think' }),
      chunk({ content: 'One' }),
      chunk({}),
      chunk(null),
      JSON.stringify({ choices: [{ index: 1, delta: { content: 'another answer' } }] }),
      JSON.stringify({ choices: [{ delta: { content: ' two' } }] }),
      chunk({ refusal: ', no.' }),
      chunk({ content: null }, 'stop'),
      JSON.stringify({ choices: [], usage: { prompt_tokens: 5, completion_tokens: 2 } }),
    );
    expect(parts).toEqual([{ type: 'text', delta: 'One' }, { type: 'text', delta: ' two' }, { type: 'text', delta: ', no.' }]);
    expect([stream.isFinished, stream.inputTokens, stream.outputTokens]).toEqual([true, 5, 2]);
  });

  it('is finished by its reason alone, and text that comes with the reason counts', () => {
    expect(run(chunk({ content: 'a' })).stream.isFinished).toBe(false);
    expect(run(chunk({ content: 'a' }, '')).stream.isFinished).toBe(false);
    for (const reason of ['stop', 'length', 'tool_calls', 'content_filter', 'eos']) expect(run(chunk({ content: 'a' }, reason)).stream.isFinished).toBe(true);
    expect(run(chunk({ content: 'a' }, 'stop')).parts).toHaveLength(1);
  });

  it('counts tokens as last told: the sum so far in every chunk, without choices, never', () => {
    const every = run(chunk({ content: 'a' }, null, { usage: { prompt_tokens: 9, completion_tokens: 1 } }), chunk({ content: 'b' }, 'stop', { usage: { prompt_tokens: 9, completion_tokens: 2 } })).stream;
    expect([every.inputTokens, every.outputTokens]).toEqual([9, 2]);
    const alone = run(JSON.stringify({ usage: { prompt_tokens: 3, completion_tokens: 4 } })).stream;
    expect([alone.inputTokens, alone.outputTokens]).toEqual([3, 4]);
    const never = run(chunk({ content: 'a' }, 'stop', { usage: null })).stream;
    expect([never.inputTokens, never.outputTokens]).toEqual([0, 0]);
  });

  it('tool calls are given out whole, however their arguments are cut', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ name: fc.stringMatching(/^[a-z]{1,8}$/), args: fc.json() }), { minLength: 1, maxLength: 4 }), fc.integer({ min: 1, max: 7 }), fc.boolean(), (calls, size, mixed) => {
        const pieces = calls.flatMap(({ name, args }, index) => {
          const cuts = Array.from({ length: Math.ceil(args.length / size) }, (_, i) => args.slice(i * size, (i + 1) * size));
          return [{ index, id: `id${index}`, type: 'function', function: { name, arguments: '' } }, ...cuts.map((piece) => ({ index, function: { arguments: piece } }))].map((piece, at) => ({ piece, at }));
        });
        // Each call's pieces one after the other, or all calls at once: first pieces first.
        const ordered = mixed ? [...pieces].sort((a, b) => a.at - b.at) : pieces;
        const { parts } = run(...ordered.map(({ piece }) => call([piece])), chunk({}, 'tool_calls'));
        expect(parts).toEqual(calls.map(({ name, args }, index) => ({ type: 'tool_call', id: `id${index}`, name, arguments: args })));
      }),
    );
  });

  it.each<[string, readonly (readonly object[])[], readonly (readonly [string, string, string])[]]>([
    ['all in one chunk, reason stop (Ollama)', [[{ index: 0, id: 'a', function: { name: 'f', arguments: '{"x":1}' } }]], [['a', 'f', '{"x":1}']]],
    [
      'every call with the index 0',
      [[{ index: 0, id: 'a', function: { name: 'f', arguments: '{}' } }], [{ index: 0, id: 'b', function: { name: 'f', arguments: '{"x"' } }], [{ index: 0, function: { arguments: ':2}' } }]],
      [['a', 'f', '{}'], ['b', 'f', '{"x":2}']],
    ],
    ['without index', [[{ id: 'a', function: { name: 'f', arguments: '{"x"' } }], [{ function: { arguments: ':3}' } }], [{ id: 'b', function: { name: 'g', arguments: '{}' } }]], [['a', 'f', '{"x":3}'], ['b', 'g', '{}']]],
    ['without id', [[{ index: 0, function: { name: 'f', arguments: '{}' } }]], [['call_0', 'f', '{}']]],
    ['without arguments', [[{ index: 0, id: 'a', function: { name: 'f', arguments: '' } }]], [['a', 'f', '{}']]],
    ['with arguments as an object', [[{ index: 0, id: 'a', function: { name: 'f', arguments: { x: 4 } } }]], [['a', 'f', '{"x":4}']]],
    ['id and name repeated in every piece', [[{ index: 0, id: 'a', function: { name: 'f', arguments: '{' } }], [{ index: 0, id: 'a', function: { name: 'f', arguments: '}' } }]], [['a', 'f', '{}']]],
  ])('tool calls of servers that do it their own way: %s', (_, pieces, expected) => {
    const { parts } = run(...pieces.map(call), chunk({}, 'stop'));
    expect(parts).toEqual(expected.map(([id, name, args]) => ({ type: 'tool_call', id, name, arguments: args })));
  });

  it.each([
    ['no JSON', 'secret'],
    ['an array', '[1]'],
    ['a word', '"secret"'],
    ['null', 'null'],
    ['other JSON', '{"message":"secret"}'],
    ['choices that are none', '{"choices":[7]}'],
    ['content that is no text', '{"choices":[{"index":0,"delta":{"content":{"a":1}}}]}'],
    ['a call without a function', '{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0}]}}]}'],
    ['a call without a name', '{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"a","function":{"arguments":"{}"}}]},"finish_reason":"tool_calls"}]}'],
  ])('%s is provider_protocol', (_, data) => expect(codeOf(data)).toBe('provider_protocol'));

  it.each([
    ['{"error":{"message":"secret","type":"server_error","code":null}}', 'provider_unavailable'],
    ['{"error":{"message":"secret","code":"rate_limit_exceeded"}}', 'provider_rate_limited'],
    ['{"error":{"message":"secret","code":"insufficient_quota"}}', 'provider_rate_limited'],
    ['{"error":{"message":"secret","code":429}}', 'provider_rate_limited'],
    ['{"error":{"message":"secret","code":401}}', 'provider_auth'],
    ['{"error":{"message":"secret","code":400}}', 'provider_rejected'],
    ['{"error":"secret words"}', 'provider_unavailable'],
    ['{"choices":[{"index":0,"delta":{},"finish_reason":"error"}]}', 'provider_unavailable'],
    ['{"choices":[{"index":0,"delta":{},"finish_reason":"content_filter"}]}', 'provider_rejected'],
  ])('an error inside the stream, %s, is %s; once something was said it is provider_broken', (data, code) => {
    expect(codeOf(data)).toBe(code);
    expect(codeOf(chunk({ content: 'a' }), data)).toBe(data.includes('content_filter') ? 'none' : 'provider_broken');
  });
});
