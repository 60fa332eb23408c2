import type { ChatMessage, ToolCall } from '../../domain/llm.js';

/** What became of a tool call that the caller's interruption overtook. */
const UNFINISHED = 'Unknown: the caller interrupted before there was a result.';

interface Round {
  shown: string;
  readonly calls: { readonly call: ToolCall; result: string | undefined }[];
}

/** What an answer consisted of: rounds of words and tool calls. Says afterwards what of it is history. */
export class Said {
  readonly #rounds: Round[] = [];

  /** The model is asked (again): what follows is its next message. */
  begin(): { shown(text: string): void; called(call: ToolCall): (result: string) => void } {
    const round: Round = { shown: '', calls: [] };
    this.#rounds.push(round);
    return {
      shown: (text) => void (round.shown += text),
      called: (call) => {
        const entry: Round['calls'][number] = { call, result: undefined };
        round.calls.push(entry);
        return (result) => void (entry.result = result);
      },
    };
  }

  /** `text`: the words that were heard, from the beginning. Tools that were run have been run, heard of or not. */
  asHeard(text: string): ChatMessage[] {
    const messages: ChatMessage[] = [];
    let rest = text;
    for (const { shown, calls } of this.#rounds) {
      const content = rest.slice(0, shown.length).trim();
      rest = rest.slice(shown.length);
      if (calls.length > 0) messages.push({ role: 'assistant', content, toolCalls: calls.map(({ call }) => call) });
      else if (content !== '') messages.push({ role: 'assistant', content });
      for (const { call, result } of calls) messages.push({ role: 'tool', toolCallId: call.id, content: result ?? UNFINISHED });
    }
    return messages;
  }
}
