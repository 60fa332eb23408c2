import { ProviderError, type Vendor } from '../../domain/provider.js';
import type { FrameKind, Worker, WorkerListener, WorkerMessage } from './worker.js';

/** Partial results nobody has read yet; the newest ones count. */
const MAX_UNREAD = 64;

/** One utterance in a side process. `close` must be called, whatever happens. */
export class Job implements WorkerListener {
  readonly #vendor: Vendor;
  readonly #worker: Worker;
  readonly #signal: AbortSignal;
  readonly #unread: WorkerMessage[] = [];
  #error: ProviderError | undefined;
  #isFinal = false;
  #isClosed = false;
  #wake: (() => void) | undefined;
  readonly #onAbort = (): void => this.close();

  constructor(vendor: Vendor, worker: Worker, signal: AbortSignal) {
    this.#vendor = vendor;
    this.#worker = worker;
    this.#signal = signal;
    worker.begin(this);
    if (signal.aborted) this.close();
    else signal.addEventListener('abort', this.#onAbort);
  }

  /** Nothing that is sent has an effect any more. */
  get isOver(): boolean {
    return this.#isClosed || this.#isFinal || this.#error !== undefined;
  }

  /** Ends the utterance with an error of its own making. */
  fail(error: ProviderError): void {
    if (this.isOver) return;
    this.close();
    this.#error = error;
  }

  /** Hands over a frame; resolves when there is room for the next one, or when it is over. */
  async send(kind: FrameKind, payload?: Uint8Array): Promise<void> {
    if (this.isOver) return;
    if (!this.#worker.send(kind, payload)) await this.#worker.drained(this.#signal);
  }

  /** The next message; undefined: the utterance is over, by its final result or because nobody wants it any more. */
  async next(): Promise<WorkerMessage | undefined> {
    while (true) {
      const message = this.#unread.shift();
      if (message !== undefined) return message;
      if (this.#error !== undefined) throw this.#error;
      if (this.#isClosed || this.#isFinal) return undefined;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** Frees the worker: at once where the final result has come, else as soon as it has dropped the utterance. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#signal.removeEventListener('abort', this.#onAbort);
    if (this.#isFinal) this.#worker.finish();
    else if (this.#error === undefined) this.#worker.drop();
    this.#unread.length = 0;
    this.#wake?.();
  }

  message(message: WorkerMessage): void {
    if (message.type === 'failed') {
      // The worker has dropped the utterance itself, and is free.
      this.#error = new ProviderError('provider_rejected', `${this.#vendor}: expected a model that works, got: ${message.text.slice(0, 300)}`);
      this.#worker.finish();
    } else {
      if (this.#unread.length >= MAX_UNREAD) this.#unread.shift();
      this.#unread.push(message);
      this.#isFinal = message.type === 'final';
    }
    this.#wake?.();
  }

  lost(error: ProviderError): void {
    this.#error = error;
    this.#wake?.();
  }
}
