import net from 'node:net';
import { listen } from '../../../support/fakes/loopback.js';

/** A SOCKS5 proxy (RFC 1928) with or without user and password (RFC 1929), written for these tests. */
export interface SocksServer {
  readonly port: number;
  /** Where clients wanted to go, as they said it: names that were not looked up by them are names here. */
  readonly destinations: readonly string[];
  readonly open: number;
  /** What is done instead of connecting: a reply other than 0 (RFC 1928, section 6), or nothing at all. */
  behaviour: 'connect' | 'hang' | number;
  close(): Promise<void>;
}

export async function startSocks(user?: string, password?: string): Promise<SocksServer> {
  const destinations: string[] = [];
  const server = net.createServer((client) => {
    client.on('error', () => undefined);
    serve(client).catch(() => client.destroy());
  });

  async function serve(client: net.Socket): Promise<void> {
    if (self.behaviour === 'hang') return void client.resume();
    const read = reader(client);
    const [, methodCount = 0] = await read(2);
    const methods = await read(methodCount);
    const wanted = user === undefined ? 0 : 2;
    if (!methods.includes(wanted)) return void client.end(Buffer.from([5, 255]));
    client.write(Buffer.from([5, wanted]));
    if (wanted === 2) {
      const [, userLength = 0] = await read(2);
      const name = (await read(userLength)).toString();
      const [secretLength = 0] = await read(1);
      const secret = (await read(secretLength)).toString();
      const isRight = name === user && secret === password;
      client.write(Buffer.from([1, isRight ? 0 : 1]));
      if (!isRight) return void client.end();
    }
    const [, , , kind] = await read(4);
    const host = kind === 3 ? (await read((await read(1))[0] ?? 0)).toString() : [...(await read(kind === 1 ? 4 : 16))].join('.');
    const port = (await read(2)).readUInt16BE();
    destinations.push(`${host}:${port}`);
    if (typeof self.behaviour === 'number') return void client.end(Buffer.from([5, self.behaviour, 0, 1, 0, 0, 0, 0, 0, 0]));
    const target = net.connect(port, host);
    target.on('error', () => client.destroy());
    target.on('close', () => client.destroy());
    client.on('close', () => target.destroy());
    target.once('connect', () => {
      client.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]));
      client.pipe(target).pipe(client);
    });
  }

  const { port, sockets, close } = await listen(server);
  const self: SocksServer = {
    port,
    destinations,
    get open() {
      return sockets.size;
    },
    behaviour: 'connect',
    close,
  };
  return self;
}

/** Exactly so many bytes, and none of what follows them. */
function reader(socket: net.Socket): (count: number) => Promise<Buffer> {
  return (count) =>
    new Promise((resolve, reject) => {
      const gone = (): void => reject(new Error('closed'));
      const look = (): void => {
        const bytes = count === 0 ? Buffer.alloc(0) : (socket.read(count) as Buffer | null);
        if (bytes === null) return;
        socket.off('readable', look);
        socket.off('close', gone);
        resolve(bytes);
      };
      socket.on('readable', look);
      socket.once('close', gone);
      look();
    });
}
