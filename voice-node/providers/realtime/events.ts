import { ProviderError, type Vendor } from '../../domain/provider.js';
import { identifierOf, type TroubleFields } from './failures.js';

/** What a server says, as far as it matters here. `ignored` is everything else that the protocol has or will have. */
export type ServerEvent =
  | { readonly type: 'session_updated' }
  | { readonly type: 'speech_started' | 'speech_stopped' | 'committed'; readonly itemId: string }
  | { readonly type: 'transcript'; readonly itemId: string; readonly text: string; readonly final: boolean; readonly usage: TranscriptUsage }
  | { readonly type: 'response_created'; readonly responseId: string }
  | { readonly type: 'text'; readonly responseId: string; readonly itemId: string; readonly text: string; /** Which of the two streams of words. */ readonly stream: string; readonly whole: boolean }
  | { readonly type: 'audio'; readonly responseId: string; readonly itemId: string; readonly samples: Int16Array }
  | { readonly type: 'tool_call'; readonly responseId: string; readonly callId: string; readonly name: string; readonly args: string }
  | { readonly type: 'response_done'; readonly responseId: string; readonly status: string; readonly usage: TokenUsage; readonly trouble: TroubleFields }
  | { readonly type: 'error'; /** The event of ours that it is about. */ readonly eventId: string | undefined; readonly trouble: TroubleFields }
  | { readonly type: 'ignored' };

export interface TokenUsage {
  readonly inputTokens: number;
  readonly outputTokens: number;
}
export interface TranscriptUsage extends TokenUsage {
  readonly seconds: number;
}

type Json = Readonly<Record<string, unknown>>;
const IGNORED: ServerEvent = { type: 'ignored' };

const objectOf = (value: unknown): Json => (typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {});
const amountOf = (value: unknown): number => (typeof value === 'number' && value > 0 && Number.isFinite(value) ? value : 0);
const tokensOf = (usage: Json): TokenUsage => ({ inputTokens: amountOf(usage.input_tokens), outputTokens: amountOf(usage.output_tokens) });
const troubleOf = (error: Json): TroubleFields => ({ type: identifierOf(error.type), code: identifierOf(error.code) });

/** Takes one message apart. Throws ProviderError `provider_protocol` for what is no message of this protocol. */
export function parseServerEvent(vendor: Vendor, text: string): ServerEvent {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw malformed(vendor, 'JSON', `${text.length} characters that are none`);
  }
  const event = objectOf(parsed);
  if (typeof event.type !== 'string') throw malformed(vendor, 'an event with a type', Array.isArray(parsed) ? 'a list' : typeof parsed);
  return new Reader(vendor, event, event.type).read();
}

const malformed = (vendor: Vendor, expected: string, got: string): ProviderError =>
  new ProviderError('provider_protocol', `${vendor} realtime: expected ${expected}, got ${got}`);

class Reader {
  readonly #vendor: Vendor;
  readonly #event: Json;
  readonly #type: string;

  constructor(vendor: Vendor, event: Json, type: string) {
    this.#vendor = vendor;
    this.#event = event;
    this.#type = type;
  }

