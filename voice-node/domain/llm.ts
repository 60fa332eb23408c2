import type { ProviderRequest, Vendor } from './provider.js';
import type { ToolSpec } from './tools.js';

export interface ToolCall {
  readonly id: string;
  readonly name: string;
  /** JSON as the model wrote it: to be checked. */
  readonly arguments: string;
}

export type ChatMessage =
  | { readonly role: 'system' | 'user'; readonly content: string }
  | { readonly role: 'assistant'; readonly content: string; readonly toolCalls?: readonly ToolCall[] }
  | { readonly role: 'tool'; readonly toolCallId: string; readonly content: string };

export interface ChatRequest extends ProviderRequest {
  readonly messages: readonly ChatMessage[];
  readonly tools: readonly ToolSpec[];
}

/** A piece of the answer, in the order the model makes them. A tool call comes whole. */
export type ChatPart = { readonly type: 'text'; readonly delta: string } | ({ readonly type: 'tool_call' } & ToolCall);

/** A language model. One per robot, shared by its calls. */
export interface LanguageModel {
  readonly vendor: Vendor;
  answer(request: ChatRequest): AsyncIterable<ChatPart>;
  close?(): void;
}
