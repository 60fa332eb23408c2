import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  AvailabilityRequest,
  Job,
  JobAssignment,
  JobTermination,
  RegisterWorkerResponse,
  Room,
  ServerInfo,
  ServerMessage,
  WorkerMessage,
} from '@livekit/protocol';
import { WebSocketServer, type WebSocket } from 'ws';

type WorkerBody = Exclude<WorkerMessage['message'], { case: undefined }>;
type Values = { [B in WorkerBody as B['case']]: B['value'] };
type ServerBody = Exclude<ServerMessage['message'], { case: undefined }>;

/** The other side of `/agent`, on loopback: what a LiveKit server says to an agent worker. */
export class FakeDispatch {
  readonly requests: IncomingMessage[] = [];
  readonly messages: WorkerBody[] = [];
  /** Status of the handshake where it is to be refused. */
  refuse: number | undefined;
  /** Whether registrations are answered. */
  answers = true;
  /** Whether pings are. */
  pongs = true;
  readonly #http: Server;
  readonly #sockets: WebSocketServer;
  #socket: WebSocket | undefined;
  #waiting: (() => void)[] = [];

  constructor() {
    this.#http = createServer();
    this.#sockets = new WebSocketServer({ noServer: true, autoPong: false });
    this.#http.on('upgrade', (request: IncomingMessage, socket, head) => {
      this.requests.push(request);
      if (this.refuse !== undefined) {
        socket.end(`HTTP/1.1 ${this.refuse} No\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
        return this.#changed();
      }
      this.#sockets.handleUpgrade(request, socket, head, (ws) => this.#accept(ws));
    });
  }

  #accept(ws: WebSocket): void {
    this.#socket = ws;
    ws.on('ping', (data) => {
      if (this.pongs) ws.pong(data);
      this.#changed();
    });
    ws.on('error', () => undefined);
    ws.on('message', (data: Buffer) => {
      const { message } = WorkerMessage.fromBinary(data);
      if (message.case === undefined) return;
      this.messages.push(message);
      if (message.case === 'register' && this.answers) {
        this.send({ case: 'register', value: new RegisterWorkerResponse({ workerId: 'AW_1', serverInfo: new ServerInfo({ version: '1.13.5' }) }) });
      }
      this.#changed();
    });
    this.#changed();
  }

  async listen(port = 0): Promise<string> {
    await new Promise<void>((resolve) => this.#http.listen(port, '127.0.0.1', resolve));
    return `ws://127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets.clients) socket.terminate();
    this.#http.closeAllConnections();
    await new Promise((resolve) => this.#http.close(resolve));
  }

  send(message: ServerBody): void {
    this.#socket?.send(new ServerMessage({ message }).toBinary());
  }

  raw(data: string | Uint8Array): void {
    this.#socket?.send(data);
  }

  drop(): void {
    this.#socket?.terminate();
  }

  asks(jobId: string, room: string): void {
    this.send({ case: 'availability', value: new AvailabilityRequest({ job: new Job({ id: jobId, room: new Room({ name: room }) }) }) });
  }

  assigns(jobId: string, room: string, metadata = ''): void {
    this.send({ case: 'assignment', value: new JobAssignment({ job: new Job({ id: jobId, room: new Room({ name: room, metadata }) }), token: `token-${jobId}` }) });
  }

  terminates(jobId: string): void {
    this.send({ case: 'termination', value: new JobTermination({ jobId }) });
  }

  of<C extends keyof Values>(kind: C): Values[C][] {
    return this.messages.filter((message) => message.case === kind).map((message) => message.value as Values[C]);
  }

  /** Waits until something holds; looked at whenever anything comes. The test's own limit ends a wait for nothing. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** For changes that do not come over the wire. */
  readonly changed = (): void => this.#changed();

  #changed(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