  read(): ServerEvent {
    const event = this.#event;
    switch (this.#type) {
      case 'session.updated':
        return { type: 'session_updated' };
      case 'input_audio_buffer.speech_started':
        return { type: 'speech_started', itemId: this.#string('item_id') };
      case 'input_audio_buffer.speech_stopped':
        return { type: 'speech_stopped', itemId: this.#string('item_id') };
      case 'input_audio_buffer.committed':
        // Some servers do not name the item; its transcript can then not be told from others, and is not missed.
        return { type: 'committed', itemId: typeof event.item_id === 'string' ? event.item_id : '' };
      case 'conversation.item.input_audio_transcription.delta':
        return this.#transcript(this.#string('delta'), false);
      case 'conversation.item.input_audio_transcription.completed':
        return this.#transcript(this.#string('transcript'), true);
      case 'conversation.item.input_audio_transcription.failed':
        return this.#transcript('', true);
      case 'error':
        // Azure and OpenAI put it into `error`; Yandex also sends it bare.
        return { type: 'error', eventId: identifierOf(objectOf(event.error).event_id), trouble: troubleOf(event.error === undefined ? { code: event.code } : objectOf(event.error)) };
      default:
        return this.#type.startsWith('response.') ? this.#response() : IGNORED;
    }
  }

  #response(): ServerEvent {
    const event = this.#event;
    switch (this.#type) {
      case 'response.created':
        return { type: 'response_created', responseId: this.#responseId() };
      // OpenAI writes down what it says; Yandex says what it has written: the words come in either stream.
      case 'response.output_audio_transcript.delta':
        return this.#text(this.#string('delta'), 'transcript', false);
      case 'response.output_text.delta':
        return this.#text(this.#string('delta'), 'text', false);
      case 'response.output_audio_transcript.done':
        return this.#text(this.#string('transcript'), 'transcript', true);
      case 'response.output_text.done':
        return this.#text(this.#string('text'), 'text', true);
      case 'response.output_audio.delta':
        return { type: 'audio', responseId: this.#string('response_id'), itemId: this.#string('item_id'), samples: this.#samples(this.#string('delta')) };
      case 'response.output_item.done': {
        const item = objectOf(event.item);
        return item.type === 'function_call' ? this.#toolCall(item) : IGNORED;
      }
      case 'response.done': {
        const response = objectOf(event.response);
        const status = typeof response.status === 'string' ? response.status : 'completed';
        return { type: 'response_done', responseId: this.#responseId(), status, usage: tokensOf(objectOf(response.usage)), trouble: troubleOf(objectOf(objectOf(response.status_details).error)) };
      }
      default:
        return IGNORED;
    }
  }

  #text(text: string, stream: string, whole: boolean): ServerEvent {
    return { type: 'text', responseId: this.#string('response_id'), itemId: this.#string('item_id'), text, stream, whole };
  }

  #toolCall(item: Json): ServerEvent {
    const { call_id: callId, name, arguments: args } = item;
    if (typeof callId !== 'string' || typeof name !== 'string') throw this.#wrong('a function_call with call_id and name', 'one without');
    return { type: 'tool_call', responseId: this.#string('response_id'), callId, name, args: typeof args === 'string' ? args : '' };
  }

  #transcript(text: string, final: boolean): ServerEvent {
    const usage = objectOf(this.#event.usage);
    return { type: 'transcript', itemId: this.#string('item_id'), text, final, usage: { ...tokensOf(usage), seconds: amountOf(usage.seconds) } };
  }

  /**
   * Node decodes what it can of broken base64 and says nothing, so the length is checked: every four characters
   * are three bytes, less the padding (RFC 4648 section 4).
   */
  #samples(base64: string): Int16Array {
    const bytes = Buffer.from(base64, 'base64');
    const padding = base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0;
    if (base64.length % 4 !== 0 || bytes.length !== (base64.length / 4) * 3 - padding) throw this.#wrong('base64', `${base64.length} characters that are none`);
    if (bytes.length % 2 !== 0) throw this.#wrong('samples of two bytes', `${bytes.length} bytes`);
    const samples = new Int16Array(bytes.length / 2);
    bytes.copy(new Uint8Array(samples.buffer));
    return samples;
  }

  #responseId(): string {
    const { id } = objectOf(this.#event.response);
    if (typeof id !== 'string' || id === '') throw this.#wrong('a response with an id', 'one without');
    return id;
  }

  #string(field: string): string {
    const value = this.#event[field];
    if (typeof value !== 'string') throw this.#wrong(`a text as ${field}`, value === undefined ? 'none' : typeof value);
    return value;
  }

  #wrong(expected: string, got: string): ProviderError {
    return malformed(this.#vendor, `${expected} in ${identifierOf(this.#type) ?? 'an event'}`, got);
  }
}
