import net from 'node:net';
import { listen } from './loopback.js';

/** What happens to the bytes between a client and a server, below whatever protocol they speak. */
export type WireFault =
  | 'none'
  /** Nobody listens. */
  | 'refuse'
  /** The connection is taken, and nothing is ever said. */
  | 'hang'
  | 'garbage'
  /** After so many bytes of the server: nothing more, a reset (RST), or an orderly end (FIN) in the middle of it all. */
  | { readonly after: number; readonly then: 'hang' | 'reset' | 'finish' }
  /** The server's bytes one at a time. */
  | { readonly trickleMs: number };

export interface Wire {
  readonly port: number;
  /** Connections that are open now. */
  readonly open: number;
  /** Connections there have been. */
  readonly total: number;
  fault: WireFault;
  /** From now on nothing gets through on the connections that are open, and nobody is told. */
  freeze(): void;
  close(): Promise<void>;
}

/** A TCP front before the server at `targetPort`, on a port of its own of 127.0.0.1. */
export async function startWire(targetPort: number, fault: WireFault = 'none'): Promise<Wire> {
  const server = net.createServer((client) => {
    wire.total++;
    client.on('error', () => undefined);
    connect(client, targetPort, wire.fault);
  });
  const { port, sockets, close } = await listen(server);
  const wire = {
    port,
    get open() {
      return sockets.size;
    },
    total: 0,
    fault,
    freeze: () => {
      for (const socket of sockets) {
        socket.unpipe();
        socket.removeAllListeners('data');
        socket.resume();
        socket.write = () => true;
      }
    },
    close,
  };
  if (fault === 'refuse') await close();
  return wire;
}

function connect(client: net.Socket, targetPort: number, fault: WireFault): void {
  if (fault === 'hang') {
    client.resume();
    return;
  }
  if (fault === 'garbage') {
    client.on('data', () => client.write(Buffer.from(Array.from({ length: 512 }, (_, i) => (i * 167 + 13) & 255))));
    return;
  }
  const target = net.connect(targetPort, '127.0.0.1');
  target.on('error', () => client.destroy());
  target.on('close', () => client.destroy());
  client.on('close', () => target.destroy());
  client.pipe(target);
  if (fault === 'none' || fault === 'refuse') target.pipe(client);
  else if ('trickleMs' in fault) trickle(target, client, fault.trickleMs);
  else cutAfter(target, client, fault);
}

function cutAfter(target: net.Socket, client: net.Socket, { after, then }: { readonly after: number; readonly then: 'hang' | 'reset' | 'finish' }): void {
  let left = after;
  target.on('data', (bytes: Buffer) => {
    if (left <= 0) return;
    client.write(bytes.subarray(0, left), () => {
      if (left > 0 || then === 'hang') return;
      if (then === 'reset') client.resetAndDestroy();
      else client.end();
    });
    left -= bytes.length;
  });
}

function trickle(target: net.Socket, client: net.Socket, everyMs: number): void {
  const waiting: number[] = [];
  target.on('data', (bytes: Buffer) => waiting.push(...bytes));
  const timer = setInterval(() => {
    const byte = waiting.shift();
    if (byte !== undefined) client.write(Uint8Array.of(byte));
  }, everyMs);
  client.on('close', () => clearInterval(timer));
}
