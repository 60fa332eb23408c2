import { Client, connectivityState, credentials, Metadata, status as Status, type ChannelOptions, type ClientDuplexStream, type StatusObject } from '@grpc/grpc-js';
import type { MethodDefinition } from '@grpc/proto-loader';
import type { Clock } from '../../domain/clock.js';
import type { ProviderRequest, Vendor } from '../../domain/provider.js';
import { errorOfStatus } from './failures.js';

export interface LinkOptions {
  readonly vendor: Vendor;
  /** For messages: what is done there, such as `stt`. */
  readonly what: string;
  /** `host:port`. */
  readonly address: string;
  /** Without TLS: for a server in one's own network. */
  readonly insecure?: boolean | undefined;
  /** PEM of the authorities to trust, where they are not the usual ones. */
  readonly rootCertificates?: string | undefined;
  /** Sent with each call. */
  readonly headers: Readonly<Record<string, string>>;
  readonly clock: Clock;
}

/** What goes to the server within one call. */
export interface Sink<Q> {
  /** Resolves when there is room for more, or the call is over. */
  write(message: Q): Promise<void>;
  /** Nothing more comes from us (half-close). */
  end(): void;
  /** Aborted when the call is over, however it ended. */
  readonly over: AbortSignal;
}

export interface Call<Q extends object, R extends object> {
  readonly method: MethodDefinition<Q, R>;
  readonly request: ProviderRequest;
  /** Says what there is to say; the answers are read meanwhile. */
  send(sink: Sink<Q>): Promise<void>;
  /** Whether a result has come, for the code of a failure. */
  begun(): boolean;
}

/** A call that heard nothing at all for so long before it was given up was on a line that is dead. */
const SILENT_MS = 1500;

const CHANNEL: ChannelOptions = {
  // Retries are made a floor higher, where it is known what was said already.
  'grpc.enable_retries': 0,
  // After a failure grpc-js refuses calls by itself until its back-off is over: up to two minutes by default.
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 2000,
  // Middleboxes forget idle connections and tell nobody. Better a new handshake than a call on a dead line.
  'grpc.client_idle_timeout_ms': 120_000,
  'grpc.keepalive_time_ms': 30_000,
  'grpc.keepalive_timeout_ms': 5000,
  // Otherwise a new channel would share the dead connection of the old one.
  'grpc.use_local_subchannel_pool': 1,
  'grpc.max_receive_message_length': 4 * 1024 * 1024,
};

/** One gRPC channel to one server, made when it is needed and shared by all calls. */
export class GrpcLink {
  readonly #options: LinkOptions;
  readonly #metadata = new Metadata();
  #client: Client | undefined;

  constructor(options: LinkOptions) {
    this.#options = options;
    for (const [name, value] of Object.entries(options.headers)) this.#metadata.set(name, value);
  }

  /**
   * The answers to one call. `connected()` is told as soon as the channel stands, or something has come: servers
   * send their headers with the first result, which for speech may be long. Ends when the server ends with OK or
   * the request is aborted; throws ProviderError otherwise. Afterwards nothing of the call is left.
   */
  async *call<Q extends object, R extends object>({ method, request, send, begun }: Call<Q, R>): AsyncGenerator<R> {
    const { clock, vendor, what } = this.#options;
    const { signal } = request;
    if (signal.aborted) return;
    const client = this.#open();
    const stream = client.makeBidiStreamRequest(method.path, method.requestSerialize, method.responseDeserialize, this.#metadata.clone());
    const over = new AbortController();
    const beganMs = clock.nowMs();
    let heard = false;
    let told = false;
    let ended: StatusObject | undefined;
    let fault: Error | undefined;
    const cancel = (): void => stream.cancel();
    const stands = (): void => {
      if (!told) request.connected();
      told = true;
    };
    const answered = (): void => {
      heard = true;
      stands();
    };
    // The status says all that an error does, and comes once more after it.
    stream.on('error', () => undefined);
    stream.on('metadata', answered);
    const end = new Promise<void>((resolve) => stream.once('status', (status: StatusObject) => resolve(void (ended = status))));
    void end.then(() => over.abort());
    signal.addEventListener('abort', cancel);
    whenReady(client, over.signal, stands);
    void send(new StreamSink(stream, over.signal)).catch((error: unknown) => {
      fault = error instanceof Error ? error : new Error(String(error));
      cancel();
    });
    try {
      yield* received(stream, answered);
      await end;
      if (signal.aborted) return;
      if (fault !== undefined) throw fault;
      if (ended !== undefined && ended.code !== Status.OK) throw errorOfStatus(vendor, what, ended, begun());
    } finally {
      signal.removeEventListener('abort', cancel);
      over.abort();
      cancel();
      if (!heard && signal.aborted && clock.nowMs() - beganMs >= SILENT_MS) this.#drop(client);
    }
  }

  close(): void {
    if (this.#client !== undefined) this.#drop(this.#client);
  }

  #open(): Client {
    const { address, insecure, rootCertificates } = this.#options;
    this.#client ??= new Client(
      address,
      insecure === true ? credentials.createInsecure() : credentials.createSsl(rootCertificates === undefined ? null : Buffer.from(rootCertificates)),
      CHANNEL,
    );
    return this.#client;
  }

  /** Other calls on it run on to their end; new ones get a new channel. */
  #drop(client: Client): void {
    if (this.#client === client) this.#client = undefined;
    client.close();
  }
}

class StreamSink<Q> implements Sink<Q> {
  readonly #stream: ClientDuplexStream<Q, unknown>;
  readonly over: AbortSignal;

  constructor(stream: ClientDuplexStream<Q, unknown>, over: AbortSignal) {
    this.#stream = stream;
    this.over = over;
  }

  async write(message: Q): Promise<void> {
    if (this.over.aborted || this.#stream.write(message)) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        this.#stream.off('drain', done);
        this.over.removeEventListener('abort', done);
        resolve();
      };
      this.#stream.on('drain', done);
      this.over.addEventListener('abort', done);
      if (this.over.aborted) done();
    });
  }

  end(): void {
    if (!this.over.aborted) this.#stream.end();
  }
}

/** The messages of a call until it ends, well or not; what came before a failure comes first. */
async function* received<R>(stream: AsyncIterable<R>, answered: () => void): AsyncGenerator<R> {
  try {
    for await (const message of stream) {
      answered();
      yield message;
    }
  } catch {
    // Told by the status.
  }
}

function whenReady(client: Client, signal: AbortSignal, ready: () => void): void {
  const channel = client.getChannel();
  const look = (): void => {
    if (signal.aborted) return;
    const state = channel.getConnectivityState(false);
    if (state === connectivityState.READY) ready();
    else if (state !== connectivityState.SHUTDOWN) channel.watchConnectivityState(state, Infinity, look);
  };
  look();
}
