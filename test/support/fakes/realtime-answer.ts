import type { Clock, Timer } from '../../../voice-node/domain/clock.js';
import { monotonicMs } from '../../../voice-node/domain/time.js';
import { ToneGenerator } from '../../../voice-node/dsp/tone.js';

export const FAKE_RATE_HZ = 24_000;

/** One thing an answer does, in the order given. */
export type FakePart =
  | { readonly type: 'say'; readonly text: string; /** At 24 kHz. Default: a tone of the response's own, 65 ms a letter. */ readonly audio?: Int16Array }
  | { readonly type: 'call'; readonly name: string; readonly args: unknown };

export interface FakeAnswerOptions {
  /** From `response.created` to the first output. */
  readonly thinkMs: number;
  /** Audio in one delta. */
  readonly deltaMs: number;
  /** How many times faster than speech audio is made. */
  readonly speed: number;
  /** Yandex names its stream of words differently. */
  readonly words: 'output_audio_transcript' | 'output_text';
}

export interface FakeItem {
  readonly id: string;
  readonly role: 'user' | 'assistant' | 'tool';
  text: string;
  /** What the caller said, at 24 kHz. */
  audio?: Int16Array;
  /** Of the robot's audio: made so far, and where it was truncated. */
  audioMs: number;
  truncatedMs?: number;
}

/** The tone of response number `n`: 50 Hz apart, so that a spectrum tells which one is heard. */
export const toneOf = (n: number): number => 300 + (n % 60) * 50;

export function toneFor(n: number, durationMs: number): Int16Array {
  const out = new Int16Array(Math.round((durationMs * FAKE_RATE_HZ) / 1000));
  new ToneGenerator({ rateHz: FAKE_RATE_HZ, frequencyHz: toneOf(n), levelDbfs: -12 }).fillInto(out);
  return out;
}

/** What an answer needs of its session. */
export interface AnswerHost {
  readonly clock: Clock;
  newId(kind: string): string;
  emit(event: Readonly<Record<string, unknown>>): void;
  addItem(item: FakeItem): void;
  /** Called before each event of output; false: something happened that ends the answer without a word. */
  proceed(moment: 'created' | 'audio'): boolean;
  finished(): void;
}

/** One response as it is made: its parts one after another, its audio in deltas at the given speed. */
export class FakeAnswer {
  readonly id: string;
  readonly number: number;
  readonly items: FakeItem[] = [];
  /** Audio without end. */
  endless = false;
  readonly #host: AnswerHost;
  readonly #options: FakeAnswerOptions;
  readonly #parts: FakePart[];
  #timer: Timer | undefined;
  #over = false;

  constructor(number: number, parts: readonly FakePart[], options: FakeAnswerOptions, host: AnswerHost) {
    this.number = number;
    this.#parts = [...parts];
    this.#options = options;
    this.#host = host;
    this.id = host.newId('resp');
    host.emit({ type: 'response.created', response: this.#response('in_progress') });
    this.#later(options.thinkMs, () => {
      if (host.proceed('created')) this.#nextPart();
    });
  }

  get over(): boolean {
    return this.#over;
  }

  /** `reason`: client_cancelled or turn_detected. */
  cancel(reason: string): void {
    this.#finish('cancelled', { type: 'cancelled', reason });
  }

  fail(type: string, code: string): void {
    this.#finish('failed', { type: 'failed', error: { type, code, message: 'a sentence that may hold what the caller said' } });
  }

  /** Stops without a word, as a server does that has died. */
  stop(): void {
    this.#over = true;
    this.#timer?.cancel();
  }

  #finish(status: string, details: unknown = null): void {
    if (this.#over) return;
    this.stop();
    const usage = { total_tokens: 30, input_tokens: 10, output_tokens: 20 };
    this.#host.emit({ type: 'response.done', response: { ...this.#response(status), status_details: details, usage } });
    this.#host.emit({ type: 'rate_limits.updated', rate_limits: [] });
    this.#host.finished();
  }

