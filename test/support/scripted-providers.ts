import type { Audio } from '../../voice-node/domain/audio.js';
import type { Clock } from '../../voice-node/domain/clock.js';
import type { ChatMessage, ChatPart, ChatRequest, LanguageModel } from '../../voice-node/domain/llm.js';
import { ProviderError, type ProviderRequest, type Vendor } from '../../voice-node/domain/provider.js';
import type { SpeechToText, TranscribeRequest, Transcript } from '../../voice-node/domain/stt.js';
import { monotonicMs } from '../../voice-node/domain/time.js';
import type { SpeakRequest, TextToSpeech } from '../../voice-node/domain/tts.js';
import { whileWanted } from '../../voice-node/orchestrators/abortable.js';
import { WordCode } from './word-code.js';

/** When a scripted provider goes wrong, and how: an error, or silence until it is aborted. */
export interface Fault {
  /** Before it is connected; before the first result; after the first; when all results but the end are there. */
  readonly at: 'connect' | 'first' | 'middle' | 'end';
  readonly error: ProviderError | 'hang';
}

export const broken = (at: Fault['at'], code: ProviderError['code'] = 'provider_broken'): Fault => ({
  at,
  error: new ProviderError(code as ConstructorParameters<typeof ProviderError>[0], `scripted: ${code}`),
});
export const hanging = (at: Fault['at']): Fault => ({ at, error: 'hang' });

/** Waits on the clock; ends at once when `signal` aborts. Leaves no timer behind. */
export function sleep(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted || ms <= 0) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      timer.cancel();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = clock.at(monotonicMs(clock.nowMs() + ms), done);
    signal.addEventListener('abort', done);
  });
}

const gone = (signal: AbortSignal): Promise<void> =>
  signal.aborted ? Promise.resolve() : new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));

/** To be awaited at each moment of a request; true: stop. Throws or hangs where that is the fault. */
type Moments = (moment: Fault['at']) => Promise<boolean>;

/** What all three have in common: counting what is open, and going wrong as they were told. */
abstract class Scripted {
  readonly vendor: Vendor = 'local';
  /** Requests that have not ended. */
  open = 0;
  /** The most there ever were at once. */
  mostOpen = 0;
  /** Requests so far. */
  requests = 0;
  /** Requests that were aborted before they had ended. */
  aborted = 0;
  closed = false;
  protected readonly clock: Clock;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  close(): void {
    this.closed = true;
  }

  /** Runs one request: `work` is given what it has to call at each of its moments; true means: stop. */
  protected async *request<T>(request: ProviderRequest, fault: Fault | undefined, work: (at: Moments) => AsyncGenerator<T>): AsyncGenerator<T, void, undefined> {
    const { signal } = request;
    this.requests++;
    this.open++;
    this.mostOpen = Math.max(this.mostOpen, this.open);
    let ended = false;
    try {
      yield* work(async (moment) => {
        if (fault?.at === moment && !signal.aborted) {
          if (fault.error !== 'hang') throw fault.error;
          await gone(signal);
        }
        return signal.aborted;
      });
      ended = !signal.aborted;
    } finally {
      this.open--;
      if (!ended) this.aborted++;
    }
  }
}

/** What the recogniser makes of one utterance. */
export interface SttScript {
  /** Partial transcripts, and when they come: ms after the request. Those after the end of speech do not come. */
  readonly partials?: readonly { readonly atMs: number; readonly text: string }[];
  readonly final: string;
}

export interface ScriptedSttOptions {
  /** The utterance number `n`, from 0. */
  script(n: number): SttScript;
  readonly connectMs?: number;
  /** From the end of speech to the final transcript. */
  readonly finalMs?: number;
  fault?(n: number): Fault | undefined;
}

export class ScriptedStt extends Scripted implements SpeechToText {
  /** Samples of speech that each request was given, in order. */
  readonly heard: number[] = [];
  readonly #options: ScriptedSttOptions;

  constructor(clock: Clock, options: ScriptedSttOptions) {
    super(clock);
    this.#options = options;
  }

  transcribe(request: TranscribeRequest): AsyncIterable<Transcript> {
    const n = this.requests;
    this.heard[n] = 0;
    void this.#listen(request, n);
    return this.request(request, this.#options.fault?.(n), (at) => this.#transcribe(request, n, at));
  }

  async *#transcribe({ signal, speech, connected }: TranscribeRequest, n: number, at: Moments): AsyncGenerator<Transcript> {
    const { connectMs = 0, finalMs = 0 } = this.#options;
    const { partials = [], final } = this.#options.script(n);
    const beginMs = this.clock.nowMs();
    await sleep(this.clock, connectMs, signal);
    if (await at('connect')) return;
    connected();
    if (await at('first')) return;
    const silent = new AbortController();
    signal.addEventListener('abort', () => silent.abort(), { once: true });
    void speech.ended.then(() => silent.abort());
    for (const partial of partials) {
      await sleep(this.clock, beginMs + partial.atMs - this.clock.nowMs(), silent.signal);
      if (silent.signal.aborted) break;
      yield { text: partial.text, final: false };
    }
    if (await at('middle')) return;
    await gone(silent.signal);
    await sleep(this.clock, finalMs, signal);
    if (await at('end')) return;
    yield { text: final, final: true };
  }

  async #listen({ speech, signal }: TranscribeRequest, n: number): Promise<void> {
    for await (const piece of speech) {
      if (signal.aborted) return;
      this.heard[n] = (this.heard[n] as number) + piece.length;
    }
  }
}

