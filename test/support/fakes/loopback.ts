import type { AddressInfo, Server, Socket } from 'node:net';

/** Lets a test wait until something has happened in a fake. */
export class Watch {
  readonly #looks = new Set<() => void>();

  /** To be called after each event. */
  readonly changed = (): void => this.#looks.forEach((look) => look());

  /** Resolves when `check` holds; looked at now and after each event. */
  readonly until = (check: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (!check()) return;
        this.#looks.delete(look);
        resolve();
      };
      this.#looks.add(look);
      look();
    });
}

export interface Loopback {
  readonly port: number;
  /** Connections that are open now. */
  readonly sockets: ReadonlySet<Socket>;
  /** Breaks them off, and resolves when the server is gone. */
  close(): Promise<void>;
}

/** Puts a server on a free port of 127.0.0.1. `changed` is called when a connection comes or goes. */
export async function listen(server: Server, changed: () => void = () => undefined): Promise<Loopback> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => {
      sockets.delete(socket);
      changed();
    });
    changed();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    sockets,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
