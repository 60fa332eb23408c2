import { ProviderError } from '../../domain/provider.js';
import { providerError } from './faults.js';
import { WINDOW, type AudioPiece, type Fault, type FromChild, type ToChild } from './protocol.js';

/** So many results are acknowledged together. */
const ACK_EVERY = 16;

/** Takes a message to the child; resolves when the channel has taken it, also where the child is gone. */
export type Send = (message: ToChild) => Promise<void>;

/** The node's end of one request. Iterated once; throws ProviderError. */
export class PluginStream implements AsyncIterable<unknown> {
  readonly id: number;
  readonly plugin: string;
  readonly #send: Send;
  readonly #onClosed: () => void;
  readonly #queue: unknown[] = [];
  #taken = 0;
  #begun = false;
  #ended = false;
  #isOver = false;
  #rateHz: number | undefined;
  #opened = false;
  #error: ProviderError | undefined;
  #wake: (() => void) | undefined;
  readonly #waitingToOpen: (() => void)[] = [];

  /** `onClosed` is called once, when the child need not know the request any more. */
  constructor(id: number, plugin: string, send: Send, onClosed: () => void) {
    this.id = id;
    this.plugin = plugin;
    this.#send = send;
    this.#onClosed = onClosed;
  }

  /** Whether nothing more can come or go. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /**
   * Resolves when the plugin has taken the request, with the rate it wants audio in, if it said one; undefined
   * where the stream was closed before. Rejects with the ProviderError that came instead.
   */
  async opened(): Promise<{ readonly rateHz: number | undefined } | undefined> {
    if (!this.#opened && !this.#isOver && !this.#ended) await new Promise<void>((resolve) => this.#waitingToOpen.push(resolve));
    if (this.#opened) return { rateHz: this.#rateHz };
    if (this.#error !== undefined) throw this.#error;
    return undefined;
  }

  /** Resolves when there is room for more. */
  async push(item: AudioPiece | string): Promise<void> {
    if (!this.#isOver && !this.#ended) await this.#send({ t: 'push', id: this.id, item });
  }

  async finish(): Promise<void> {
    if (!this.#isOver && !this.#ended) await this.#send({ t: 'finish', id: this.id });
  }

  /** Nobody wants more: the child is told unless it had finished. Idempotent. */
  close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#queue.length = 0;
    if (!this.#ended) {
      void this.#send({ t: 'abort', id: this.id });
      this.#onClosed();
    }
    this.#wakeAll();
  }

  /** The stream fails after what has come. */
  fail(error: ProviderError): void {
    if (this.#isOver || this.#ended) return;
    this.#error = error;
    this.#ended = true;
    this.#onClosed();
    this.#wakeAll();
  }

  /** The child has died: `how`. */
  lost(how: string): void {
    const code = this.#begun ? 'provider_broken' : 'provider_unreachable';
    this.fail(new ProviderError(code, `livekit:${this.plugin}: expected an answer, the plugin's process ended (${how})`));
  }

  handle(message: Extract<FromChild, { readonly id: number }>): void {
    if (this.#isOver || this.#ended) return;
    switch (message.t) {
      case 'opened':
        this.#rateHz = message.rateHz;
        this.#opened = true;
        break;
      case 'item':
        this.#begun = true;
        this.#queue.push(message.item);
        if (this.#queue.length > 2 * WINDOW) {
          void this.#send({ t: 'abort', id: this.id });
          return this.failed({ kind: 'overflow', detail: 'results' });
        }
        break;
      case 'end':
        this.#ended = true;
        this.#onClosed();
        break;
      case 'error':
        return this.failed(message.fault);
    }
    this.#wakeAll();
  }

  failed(fault: Fault): void {
    this.fail(providerError(this.plugin, fault, this.#begun));
  }

  /** What was to be sent could not be read to its end: the request cannot be answered. */
  feedFailed(error: unknown): void {
    if (this.#isOver || this.#ended) return;
    void this.#send({ t: 'abort', id: this.id });
    const kind = error instanceof Error ? error.name : typeof error;
    this.fail(new ProviderError('provider_broken', `livekit:${this.plugin}: expected the whole input, it failed with ${kind}`, { cause: error }));
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<unknown> {
    while (true) {
      if (this.#queue.length > 0) {
        const item = this.#queue.shift();
        this.#acknowledge();
        yield item;
      } else if (this.#isOver) return;
      else if (this.#error !== undefined) throw this.#error;
      else if (this.#ended) return;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  #acknowledge(): void {
    if (this.#ended || ++this.#taken < ACK_EVERY) return;
    void this.#send({ t: 'ack', id: this.id, count: this.#taken });
    this.#taken = 0;
  }

  #wakeAll(): void {
    this.#wake?.();
    this.#wake = undefined;
    for (const resolve of this.#waitingToOpen.splice(0)) resolve();
  }
}