export interface ScriptedLlmOptions {
  /** The answer to request number `n`, from 0: a text, cut into tokens, or parts, each of which comes whole. */
  answer(messages: readonly ChatMessage[], n: number): string | readonly ChatPart[];
  readonly connectMs?: number;
  /** From the connection to the first token. */
  readonly firstMs?: number;
  /** Default: all at once. */
  readonly tokensPerSecond?: number;
  fault?(n: number): Fault | undefined;
}

export class ScriptedLlm extends Scripted implements LanguageModel {
  /** What it was asked. */
  readonly asked: { readonly atMs: number; readonly messages: readonly ChatMessage[]; readonly tools: readonly string[] }[] = [];
  /** When it wrote each part of its answers. */
  readonly wrote: { readonly atMs: number; readonly request: number; readonly part: ChatPart }[] = [];
  readonly #options: ScriptedLlmOptions;

  constructor(clock: Clock, options: ScriptedLlmOptions) {
    super(clock);
    this.#options = options;
  }

  answer(request: ChatRequest): AsyncIterable<ChatPart> {
    const n = this.requests;
    this.asked.push({ atMs: this.clock.nowMs(), messages: structuredClone(request.messages), tools: request.tools.map((tool) => tool.name) });
    const answer = this.#options.answer(request.messages, n);
    const parts = typeof answer === 'string' ? tokensOf(answer).map((delta) => ({ type: 'text', delta }) as const) : answer;
    return this.request(request, this.#options.fault?.(n), (at) => this.#write(request, parts, n, at));
  }

  async *#write({ signal, connected, used }: ChatRequest, parts: readonly ChatPart[], n: number, at: Moments): AsyncGenerator<ChatPart> {
    const { connectMs = 0, firstMs = 0, tokensPerSecond = Infinity } = this.#options;
    await sleep(this.clock, connectMs, signal);
    if (await at('connect')) return;
    connected();
    await sleep(this.clock, firstMs, signal);
    if (await at('first')) return;
    for (const [i, part] of parts.entries()) {
      if (i === Math.max(1, Math.ceil(parts.length / 2)) && (await at('middle'))) return;
      if (i > 0) await sleep(this.clock, 1000 / tokensPerSecond, signal);
      if (signal.aborted) return;
      this.wrote.push({ atMs: this.clock.nowMs(), request: n, part });
      yield part;
    }
    if (await at('end')) return;
    used('output_tokens', parts.length);
  }
}

/** About what a tokenizer makes of it: words with the blank before them, long ones in parts. */
export const tokensOf = (text: string): string[] => text.match(/\s*[^\s]{1,6}|\s+$/gu) ?? [];

export interface ScriptedTtsOptions {
  readonly connectMs?: number;
  /** From the connection (and the first piece of a stream) to the first audio. */
  readonly firstMs?: number;
  /** How many times faster than speech the audio comes. Default: all at once. */
  readonly pace?: number;
  /** Length of the pieces of audio. Default 100. */
  readonly pieceMs?: number;
  /** Silence in front of what is said. */
  readonly silenceMs?: number;
  readonly takesStream?: boolean;
  /** Shared where several are to be told apart in one recording. */
  readonly code?: WordCode;
  fault?(n: number): Fault | undefined;
}

/** A voice whose words can be read back out of the samples; see `WordCode`. */
export class ScriptedTts extends Scripted implements TextToSpeech {
  readonly voiceKey = 'scripted';
  readonly takesStream: boolean;
  readonly code: WordCode;
  /** What it was given to say. */
  readonly spoken: { readonly atMs: number; text: string }[] = [];
  readonly #options: ScriptedTtsOptions;

  constructor(clock: Clock, options: ScriptedTtsOptions = {}) {
    super(clock);
    this.#options = options;
    this.takesStream = options.takesStream ?? false;
    this.code = options.code ?? new WordCode();
  }

  speak(request: SpeakRequest): AsyncIterable<Audio> {
    const n = this.requests;
    if (typeof request.text !== 'string' && !this.takesStream) throw new Error('expected a string, got a stream');
    return this.request(request, this.#options.fault?.(n), (at) => this.#speak(request, at));
  }

  async *#speak({ signal, text, connected, used }: SpeakRequest, at: Moments): AsyncGenerator<Audio> {
    const { connectMs = 0, firstMs = 0, silenceMs = 0 } = this.#options;
    const entry = { atMs: this.clock.nowMs(), text: '' };
    this.spoken.push(entry);
    await sleep(this.clock, connectMs, signal);
    if (await at('connect')) return;
    connected();
    let first = true;
    for await (const piece of whileWanted(typeof text === 'string' ? once(text) : text, signal)) {
      entry.text += piece;
      if (first) await sleep(this.clock, firstMs, signal);
      if (first && (await at('first'))) return;
      yield* this.#say(piece, first ? silenceMs : 0, signal, at);
      first = false;
    }
    if (await at('end')) return;
    used('characters', entry.text.length);
  }

  async *#say(text: string, silenceMs: number, signal: AbortSignal, at: Moments): AsyncGenerator<Audio> {
    const { pace = Infinity, pieceMs = 100 } = this.#options;
    const { samples, rateHz } = this.code.say(text, silenceMs);
    const step = Math.round((pieceMs * rateHz) / 1000);
    const middle = Math.floor(samples.length / 2 / step) * step;
    for (let from = 0; from < samples.length; from += step) {
      if (from > 0) await sleep(this.clock, pieceMs / pace, signal);
      if (from === Math.max(step, middle) && (await at('middle'))) return;
      if (signal.aborted) return;
      yield { samples: samples.slice(from, from + step), rateHz };
    }
  }
}

async function* once(text: string): AsyncGenerator<string> {
  yield await Promise.resolve(text);
}
