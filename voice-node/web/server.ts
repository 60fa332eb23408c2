import { createAdaptorServer } from '@hono/node-server';
import type { Hono } from 'hono';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { VoiceNodeError } from '../domain/errors.js';

const HEADERS_LIMIT_MS = 10_000;
const REQUEST_LIMIT_MS = 15_000;
const MAX_CONNECTIONS = 1000;

export interface WebServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Listens on `host`:`port`; port 0 takes any free one. Throws `port_taken` or `config_invalid`. */
export async function listen(app: Hono, host: string, port: number): Promise<WebServer> {
  const server = createAdaptorServer({
    fetch: app.fetch,
    serverOptions: { headersTimeout: HEADERS_LIMIT_MS, requestTimeout: REQUEST_LIMIT_MS, connectionsCheckingInterval: 1000 },
  }) as Server;
  server.maxConnections = MAX_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    // Stays: a connection that cannot be accepted later on (out of file handles) is an `error` as well, and no end.
    server.on('error', (error: NodeJS.ErrnoException) => reject(listenError(error, host, port)));
    server.listen(port, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): VoiceNodeError {
  switch (error.code) {
    case 'EADDRINUSE':
      return new VoiceNodeError('port_taken', `PORT: expected a free port, got ${port}, which another program on ${host} uses`);
    case 'EACCES':
      return new VoiceNodeError('config_invalid', `PORT: expected a port this user may open, got ${port}`);
    default:
      return new VoiceNodeError('config_invalid', `HOST: expected an address of this machine, got ${JSON.stringify(host)} (${error.message})`);
  }
}
