import { WebSocket, type ClientOptions, type RawData } from 'ws';
import type { Audio } from '../../domain/audio.js';
import type { Clock, Timer } from '../../domain/clock.js';
import { ProviderError, type ProviderRequest } from '../../domain/provider.js';
import { monotonicMs } from '../../domain/time.js';
import { networkError, statusError } from '../http/errors.js';
import { PcmPieces } from '../http/pcm-pieces.js';
import { Inbox } from '../net/inbox.js';
import type { SocksProxy } from '../net/socks.js';
import { until } from '../net/until.js';
import { errorOfClose, firstMessage, KEEP_ALIVE_MESSAGE, LAST_MESSAGE, readMessage, textMessage } from './elevenlabs-messages.js';

export interface StreamOptions {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly rateHz: number;
  readonly speed: number | undefined;
  readonly proxy: SocksProxy | undefined;
  readonly clock: Clock;
}

const WHAT = 'speech over a WebSocket';
/** Some seconds of audio; no message is longer. */
const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;
const MAX_WAITING_MESSAGES = 64;
/** The server has this long to answer our good-bye. */
const CLOSE_LIMIT_MS = 1000;
/** After 20 s without text the server gives up (elevenlabs-docs, `inactivity_timeout`). */
const QUIET_MS = 10_000;

/** Speaks a text while it is being written: one connection a text. */
export class StreamInput {
  readonly #options: StreamOptions;
  readonly #request: ProviderRequest;
  readonly #over = new AbortController();
  readonly #inbox: Inbox<string>;
  readonly #socket: WebSocket;
  #timer: Timer | undefined;
  #textEnded = false;
  #isComplete = false;
  #isOpen = false;
  #begun = false;

  constructor(options: StreamOptions, request: ProviderRequest) {
    this.#options = options;
    this.#request = request;
    this.#inbox = new Inbox(MAX_WAITING_MESSAGES, (isHigh) => this.#hold(isHigh));
    const { url, headers, proxy } = options;
    const createConnection = proxy?.connection(url.startsWith('wss:'), this.#over.signal) as ClientOptions['createConnection'];
    // Deflating base64 of noise costs memory and time for nothing.
    const rules = { perMessageDeflate: false, maxPayload: MAX_MESSAGE_BYTES, closeTimeout: CLOSE_LIMIT_MS };
    try {
      this.#socket = new WebSocket(url, { ...rules, headers: { ...headers }, ...(createConnection && { createConnection }) });
    } catch {
      // Its message would quote what is wrong, such as a line break in the key.
      throw new ProviderError('provider_rejected', 'elevenlabs tts: expected a key and an address that can be sent, got characters that may not be there');
    }
  }

  /** The audio as it comes, until all of `text` is spoken. Whatever happens, nothing stays open. */
  async *speak(text: AsyncIterable<string>): AsyncGenerator<Audio> {
    const { signal } = this.#request;
    const stop = (): void => this.#inbox.end();
    signal.addEventListener('abort', stop);
    this.#listen(text);
    const pieces = new PcmPieces(this.#options.rateHz);
    try {
      if (signal.aborted) return;
      for await (const message of this.#inbox.read()) {
        for (const part of readMessage(message, this.#begun)) {
          // A final that comes before we have said that the text ends is that of a flush.
          this.#isComplete ||= part.type === 'final' && this.#textEnded;
          const piece = part.type === 'audio' ? pieces.push(part.bytes) : undefined;
          if (piece === undefined) continue;
          this.#begun = true;
          yield piece;
        }
        if (this.#isComplete) break;
      }
      if (signal.aborted) return;
      const last = pieces.flush();
      if (last !== undefined) yield last;
    } finally {
      signal.removeEventListener('abort', stop);
      this.#timer?.cancel();
      this.#over.abort();
      if (this.#isComplete && !signal.aborted) this.#socket.close(1000);
      else this.#socket.terminate();
    }
  }

  #listen(text: AsyncIterable<string>): void {
    const socket = this.#socket;
    socket.on('open', () => {
      this.#isOpen = true;
      this.#request.connected();
      this.#send(firstMessage(this.#options.speed));
      this.#write(text).catch((error: unknown) => this.#inbox.end(error instanceof Error ? error : new Error(String(error))));
    });
    socket.on('message', (data: RawData, isBinary) => {
      if (isBinary) this.#inbox.end(new ProviderError('provider_protocol', `elevenlabs tts: expected messages of text, got bytes`));
      else this.#inbox.push((data as Buffer).toString('utf8'));
    });
    socket.on('unexpected-response', (request, { statusCode, headers }) => {
      const { 'retry-after': retryAfter, date } = headers;
      const shown = new Headers({ ...(retryAfter !== undefined && { 'retry-after': retryAfter }), ...(date !== undefined && { date }) });
      this.#inbox.end(statusError('elevenlabs', WHAT, { status: statusCode ?? 0, headers: shown }, ''));
      request.destroy();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => this.#inbox.end(this.#errorOf(error)));
    // Read after all messages: one that is complete has ended by then.
    socket.on('close', (code, reason) => this.#inbox.end(errorOfClose(code, reason.toString(), this.#begun)));
  }

  async #write(text: AsyncIterable<string>): Promise<void> {
    for await (const piece of until(text, this.#over.signal)) {
      // An empty text would be the end of it.
      if (piece.trim() === '') continue;
      this.#send(textMessage(piece));
      this.#request.used('characters', piece.length);
    }
    if (this.#over.signal.aborted) return;
    this.#textEnded = true;
    this.#send(LAST_MESSAGE);
    this.#timer?.cancel();
  }

  #send(message: string): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(message);
    this.#timer?.cancel();
    if (this.#over.signal.aborted || this.#textEnded) return;
    const { clock } = this.#options;
    this.#timer = clock.at(monotonicMs(clock.nowMs() + QUIET_MS), () => this.#send(KEEP_ALIVE_MESSAGE));
  }

  #hold(isHigh: boolean): void {
    if (isHigh) this.#socket.pause();
    else this.#socket.resume();
  }

  /** ws names what is wrong with a frame (WS_ERR_…); anything else is a matter of the connection. */
  #errorOf(error: NodeJS.ErrnoException): ProviderError {
    if (error.code?.startsWith('WS_ERR_') === true) return new ProviderError('provider_protocol', `elevenlabs tts: expected messages of a WebSocket, got something else (${error.code})`);
    return networkError('elevenlabs', WHAT, new Error('ws', { cause: error }), this.#begun ? 'begun' : this.#isOpen ? 'unused' : 'before');
  }
}
