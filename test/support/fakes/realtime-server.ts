import { createServer, type IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';
import { listen, type Loopback } from './loopback.js';
import type { FakeRealtime } from './realtime.js';
import type { FakeSession, FakeWire } from './realtime-session.js';

export type RealtimeServer = Loopback;

/** Puts the fake behind a real server on loopback. Faults happen on the socket itself, byte by byte. */
export async function serveRealtime(fake: FakeRealtime): Promise<RealtimeServer> {
  const server = createServer((_request, response) => void response.writeHead(426).end());
  const webSockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  server.on('connection', (socket) => void socket.on('error', () => undefined));
  server.on('upgrade', (request, socket, head) => {
    fake.attempts++;
    const url = new URL(request.url ?? '/', 'http://fake');
    if (!(socket instanceof Socket)) throw new Error('expected a socket');
    admit(fake, request, url, socket, () => webSockets.handleUpgrade(request, socket, head, (webSocket) => converse(fake, webSocket, socket, url, request.headers)));
  });
  return listen(server);
}

const answerWith = (socket: Socket, status: number, headers = ''): void => void socket.end(`HTTP/1.1 ${status} Fake\r\ncontent-length: 0\r\n${headers}\r\n`);

function admit(fake: FakeRealtime, request: IncomingMessage, url: URL, socket: Socket, upgrade: () => void): void {
  const fault = fake.takeFault('connect');
  if (typeof fault === 'object' && 'http' in fault) return answerWith(socket, fault.http, fault.retryAfter === undefined ? '' : `retry-after: ${fault.retryAfter}\r\n`);
  if (fault === 'hang') return;
  if (fault === 'refuse' || fault === 'reset') return void socket.resetAndDestroy();
  if (fault === 'fin') return void socket.end('HTTP/1.1 101 Switch');
  if (fault === 'dribble') return dribble(socket, Buffer.from('HTTP/1.1 101 Switching Protocols\r\n'));
  if (typeof fault === 'string') return void socket.end('\u0000\u0001 this is no HTTP\r\n\r\n');
  const status = fake.statusOf(url, request.headers);
  if (status !== 101) return answerWith(socket, status);
  upgrade();
  if (fault !== undefined) fake.session.close(fault.close, fault.reason ?? '');
}

function dribble(socket: Socket, bytes: Buffer): void {
  let at = 0;
  const timer = setInterval(() => {
    if (socket.destroyed || at >= bytes.length) return clearInterval(timer);
    socket.write(bytes.subarray(at, ++at));
  }, 1000);
  socket.on('close', () => clearInterval(timer));
}

function converse(fake: FakeRealtime, webSocket: WebSocket, socket: Socket, url: URL, headers: FakeSession['headers']): void {
  const wire: FakeWire = {
    send: (text) => webSocket.send(text),
    close: (code, reason) => webSocket.close(code, reason),
    spoil(how) {
      switch (how) {
        case 'reset':
          return void socket.resetAndDestroy();
        case 'fin':
          // The head of a text message of 1000 bytes, and ten of them.
          return void socket.end(Buffer.concat([Buffer.from([0x81, 126, 0x03, 0xe8]), Buffer.from('{"type":"r')]));
        case 'garbage':
          return void socket.write(Buffer.from([0xff, 0xff, 0x13, 0x37, 0x00, 0xde, 0xad]));
        case 'bad_utf8':
          return void socket.write(Buffer.from([0x81, 3, 0xe2, 0x28, 0xa1]));
        case 'dribble':
          return dribble(socket, Buffer.concat([Buffer.from([0x81, 126, 0x03, 0xe8]), Buffer.alloc(1000, 0x20)]));
      }
    },
  };
  const session = fake.accept(wire, url, headers);
  webSocket.on('message', (data: Buffer) => session.receive(data.toString()));
  webSocket.on('close', () => session.gone());
  webSocket.on('error', () => session.gone());
}
