import type { Clock } from '../../domain/clock.js';
import { ProviderError, type Vendor } from '../../domain/provider.js';
import { Backlog } from './backlog.js';
import type { RealtimeSocket } from './socket.js';

/** What may wait for the session to be ready: more than the longest utterance with its history. */
const WAITING_BYTES = 8 * 1024 * 1024;

/** A message, or the wish for an answer, whose deadline counts from when it can be made. */
type Waiting = string | { readonly instructions: string | undefined };

/** What a session sends: kept in order until it is ready, then watched for a peer that does not read. */
export class Outbox {
  readonly #vendor: Vendor;
  readonly #clock: Clock;
  readonly #failed: (error: ProviderError) => void;
  readonly #backlog = new Backlog();
  #socket: RealtimeSocket | undefined;
  #waiting: Waiting[] = [];
  #waitingBytes = 0;

  constructor(vendor: Vendor, clock: Clock, failed: (error: ProviderError) => void) {
    this.#vendor = vendor;
    this.#clock = clock;
    this.#failed = failed;
  }

  post(text: string): void {
    const socket = this.#socket;
    if (socket === undefined) return this.#wait(text);
    socket.send(text);
    const { bufferedBytes } = socket;
    if (!this.#backlog.sent(text.length, bufferedBytes, this.#clock.nowMs())) return;
    this.#failed(new ProviderError('provider_broken', `${this.#vendor} realtime: the other side does not take what we send (${bufferedBytes} bytes wait)`));
  }

  /** Only before `release`. */
  wish(instructions: string | undefined): void {
    this.#waiting.push({ instructions });
  }

  dropWishes(): void {
    this.#waiting = this.#waiting.filter((entry) => typeof entry === 'string');
  }

  /** The session is ready: what waited goes out in its order. */
  release(socket: RealtimeSocket, respond: (instructions: string | undefined) => void): void {
    this.#socket = socket;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const entry of waiting) {
      if (typeof entry === 'string') this.post(entry);
      else respond(entry.instructions);
    }
  }

  clear(): void {
    this.#waiting = [];
  }

  #wait(text: string): void {
    this.#waiting.push(text);
    this.#waitingBytes += text.length;
    if (this.#waitingBytes > WAITING_BYTES) this.#failed(new ProviderError('provider_overflow', `expected at most ${WAITING_BYTES} bytes to wait for a session, got more`));
  }
}
