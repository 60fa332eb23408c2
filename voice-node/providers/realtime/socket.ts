/** How a connection ended that we did not close. */
export type SocketEnd =
  /** The server answered the upgrade with something else. */
  | { readonly kind: 'refused'; readonly status: number; readonly retryAfter: string | undefined }
  /** Closed, with the code and reason of RFC 6455 (1006 where there was no close frame). */
  | { readonly kind: 'closed'; readonly code: number; readonly reason: string }
  /** The connection itself failed. `detail` is a short word such as ECONNREFUSED. */
  | { readonly kind: 'failed'; readonly detail: string };

/** What a socket tells. Nothing is told before the connecting function has returned, and nothing after `close` or `ended`. */
export interface SocketListener {
  open(): void;
  /** One whole message, as text. */
  message(text: string): void;
  /** A ping or a pong came: the other side is there. */
  alive(): void;
  /** Called at most once, last. */
  ended(end: SocketEnd): void;
}

/** The one connection of a session: text messages both ways. */
export interface RealtimeSocket {
  /** Bytes that were handed over and have not left yet. */
  readonly bufferedBytes: number;
  send(text: string): void;
  ping(): void;
  /** Says good-bye and closes. Nothing is told any more. */
  close(): void;
}

/** Begins to connect and returns at once. */
export type ConnectSocket = (url: string, headers: Readonly<Record<string, string>>, listener: SocketListener) => RealtimeSocket;
