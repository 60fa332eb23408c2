import http from 'node:http';
import { writeWav } from '../../../voice-node/dsp/wav.js';
import { listen, Watch } from './loopback.js';

/**
 * Zvukogram on a real socket: methods `text` and `result`, parameters and answers as on zvukogram.com/node/api:
 * `{"id","status","file","file_cors","duration","balans","cost","error"}`, status 1 ready, 0 in work, -1 failed.
 */
export type ZvukogramFault =
  | 'none'
  | 'hang'
  | { readonly status: number; readonly retryAfter?: string }
  /** Status -1 and this sentence. */
  | { readonly error: string }
  | 'wrong_json'
  | 'no_json'
  | 'garbage'
  /** Status 0 for ever. */
  | 'never_ready'
  | { readonly file: 'missing' | 'not_https' | 'mp3' | 'hang' | 'hang_midway' | 'reset_midway' | 'finish_midway' | 'cut_short' | 'endless' | 'not_found' | 'redirect' };

export interface ZvukogramOptions {
  readonly token?: string;
  /** What is said per text. */
  readonly samples?: Int16Array;
  /** How often the answer is "in work" before it is there. */
  readonly polls?: number;
  /** Whether a status is `"1"` rather than `1`. */
  readonly textStatus?: boolean;
  readonly fault?: ZvukogramFault;
}

export interface ZvukogramFake {
  readonly baseUrl: string;
  readonly port: number;
  fault: ZvukogramFault;
  /** Parameters of the requests to `text` and `result`, in order. */
  readonly calls: readonly Readonly<Record<string, string>>[];
  /** Requests for files; `aborted`: the client has gone before the answer was complete. */
  readonly files: readonly { readonly headers: http.IncomingHttpHeaders; readonly aborted: boolean }[];
  readonly open: number;
  until(check: () => boolean): Promise<void>;
  close(): Promise<void>;
}

const RATE_HZ = 24_000;
/** Where a WAV's header has the length of its samples. */
const DATA_BYTES_AT = 40;

export async function startZvukogram(options: ZvukogramOptions = {}): Promise<ZvukogramFake> {
  const { changed, until } = new Watch();
  const calls: Record<string, string>[] = [];
  const files: { headers: http.IncomingHttpHeaders; aborted: boolean }[] = [];
  const polls = new Map<string, number>();
  const server = http.createServer((request, response) => {
    void (async () => {
      const url = new URL(request.url ?? '/', fake.baseUrl);
      if (url.pathname.startsWith('/files/')) {
        const file = { headers: request.headers, aborted: false };
        files.push(file);
        response.on('close', () => {
          file.aborted = !response.writableFinished;
          changed();
        });
        changed();
        return sendFile(request, response, options, fake.fault);
      }
      let body = '';
      for await (const part of request as AsyncIterable<Buffer>) body += part.toString('utf8');
      const parameters = { method: (url.searchParams.get('r') ?? '').replace('api/', ''), ...Object.fromEntries(new URLSearchParams(body)) };
      calls.push(parameters);
      changed();
      answer(request, response, parameters, options, fake, polls);
    })();
  });
  const { port, sockets, close } = await listen(server, changed);
  const fake: ZvukogramFake = {
    baseUrl: `http://127.0.0.1:${port}`,
    port,
    fault: options.fault ?? 'none',
    calls,
    files,
    get open() {
      return sockets.size;
    },
    until,
    close,
  };
  return fake;
}

function answer(request: http.IncomingMessage, response: http.ServerResponse, parameters: Record<string, string>, options: ZvukogramOptions, fake: ZvukogramFake, polls: Map<string, number>): void {
  const { fault } = fake;
  const say = (value: object): void => void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
  const status = (value: number): number | string => (options.textStatus === true ? String(value) : value);
  const failed = (error: string): void => say({ status: status(-1), error });
  if (fault === 'hang') return;
  if (fault === 'garbage') return void request.socket.end(Buffer.from([1, 2, 3, 255, 10, 10]));
  if (fault === 'no_json') return void response.writeHead(200).end('<html>');
  if (fault === 'wrong_json') return say({ hello: 'world' });
  if (typeof fault === 'object' && 'status' in fault) {
    return void response.writeHead(fault.status, fault.retryAfter === undefined ? {} : { 'retry-after': fault.retryAfter }).end(`about ${parameters['text'] ?? ''}`);
  }
  if (typeof fault === 'object' && 'error' in fault) return failed(fault.error);
  if (options.token !== undefined && parameters['token'] !== options.token) return failed(`Неверный токен ${parameters['token'] ?? ''}`);
  if (parameters['email'] === undefined) return failed('Не указан email');
  let id = parameters['id'] ?? '';
  if (parameters['method'] === 'text') {
    if ((parameters['text'] ?? '').length > 1000) return failed('Превышен лимит символов');
    if (parameters['format'] !== 'wav' || parameters['sample_rate'] !== String(RATE_HZ) || parameters['channels'] !== '1') return failed('Формат');
    id = String(7000 + polls.size);
    polls.set(id, 0);
  } else polls.set(id, (polls.get(id) ?? 0) + 1);
  const isReady = fault !== 'never_ready' && (polls.get(id) ?? 0) >= (options.polls ?? 0);
  if (!isReady) return say({ id: options.textStatus === true ? id : Number(id), status: status(0) });
  const file = typeof fault === 'object' ? { missing: undefined, not_https: 'http://169.254.169.254/latest' }[fault.file as string] : undefined;
  const isNamed = typeof fault !== 'object' || (fault.file !== 'missing' && fault.file !== 'not_https');
  const url = isNamed ? `${fake.baseUrl}/files/${id}.wav` : file;
  say({ id: Number(id), status: status(1), file: url, file_cors: url, duration: '1', balans: '99.5', cost: '0.5', error: '' });
}

function sendFile(request: http.IncomingMessage, response: http.ServerResponse, options: ZvukogramOptions, fault: ZvukogramFault): void {
  const kind = typeof fault === 'object' && 'file' in fault ? fault.file : undefined;
  if (kind === 'hang') return;
  if (kind === 'not_found') return void response.writeHead(404).end();
  if (kind === 'redirect') return void response.writeHead(302, { location: 'http://169.254.169.254/latest' }).end();
  if (kind === 'mp3') return void response.writeHead(200, { 'content-type': 'audio/mpeg' }).end(Buffer.from('ID3\u0003 not a wave'));
  const samples = options.samples ?? Int16Array.from({ length: 2400 }, (_, i) => i);
  const wav = writeWav({ samples, rateHz: RATE_HZ });
  if (kind === 'endless') new DataView(wav.buffer).setUint32(DATA_BYTES_AT, 0xffff_ffff, true);
  const half = Math.ceil(wav.length / 2) | 1;
  response.writeHead(200, { 'content-type': 'audio/wav', ...(kind === undefined && { 'content-length': String(wav.length) }) });
  if (kind === 'endless') {
    const more = (): void => {
      while (!response.destroyed) if (!response.write(wav.subarray(44))) return void response.once('drain', more);
    };
    response.write(wav.subarray(0, 44));
    return more();
  }
  if (kind === undefined) return void response.end(wav);
  response.write(wav.subarray(0, half), () => {
    if (kind === 'reset_midway') request.socket.resetAndDestroy();
    if (kind === 'finish_midway') request.socket.end();
    if (kind === 'cut_short') response.end();
  });
}
