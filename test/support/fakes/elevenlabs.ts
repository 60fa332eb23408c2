import http from 'node:http';
import { WebSocketServer, type WebSocket } from 'ws';
import type { Clock } from '../../../voice-node/domain/clock.js';
import { Conversation } from './elevenlabs-stream.js';
import { listen, Watch } from './loopback.js';

/**
 * ElevenLabs on a real socket. Paths, query and bodies of HTTP as in the vendor's OpenAPI description, messages of
 * the WebSocket as in fern/apis/api/asyncapi.yml of github.com/elevenlabs/elevenlabs-docs; bodies of errors as
 * in the docs' page on errors (`{"detail":{"status","message"}}`), errors over the WebSocket
 * (`{"message","error","code"}` and close code 1008) as quoted in elevenlabs-python#167 and elevenlabs-docs#426.
 */
export type ElevenLabsFault =
  | 'none'
  | 'hang'
  | 'hang_midway'
  | 'reset_midway'
  | 'finish_midway'
  | { readonly status: number; readonly retryAfter?: string }
  /** WebSocket only: closed with a code, at once or after the first audio. */
  | { readonly close: number; readonly reason?: string; readonly midway?: boolean }
  /** WebSocket only: an error message, then 1008. */
  | { readonly error: string; readonly message?: string }
  | 'wrong_json'
  | 'garbage'
  | 'truncated_base64'
  | 'binary'
  | 'endless';

export interface ElevenLabsOptions {
  readonly apiKey?: string;
  /** What is said per text: an HTTP request, or a flushed piece. */
  readonly samples?: Int16Array;
  readonly chunkBytes?: number;
  readonly fault?: ElevenLabsFault;
  /** For the rule that ends a stream which gets no text for 20 s. Without it there is no such rule. */
  readonly clock?: Clock;
}

export interface HttpCall {
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: unknown;
  /** The client has gone before the answer was complete. */
  aborted: boolean;
}

export interface ElevenLabsFake {
  readonly baseUrl: string;
  readonly port: number;
  fault: ElevenLabsFault;
  readonly calls: readonly HttpCall[];
  readonly streams: readonly Conversation[];
  /** Connections that are open now. */
  readonly open: number;
  until(check: () => boolean): Promise<void>;
  close(): Promise<void>;
}

export async function startElevenLabs(options: ElevenLabsOptions = {}): Promise<ElevenLabsFake> {
  const { changed, until } = new Watch();
  const calls: HttpCall[] = [];
  const streams: Conversation[] = [];
  const server = http.createServer((request, response) => void answer(request, response, options, fake.fault, calls, changed));
  const webSockets = new WebSocketServer({ noServer: true });
  server.on('upgrade', (request, socket, head) => {
    const { fault } = fake;
    if (fault === 'hang') return void socket.resume().on('end', () => socket.destroy());
    const status = options.apiKey !== undefined && request.headers['xi-api-key'] !== options.apiKey ? 403 : typeof fault === 'object' && 'status' in fault ? fault.status : undefined;
    if (status !== undefined) {
      const retryAfter = typeof fault === 'object' && 'retryAfter' in fault ? `Retry-After: ${fault.retryAfter}\r\n` : '';
      return void socket.end(`HTTP/1.1 ${status} ${http.STATUS_CODES[status]}\r\n${retryAfter}Content-Length: 0\r\nConnection: close\r\n\r\n`);
    }
    webSockets.handleUpgrade(request, socket, head, (webSocket: WebSocket) => {
      streams.push(new Conversation(webSocket, request, options, fault, changed));
      changed();
    });
  });
  const { port, sockets, close } = await listen(server, changed);
  const fake: ElevenLabsFake = {
    baseUrl: `http://127.0.0.1:${port}`,
    port,
    fault: options.fault ?? 'none',
    calls,
    streams,
    get open() {
      return sockets.size;
    },
    until,
    close: () => {
      for (const stream of streams) stream.stop();
      return close();
    },
  };
  return fake;
}

const problem = (response: http.ServerResponse, status: number, name: string, message: string, headers: Record<string, string> = {}): void => {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify({ detail: { status: name, message } }));
};

async function answer(request: http.IncomingMessage, response: http.ServerResponse, options: ElevenLabsOptions, fault: ElevenLabsFault, calls: HttpCall[], changed: () => void): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://fake');
  const parts: Buffer[] = [];
  for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
  const text = Buffer.concat(parts).toString('utf8');
  const call: HttpCall = { path: url.pathname, query: Object.fromEntries(url.searchParams), headers: request.headers, body: text === '' ? undefined : JSON.parse(text), aborted: false };
  calls.push(call);
  response.on('close', () => {
    call.aborted = !response.writableFinished;
    changed();
  });
  changed();
  const body = call.body as { text?: unknown } | undefined;
  if (options.apiKey !== undefined && request.headers['xi-api-key'] !== options.apiKey) return problem(response, 401, 'invalid_api_key', `Invalid API key ${String(request.headers['xi-api-key'])}`);
  if (request.method !== 'POST' || !/^\/v1\/text-to-speech\/[^/]+\/stream$/.test(url.pathname)) return problem(response, 404, 'not_found', 'no such path');
  if (typeof body?.text !== 'string') return problem(response, 422, 'invalid_request', 'text is missing');
  if (fault === 'hang') return;
  if (typeof fault === 'object' && 'status' in fault) return problem(response, fault.status, 'some_trouble', `about ${body.text}`, fault.retryAfter === undefined ? {} : { 'retry-after': fault.retryAfter });
  if (fault === 'wrong_json') return void response.writeHead(200, { 'content-type': 'application/json' }).end('{"hello":"world"}');
  if (fault === 'garbage') return void request.socket.end(Buffer.from([1, 2, 3, 4, 255, 254, 0, 10, 10]));
  respond(request, response, options, fault, url.searchParams.get('output_format') ?? 'mp3_44100_128');
}

function respond(request: http.IncomingMessage, response: http.ServerResponse, options: ElevenLabsOptions, fault: ElevenLabsFault, format: string): void {
  const bytes = bytesOf(options, format);
  response.writeHead(200, { 'content-type': 'audio/pcm', 'transfer-encoding': 'chunked' });
  const size = options.chunkBytes ?? 3001;
  if (fault === 'endless') {
    const more = (): void => {
      while (!response.destroyed) if (!response.write(bytes.subarray(0, size))) return void response.once('drain', more);
    };
    return more();
  }
  response.write(bytes.subarray(0, size), () => {
    if (fault === 'hang_midway') return;
    if (fault === 'reset_midway') return void request.socket.resetAndDestroy();
    if (fault === 'finish_midway') return void request.socket.end();
    for (let from = size; from < bytes.length; from += size) response.write(bytes.subarray(from, from + size));
    response.end();
  });
}

/** A tenth of a second of a slope where nothing else is to be said. */
export function bytesOf({ samples }: ElevenLabsOptions, format: string): Buffer {
  const rateHz = Number(/^pcm_(\d+)$/.exec(format)?.[1] ?? Number.NaN);
  if (Number.isNaN(rateHz)) throw new Error(`the fake speaks PCM only, not ${format}`);
  const said = samples ?? Int16Array.from({ length: rateHz / 10 }, (_, i) => i);
  return Buffer.from(said.buffer, said.byteOffset, said.byteLength);
}
