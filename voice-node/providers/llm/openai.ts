import type { ChatCompletionCreateParamsStreaming, ChatCompletionMessageParam } from 'openai/resources/chat/completions';
import type { ChatMessage, ChatPart, ChatRequest, LanguageModel } from '../../domain/llm.js';
import { ProviderError } from '../../domain/provider.js';
import { readBody } from '../http/body.js';
import { endedEarly } from '../http/errors.js';
import { OpenAiServer, type OpenAiServerOptions, type OpenAiVendor } from '../http/openai-server.js';
import { readEvents } from '../http/sse.js';
import { ChatStream, WHAT } from './openai-stream.js';

export interface OpenAiModelOptions extends OpenAiServerOptions {
  /** Azure: the deployment. Yandex: what follows the folder (`yandexgpt/latest`), or all of `gpt://...`. `local`: where the server has only one, none is needed. */
  readonly model?: string | undefined;
  /** 0 to 2; not for reasoning models. Default: the vendor's. */
  readonly temperature?: number | undefined;
  readonly maxTokens?: number | undefined;
}

/** No spoken answer is as long; with its envelope a token takes some 200 bytes. */
const MAX_BYTES = 16_000_000;

/**
 * A language model behind OpenAI's chat completions, streamed. Of the openai package only the types are used: its
 * client reads the environment (keys, organisation, headers) behind our back, prints what it cannot parse, takes
 * bytes that are no UTF-8 for text, and has no bound.
 */
export function createOpenAiModel(options: OpenAiModelOptions): LanguageModel {
  const server = new OpenAiServer(options);
  return { vendor: server.vendor, answer: (request) => answer(server, options, request), close: () => server.close() };
}

async function* answer(server: OpenAiServer, options: OpenAiModelOptions, request: ChatRequest): AsyncGenerator<ChatPart> {
  const { vendor } = server;
  const { signal } = request;
  const response = await server.post({ path: 'chat/completions', what: WHAT, body: JSON.stringify(toBody(options, request)), signal });
  request.connected();
  if (!isEventStream(response)) {
    response.body?.cancel().catch(() => undefined);
    throw new ProviderError('provider_protocol', `${vendor}: expected ${WHAT} as a stream of events, got another type`);
  }
  let begun = false;
  const stream = new ChatStream(vendor);
  try {
    for await (const { data } of readEvents(readBody(response, { vendor, what: WHAT, signal, maxBytes: MAX_BYTES, begun: () => begun }), { vendor, what: WHAT })) {
      if (data === '[DONE]') break;
      for (const part of stream.push(data)) {
        begun = true;
        yield part;
      }
    }
  } catch (error) {
    signal.throwIfAborted();
    // Whatever breaks after the model has said that it is through costs no more than the count of its tokens.
    if (!stream.isFinished) throw error;
  } finally {
    if (stream.inputTokens > 0) request.used('input_tokens', stream.inputTokens);
    if (stream.outputTokens > 0) request.used('output_tokens', stream.outputTokens);
  }
  if (!stream.isFinished) throw endedEarly(vendor, WHAT, begun);
}

/** A server that does not know the type of its own stream is forgiven; one that answers with JSON is not. */
const isEventStream = (response: Response): boolean => !/json|html|xml/i.test(response.headers.get('content-type') ?? '');

type Body = Omit<ChatCompletionCreateParamsStreaming, 'model'> & { readonly model?: string };

function toBody(options: OpenAiModelOptions, { messages, tools }: ChatRequest): Body {
  const { vendor, temperature, maxTokens } = options;
  const model = modelName(options);
  return {
    ...(model === undefined ? {} : { model }),
    messages: messages.map(toMessage),
    stream: true,
    // Yandex lists it among neither what it knows nor what it ignores; where it counts tokens unasked, they are taken.
    ...(vendor === 'yandex' ? {} : { stream_options: { include_usage: true } }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(maxTokens === undefined ? {} : takesCompletionTokens(vendor) ? { max_completion_tokens: maxTokens } : { max_tokens: maxTokens }),
    ...(tools.length === 0 ? {} : { tools: tools.map(({ name, description, parameters }) => ({ type: 'function' as const, function: { name, description, parameters: { ...parameters } } })) }),
  };
}

/** OpenAI's reasoning models refuse max_tokens; other servers know nothing else. */
const takesCompletionTokens = (vendor: OpenAiVendor): boolean => vendor === 'openai' || vendor === 'azure';

/** Yandex names its models by folder: `gpt://<folder>/yandexgpt/latest`. */
function modelName({ vendor, model, project }: OpenAiModelOptions): string | undefined {
  if (vendor !== 'yandex') return model;
  const name = model ?? 'yandexgpt/latest';
  return /^[a-z]+:\/\//.test(name) ? name : `gpt://${project ?? ''}/${name}`;
}

function toMessage(message: ChatMessage): ChatCompletionMessageParam {
  switch (message.role) {
    case 'system':
    case 'user':
      return { role: message.role, content: message.content };
    case 'tool':
      return { role: 'tool', tool_call_id: message.toolCallId, content: message.content };
    case 'assistant':
      return {
        role: 'assistant',
        content: message.content,
        ...(message.toolCalls === undefined || message.toolCalls.length === 0
          ? {}
          : { tool_calls: message.toolCalls.map(({ id, name, arguments: args }) => ({ id, type: 'function' as const, function: { name, arguments: args } })) }),
      };
  }
}
