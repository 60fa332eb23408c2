import type { ChatMessage, ChatPart, LanguageModel } from '../../domain/llm.js';
import type { ToolSpec } from '../../domain/tools.js';
import { childOf, whileWanted } from '../abortable.js';
import { Flow } from '../flow.js';

/** A quarter of an hour of speech: nobody wants to hear more, so no more is asked for. */
const MAX_CHARS = 12_000;

/**
 * One answer of the model on its way, read ahead whether or not somebody takes it yet. May be taken once; throws
 * what the model throws. To be aborted in the end in any case.
 */
export class ModelStream implements AsyncIterable<ChatPart> {
  readonly #scope: AbortController;
  readonly #parts = new Flow<ChatPart>(Infinity, () => 1);
  #failed = false;

  constructor(llm: LanguageModel, messages: readonly ChatMessage[], tools: readonly ToolSpec[], parent: AbortSignal) {
    this.#scope = childOf(parent);
    if (!parent.aborted) void this.#read(llm, messages, tools);
  }

  get failed(): boolean {
    return this.#failed;
  }

  abort(): void {
    this.#scope.abort();
  }

  [Symbol.asyncIterator](): AsyncIterator<ChatPart> {
    return whileWanted(this.#parts, this.#scope.signal);
  }

  async #read(llm: LanguageModel, messages: readonly ChatMessage[], tools: readonly ToolSpec[]): Promise<void> {
    const reading = childOf(this.#scope.signal);
    const { signal } = reading;
    try {
      let chars = 0;
      const request = { messages, tools, signal, connected: () => undefined, used: () => undefined };
      for await (const part of whileWanted(llm.answer(request), signal)) {
        chars += part.type === 'text' ? part.delta.length : part.arguments.length;
        if (chars > MAX_CHARS) break;
        void this.#parts.push(part);
      }
      this.#parts.end();
    } catch (error) {
      this.#failed = true;
      this.#parts.fail(error);
    } finally {
      reading.abort();
    }
  }
}
