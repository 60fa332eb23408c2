import { WebSocket, type RawData } from 'ws';
import type { ConnectSocket, RealtimeSocket, SocketEnd, SocketListener } from './socket.js';

/** The longest messages are audio of a second or two; a longer one is no message of this protocol. */
const MAX_MESSAGE_BYTES = 2 * 1024 * 1024;
/** The other side has this long to answer our good-bye. */
const CLOSE_LIMIT_MS = 1000;

/** Bytes that are no UTF-8 are refused by ws itself (close code 1007). */
const textOf = (data: RawData): string => (Array.isArray(data) ? Buffer.concat(data) : Buffer.isBuffer(data) ? data : Buffer.from(data)).toString('utf8');

/** Connects with `ws`. Redirects are not followed: they would carry the key along. */
export const connectWebSocket: ConnectSocket = (url, headers, listener) => new WsSocket(url, headers, listener);

class WsSocket implements RealtimeSocket {
  readonly #socket: WebSocket;
  readonly #listener: SocketListener;
  #over = false;

  constructor(url: string, headers: Readonly<Record<string, string>>, listener: SocketListener) {
    this.#listener = listener;
    // Deflating a stream of base64 costs memory and time for nothing.
    const options = { headers: { ...headers }, perMessageDeflate: false, maxPayload: MAX_MESSAGE_BYTES, closeTimeout: CLOSE_LIMIT_MS };
    const socket = new WebSocket(url, options);
    this.#socket = socket;
    socket.on('open', () => {
      if (!this.#over) listener.open();
    });
    socket.on('message', (data: RawData) => {
      if (!this.#over) listener.message(textOf(data));
    });
    const alive = (): void => {
      if (!this.#over) listener.alive();
    };
    socket.on('ping', alive);
    socket.on('pong', alive);
    socket.on('unexpected-response', (_request, response) => {
      response.resume();
      this.#end({ kind: 'refused', status: response.statusCode ?? 0, retryAfter: response.headers['retry-after'] });
      socket.terminate();
    });
    // ws names what is wrong with a frame in `code` (WS_ERR_…) and closes with 1002, 1007 or 1009 itself.
    socket.on('error', (error: NodeJS.ErrnoException) => this.#end({ kind: 'failed', detail: error.code ?? 'no connection' }));
    socket.on('close', (code, reason) => this.#end({ kind: 'closed', code, reason: reason.toString() }));
  }

  get bufferedBytes(): number {
    return this.#socket.bufferedAmount;
  }

  send(text: string): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(text);
  }

  ping(): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.ping();
  }

  close(): void {
    if (this.#over) return;
    this.#over = true;
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.close(1000);
    else this.#socket.terminate();
  }

  #end(end: SocketEnd): void {
    if (this.#over) return;
    this.#over = true;
    this.#listener.ended(end);
    this.#socket.terminate();
  }
}
