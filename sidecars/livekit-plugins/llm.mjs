import { CONNECTION } from './connection.mjs';

/** Answers `messages`; the results are text, whole tool calls, and what it has cost. */
export async function answer(stream, { object, agents }, { messages, tools }) {
  const chat = object.chat({
    chatCtx: contextOf(messages, agents.llm),
    ...(tools.length > 0 ? { toolCtx: new agents.llm.ToolContext(tools.map((spec) => toolOf(spec, agents.llm))) } : {}),
    connOptions: CONNECTION,
  });
  stream.onStop(() => chat.close());
  stream.opened();
  for await (const { delta, usage } of chat) {
    if (typeof delta?.content === 'string' && delta.content !== '') stream.put({ type: 'text', delta: delta.content });
    for (const call of delta?.toolCalls ?? []) {
      stream.put({ type: 'tool_call', id: String(call.callId), name: String(call.name), arguments: String(call.args ?? '') });
    }
    if (usage) stream.put({ type: 'usage', inputTokens: usage.promptTokens ?? 0, outputTokens: usage.completionTokens ?? 0 });
  }
}

/** The node runs the tools itself: here they are only named to the model. */
const toolOf = ({ name, description, parameters }, { tool }) =>
  tool({ name, description, parameters, execute: () => Promise.reject(new Error('tools are run by the node')) });

function contextOf(messages, { ChatContext, ChatMessage, FunctionCall, FunctionCallOutput }) {
  const names = new Map();
  const items = messages.flatMap((message, i) => {
    if (message.role === 'tool') {
      const name = names.get(message.toolCallId) ?? '';
      return [FunctionCallOutput.create({ callId: message.toolCallId, name, output: message.content, isError: false })];
    }
    // What is of one message has one group: the formats of some vendors want it together.
    const group = `message_${i}`;
    const calls = message.toolCalls ?? [];
    for (const call of calls) names.set(call.id, call.name);
    const said = message.content === '' && calls.length > 0 ? [] : [ChatMessage.create({ id: group, role: message.role, content: message.content })];
    return [
      ...said,
      ...calls.map((call, c) => FunctionCall.create({ id: `${group}/${c}`, groupId: group, callId: call.id, name: call.name, args: call.arguments })),
    ];
  });
  return new ChatContext(items);
}