  #response(status: string): Record<string, unknown> {
    return { id: this.id, object: 'realtime.response', status, status_details: null, output: [], usage: null };
  }

  #later(ms: number, task: () => void): void {
    const { clock } = this.#host;
    this.#timer = clock.at(monotonicMs(clock.nowMs() + ms), () => {
      if (!this.#over) task();
    });
  }

  #nextPart(): void {
    const part = this.#parts.shift();
    if (part === undefined) return this.#finish('completed');
    if (part.type === 'call') return this.#call(part);
    this.#say(part);
  }

  #call({ name, args }: Extract<FakePart, { type: 'call' }>): void {
    const host = this.#host;
    const id = host.newId('item');
    const callId = host.newId('call');
    const written = typeof args === 'string' ? args : JSON.stringify(args);
    const item = { id, object: 'realtime.item', type: 'function_call', status: 'completed', name, call_id: callId, arguments: written };
    host.emit({ type: 'response.output_item.added', response_id: this.id, output_index: 0, item: { ...item, status: 'in_progress', arguments: '' } });
    host.addItem({ id, role: 'tool', text: `${name}(${written})`, audioMs: 0 });
    host.emit({ type: 'response.function_call_arguments.delta', response_id: this.id, item_id: id, output_index: 0, call_id: callId, delta: written });
    host.emit({ type: 'response.function_call_arguments.done', response_id: this.id, item_id: id, output_index: 0, call_id: callId, name, arguments: written });
    host.emit({ type: 'response.output_item.done', response_id: this.id, output_index: 0, item });
    this.#nextPart();
  }

  #say({ text, audio = toneFor(this.number, text.length * 65) }: Extract<FakePart, { type: 'say' }>): void {
    const host = this.#host;
    const item: FakeItem = { id: host.newId('item'), role: 'assistant', text: '', audioMs: 0 };
    this.items.push(item);
    const message = { id: item.id, object: 'realtime.item', type: 'message', role: 'assistant', status: 'in_progress', content: [] };
    host.emit({ type: 'response.output_item.added', response_id: this.id, output_index: 0, item: message });
    host.addItem(item);
    host.emit({ type: 'conversation.item.added', item: message, previous_item_id: null });
    host.emit({ type: 'response.content_part.added', ...this.#where(item), part: { type: 'audio', transcript: '' } });
    this.#stream(item, text.match(/\S+\s*/g) ?? [], audio, 0);
  }

  /** The words run ahead of the audio: all that belongs to the next two deltas is there before the first of them. */
  #stream(item: FakeItem, words: string[], audio: Int16Array, from: number): void {
    const host = this.#host;
    if (!host.proceed('audio') || this.#over) return;
    const { deltaMs, speed } = this.#options;
    const step = (deltaMs * FAKE_RATE_HZ) / 1000;
    const due = audio.length === 0 ? words.length : Math.ceil(((from + 2 * step) / audio.length) * (words.length + item.text.split(/\s+/).length - 1));
    const spoken = item.text.split(/\s+/).length - 1;
    for (const word of words.splice(0, Math.max(1, due - spoken))) {
      item.text += word;
      host.emit({ type: `response.${this.#options.words}.delta`, ...this.#where(item), delta: word });
    }
    const samples = audio.subarray(from, from + step);
    if (samples.length > 0) {
      item.audioMs += (samples.length * 1000) / FAKE_RATE_HZ;
      host.emit({ type: 'response.output_audio.delta', ...this.#where(item), delta: base64(samples) });
    }
    if (this.#over) return;
    if (from + step < audio.length) return this.#later(deltaMs / speed, () => this.#stream(item, words, audio, from + step));
    if (this.endless) return this.#later(deltaMs / speed, () => this.#stream(item, words, audio, 0));
    this.#said(item);
    this.#nextPart();
  }

  #said(item: FakeItem): void {
    const host = this.#host;
    const where = this.#where(item);
    host.emit({ type: 'response.output_audio.done', ...where });
    host.emit({ type: `response.${this.#options.words}.done`, ...where, [this.#options.words === 'output_text' ? 'text' : 'transcript']: item.text });
    host.emit({ type: 'response.content_part.done', ...where, part: { type: 'audio', transcript: item.text } });
    const message = { id: item.id, object: 'realtime.item', type: 'message', role: 'assistant', status: 'completed', content: [{ type: 'output_audio', transcript: item.text }] };
    host.emit({ type: 'conversation.item.done', item: message, previous_item_id: null });
    host.emit({ type: 'response.output_item.done', response_id: this.id, output_index: 0, item: message });
  }

  #where(item: FakeItem): Record<string, unknown> {
    return { response_id: this.id, item_id: item.id, output_index: 0, content_index: 0 };
  }
}

export const base64 = (samples: Int16Array): string => Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength).toString('base64');
