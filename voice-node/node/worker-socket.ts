import { ParticipantPermission, ServerMessage, WorkerMessage, JobType } from '@livekit/protocol';
import { AccessToken } from 'livekit-server-sdk';
import { WebSocket } from 'ws';
import type { Clock, Timer } from '../domain/clock.js';
import { VoiceNodeError } from '../domain/errors.js';
import { monotonicMs } from '../domain/time.js';

const HANDSHAKE_LIMIT_MS = 5000;
/** Pings; the registration has to be answered within the first of these spans as well. */
const PING_MS = 5000;
/** Nothing heard for this long: the other side is gone, whatever TCP says. */
const DEAD_MS = 15_000;
const MAX_MESSAGE_BYTES = 1024 * 1024;
const TOKEN_TTL_S = 600;

export interface WorkerSocketOptions {
  readonly url: string;
  readonly apiKey: string;
  readonly apiSecret: string;
  readonly version: string;
}

export type WorkerMessageBody = Exclude<WorkerMessage['message'], { case: undefined }>;
export type ServerMessageBody = Exclude<ServerMessage['message'], { case: undefined }>;

export interface WorkerSocketListener {
  opened(): void;
  message(message: ServerMessageBody): void;
  /** The connection is over; called exactly once. */
  closed(error: VoiceNodeError): void;
}

/** One WebSocket to the server's dispatch at `/agent`: binary protobuf, with a heartbeat both ways. */
export class WorkerSocket {
  readonly #clock: Clock;
  readonly #listener: WorkerSocketListener;
  #socket: WebSocket | undefined;
  #heartbeat: Timer | undefined;
  #heardMs = monotonicMs(0);
  #answered = false;
  #over = false;

  constructor(options: WorkerSocketOptions, clock: Clock, listener: WorkerSocketListener) {
    this.#clock = clock;
    this.#listener = listener;
    this.#connect(options).catch((error: unknown) => this.#end('worker_unreachable', String(error)));
  }

  send(message: WorkerMessageBody): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(new WorkerMessage({ message }).toBinary());
  }

  close(): void {
    this.#end('worker_unreachable', 'closed by us');
  }

  async #connect({ url, apiKey, apiSecret, version }: WorkerSocketOptions): Promise<void> {
    const token = new AccessToken(apiKey, apiSecret, { ttl: TOKEN_TTL_S });
    token.addGrant({ agent: true });
    const authorization = `Bearer ${await token.toJwt()}`;
    if (this.#over) return;
    const address = new URL(url);
    address.pathname = `${address.pathname.replace(/\/$/, '')}/agent`;
    const socket = new WebSocket(address, {
      headers: { authorization },
      handshakeTimeout: HANDSHAKE_LIMIT_MS,
      maxPayload: MAX_MESSAGE_BYTES,
      perMessageDeflate: false,
    });
    this.#socket = socket;
    socket.on('unexpected-response', (_request, response) => {
      const refused = response.statusCode === 401 || response.statusCode === 403;
      const hint = refused ? 'the server does not accept LIVEKIT_API_KEY and LIVEKIT_API_SECRET' : 'is this a LiveKit server?';
      this.#end(refused ? 'auth_failed' : 'worker_refused', `${address.href} answered ${response.statusCode}: ${hint}`);
    });
    socket.on('error', (error) => this.#end('worker_unreachable', `${address.href}: ${error.message || (error as NodeJS.ErrnoException).code}`));
    socket.on('close', (code, reason) => this.#end('worker_unreachable', `${address.href} closed the connection (${code}${reason.length > 0 ? ` ${reason.toString()}` : ''})`));
    socket.on('pong', () => this.#heard());
    socket.on('ping', () => this.#heard());
    socket.on('message', (data: Buffer) => this.#onMessage(data));
    socket.on('open', () => this.#onOpen(version));
  }

  #onOpen(version: string): void {
    this.#heard();
    this.send({ case: 'register', value: registration(version) });
    this.#beat();
    this.#listener.opened();
  }

  #onMessage(data: Buffer): void {
    this.#heard();
    let parsed: ServerMessage;
    try {
      parsed = ServerMessage.fromBinary(data);
    } catch {
      return this.#end('worker_refused', 'expected a message of the agent protocol, got something else');
    }
    this.#answered = true;
    if (parsed.message.case !== undefined && !this.#over) this.#listener.message(parsed.message);
  }

  #heard(): void {
    this.#heardMs = this.#clock.nowMs();
  }

  #beat(): void {
    this.#heartbeat = this.#clock.at(monotonicMs(this.#clock.nowMs() + PING_MS), () => {
      if (!this.#answered) return this.#end('worker_unreachable', `the registration was not answered within ${PING_MS} ms`);
      if (this.#clock.nowMs() - this.#heardMs > DEAD_MS) return this.#end('worker_unreachable', `nothing was heard for ${DEAD_MS} ms`);
      if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.ping();
      this.#beat();
    });
  }

  #end(code: 'auth_failed' | 'worker_refused' | 'worker_unreachable', message: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#heartbeat?.cancel();
    // A socket that is still connecting reports its own abortion as an error; nobody needs to hear of it.
    this.#socket?.removeAllListeners();
    this.#socket?.on('error', () => undefined);
    this.#socket?.terminate();
    this.#listener.closed(new VoiceNodeError(code, message));
  }
}

function registration(version: string): Extract<WorkerMessageBody, { case: 'register' }>['value'] {
  const message = new WorkerMessage({
    message: {
      case: 'register',
      value: {
        type: JobType.JT_ROOM,
        agentName: '',
        version,
        allowedPermissions: new ParticipantPermission({ canPublish: true, canSubscribe: true, canPublishData: true, canUpdateMetadata: true, agent: true }),
      },
    },
  });
  if (message.message.case !== 'register') throw new Error('unreachable');
  return message.message.value;
}
