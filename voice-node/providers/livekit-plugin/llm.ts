import type { ChatPart, ChatRequest, LanguageModel } from '../../domain/llm.js';
import { ProviderError } from '../../domain/provider.js';
import type { PluginHost } from './host.js';
import { isLlmItem, type PluginSpec } from './protocol.js';
import { results, type PluginOptions } from './request.js';

/** A language model by a plugin of @livekit/agents. */
export class LiveKitPluginLanguageModel implements LanguageModel {
  readonly vendor = 'livekit';
  /** The process ends with its last user. */
  readonly close: () => void;
  readonly #host: PluginHost;
  readonly #spec: PluginSpec;

  constructor({ host, plugin, options = {}, warm = true }: PluginOptions) {
    this.#host = host;
    this.#spec = { kind: 'llm', plugin, options };
    this.close = host.use();
    if (warm) host.warm(this.#spec);
  }

  async *answer(request: ChatRequest): AsyncGenerator<ChatPart> {
    const { messages, tools } = request;
    for await (const item of results(this.#host, this.#spec, { messages, tools }, request, () => Promise.resolve())) {
      if (!isLlmItem(item)) throw new ProviderError('provider_protocol', `livekit:${this.#spec.plugin}: expected a part of an answer, got something else`);
      switch (item.type) {
        case 'usage':
          request.used('input_tokens', item.inputTokens);
          request.used('output_tokens', item.outputTokens);
          break;
        case 'text':
          yield { type: 'text', delta: item.delta };
          break;
        case 'tool_call':
          yield { type: 'tool_call', id: item.id, name: item.name, arguments: item.arguments };
          break;
      }
    }
  }
}
