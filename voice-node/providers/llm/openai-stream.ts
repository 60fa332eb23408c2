import type { ChatPart } from '../../domain/llm.js';
import { ProviderError, type Vendor } from '../../domain/provider.js';
import { errorIdentifier } from '../http/errors.js';

/** What is asked for, for error messages. */
export const WHAT = 'an answer';

interface OpenCall {
  id: string;
  name: string;
  arguments: string;
}

type Json = Readonly<Record<string, unknown>>;

/** Turns the chunks of one streamed chat completion into parts. Tool calls come in pieces and are given out whole. */
export class ChatStream {
  readonly #vendor: Vendor;
  /** In the order of their beginning. */
  readonly #calls: OpenCall[] = [];
  /** The call that a server means by an index. */
  readonly #byIndex = new Map<number, OpenCall>();
  #begun = false;
  #finished = false;
  #inputTokens = 0;
  #outputTokens = 0;

  constructor(vendor: Vendor) {
    this.#vendor = vendor;
  }

  /** The model has said that it is through. A stream that ends without this was broken off. */
  get isFinished(): boolean {
    return this.#finished;
  }

  /** As last told: in a chunk of its own at the end, in every chunk (then the sum so far), or never (0). */
  get inputTokens(): number {
    return this.#inputTokens;
  }

  get outputTokens(): number {
    return this.#outputTokens;
  }

  /** The data of one event. Throws `ProviderError`: what came is no chunk, or an error of the server's. */
  push(data: string): ChatPart[] {
    const chunk = this.#parse(data);
    if (chunk['error'] !== undefined && chunk['error'] !== null) throw this.#failure(chunk['error'], data);
    const usage = chunk['usage'];
    if (isObject(usage)) this.#count(usage);
    const choices = chunk['choices'];
    // Without choices: the count of tokens, or the findings of Azure's content filter.
    if (!Array.isArray(choices)) {
      if (isObject(usage)) return [];
      throw this.#wrong('a chunk without choices');
    }
    const parts: ChatPart[] = [];
    for (const choice of choices as unknown[]) {
      if (!isObject(choice)) throw this.#wrong('a choice that is no object');
      // Only one answer was asked for.
      if ((choice['index'] ?? 0) === 0) parts.push(...this.#choice(choice));
    }
    if (parts.length > 0) this.#begun = true;
    return parts;
  }

  #choice(choice: Json): ChatPart[] {
    const parts: ChatPart[] = [];
    const delta = choice['delta'];
    if (isObject(delta)) {
      // A refusal is said as well: it is the model's answer.
      for (const text of [delta['content'], delta['refusal']]) {
        if (typeof text === 'string' && text !== '') parts.push({ type: 'text', delta: text });
        else if (text !== undefined && text !== null && typeof text !== 'string') throw this.#wrong('content that is no text');
      }
      if (Array.isArray(delta['tool_calls'])) for (const call of delta['tool_calls'] as unknown[]) this.#call(call);
    }
    const reason = choice['finish_reason'];
    if (typeof reason !== 'string' || reason === '' || this.#finished) return parts;
    if (reason === 'error') throw this.#failure({}, '');
    if (reason === 'content_filter' && parts.length === 0 && !this.#begun) {
      throw new ProviderError('provider_rejected', `${this.#vendor}: expected ${WHAT}, the content filter let none through`);
    }
    // A call that was cut by the token limit has half its arguments; what checks them will say so.
    parts.push(...this.#wholeCalls());
    this.#finished = true;
    return parts;
  }

  /** A piece of a call: the first has id and name, the others more of its arguments. */
  #call(piece: unknown): void {
    const called = isObject(piece) ? piece['function'] : undefined;
    if (!isObject(piece) || !isObject(called)) throw this.#wrong('a tool call without a function');
    const id = typeof piece['id'] === 'string' && piece['id'] !== '' ? piece['id'] : undefined;
    const name = typeof called['name'] === 'string' && called['name'] !== '' ? called['name'] : undefined;
    const index = typeof piece['index'] === 'number' ? piece['index'] : undefined;
    const last = this.#calls.at(-1);
    // Without an index: a piece that names no call goes on with the last one.
    let open = index !== undefined ? this.#byIndex.get(index) : (id === undefined && name === undefined) || last?.id === id ? last : undefined;
    // Some servers give every call the index 0: another id begins another call.
    if (open !== undefined && id !== undefined && open.id !== '' && open.id !== id) open = undefined;
    if (open === undefined) {
      open = { id: '', name: '', arguments: '' };
      this.#calls.push(open);
      if (index !== undefined) this.#byIndex.set(index, open);
    }
    if (id !== undefined) open.id = id;
    if (name !== undefined && open.name === '') open.name = name;
    const args = called['arguments'];
    if (typeof args === 'string') open.arguments += args;
    else if (isObject(args)) open.arguments += JSON.stringify(args);
  }

  #wholeCalls(): ChatPart[] {
    return this.#calls.map(({ id, name, arguments: args }, place) => {
      if (name === '') throw this.#wrong('a tool call without a name');
      // A call without arguments: nothing at all, which is no JSON, and servers refuse it in the history.
      return { type: 'tool_call', id: id === '' ? `call_${place}` : id, name, arguments: args.trim() === '' ? '{}' : args };
    });
  }

  #count(usage: Json): void {
    const input = usage['prompt_tokens'];
    const output = usage['completion_tokens'];
    if (typeof input === 'number' && Number.isFinite(input)) this.#inputTokens = input;
    if (typeof output === 'number' && Number.isFinite(output)) this.#outputTokens = output;
  }

  #parse(data: string): Json {
    let value: unknown;
    try {
      value = JSON.parse(data);
    } catch {
      throw this.#wrong(`${data.length} characters that are no JSON`);
    }
    if (!isObject(value)) throw this.#wrong('JSON that is no object');
    return value;
  }

  #wrong(came: string): ProviderError {
    return new ProviderError('provider_protocol', `${this.#vendor}: expected a chunk of ${WHAT}, got ${came}`);
  }

  /** An error in the middle of a stream that began with 200: the status can no longer say it. */
  #failure(error: unknown, data: string): ProviderError {
    const identifier = errorIdentifier(data);
    const message = `${this.#vendor}: expected ${this.#begun ? 'the rest of ' : ''}${WHAT}, got an error${identifier === undefined ? '' : ` (${identifier})`}`;
    if (this.#begun) return new ProviderError('provider_broken', message);
    const status = isObject(error) ? Number(error['code'] ?? error['status']) : NaN;
    if (status === 429 || /rate_?limit|quota/i.test(identifier ?? '')) return new ProviderError('provider_rate_limited', message);
    if (status === 401 || status === 403) return new ProviderError('provider_auth', message);
    if (status >= 400 && status < 500) return new ProviderError('provider_rejected', message);
    return new ProviderError('provider_unavailable', message);
  }
}

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);
