import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** A request as the server saw it. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly response: ServerResponse;
  /** To break what HTTP would keep whole. */
  readonly socket: Socket;
  /** Resolves when the connection is gone, whoever ended it. */
  readonly closed: Promise<void>;
}

export interface HttpServer extends AsyncDisposable {
  /** `http://127.0.0.1:port`. */
  readonly origin: string;
  readonly seen: readonly Seen[];
  /** Connections ever made. */
  readonly connections: () => number;
}

/** A server on 127.0.0.1 that does with each request, once all of it has come, what the test says. */
export async function startHttpServer(handle: (seen: Seen) => void): Promise<HttpServer> {
  const seen: Seen[] = [];
  let connections = 0;
  const server = createServer((request: IncomingMessage, response) => {
    const pieces: Buffer[] = [];
    const { socket } = request;
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('error', () => undefined);
    request.on('end', () => {
      const entry: Seen = { method: request.method ?? '', path: request.url ?? '', headers: request.headers, body: Buffer.concat(pieces), response, socket, closed };
      seen.push(entry);
      handle(entry);
    });
  });
  server.on('connection', (socket) => {
    connections++;
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    connections: () => connections,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A port on which nobody listens. */
export async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
