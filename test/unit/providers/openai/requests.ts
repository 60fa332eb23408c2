import type { Audio } from '../../../../voice-node/domain/audio.js';
import type { ChatMessage, ChatPart, ChatRequest, LanguageModel } from '../../../../voice-node/domain/llm.js';
import type { ProviderRequest, UsageUnit } from '../../../../voice-node/domain/provider.js';
import type { SpeechFeed } from '../../../../voice-node/domain/stt.js';
import type { ToolSpec } from '../../../../voice-node/domain/tools.js';

/** A request that writes down what the provider told it. */
export interface Watched extends ProviderRequest {
  readonly controller: AbortController;
  readonly usage: Partial<Record<UsageUnit, number>>;
  connectedTimes: number;
}

export function watched(): Watched {
  const controller = new AbortController();
  const usage: Partial<Record<UsageUnit, number>> = {};
  const request: Watched = {
    controller,
    usage,
    signal: controller.signal,
    connectedTimes: 0,
    connected: () => void request.connectedTimes++,
    used: (unit, amount) => void (usage[unit] = (usage[unit] ?? 0) + amount),
  };
  return request;
}

export const WEATHER: ToolSpec = {
  name: 'weather',
  description: 'The weather of a city',
  parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
};

export const chatRequest = (watch: Watched, messages: readonly ChatMessage[], tools: readonly ToolSpec[] = []): ChatRequest => ({ ...watch, connected: watch.connected, messages, tools });

export const user = (content: string): ChatMessage => ({ role: 'user', content });

export async function parts(model: LanguageModel, request: ChatRequest): Promise<ChatPart[]> {
  const all = [];
  for await (const part of model.answer(request)) all.push(part);
  return all;
}

/** The text of an answer, all of it. */
export const textOf = (all: readonly ChatPart[]): string => all.map((part) => (part.type === 'text' ? part.delta : '')).join('');

/** An utterance in frames of 20 ms that has ended. */
export function feedOf({ samples, rateHz }: Audio): SpeechFeed {
  return {
    rateHz: rateHz as SpeechFeed['rateHz'],
    ended: Promise.resolve(),
    async *[Symbol.asyncIterator]() {
      await Promise.resolve();
      const frame = rateHz / 50;
      for (let at = 0; at < samples.length; at += frame) yield samples.subarray(at, at + frame);
    },
  };
}

/** A caller who never stops, and never says anything more. */
export const endlessFeed: SpeechFeed = {
  rateHz: 16_000,
  ended: new Promise(() => undefined),
  [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => undefined) }),
};

export function tone(seconds: number, rateHz: number, frequencyHz = 440): Audio {
  return { rateHz, samples: Int16Array.from({ length: Math.round(seconds * rateHz) }, (_, i) => Math.round(8000 * Math.sin((2 * Math.PI * frequencyHz * i) / rateHz))) };
}
