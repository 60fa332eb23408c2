import net from 'node:net';
import { socksConnector } from 'fetch-socks';
import { Agent, type buildConnector, type Dispatcher } from 'undici';
import { VoiceNodeError } from '../../domain/errors.js';

interface ProxyAddress {
  readonly type: 5;
  readonly host: string;
  readonly port: number;
  readonly userId?: string;
  readonly password?: string;
}

/** What `http.request` and `ws` take as `createConnection`. */
export type CreateConnection = (options: { readonly host?: string | null; readonly port?: number | string | null }, done: (error: Error | null, socket?: net.Socket) => void) => undefined;

/** What is left of the library's clocks: nobody is aborted by it who is not aborted by his own deadline before. */
const CONNECT_MS = 10_000;
const KEEP_ALIVE_MS = 55_000;
const DEFAULT_PORT = 1080;

/**
 * A SOCKS5 proxy (RFC 1928, RFC 1929), for `fetch` and for WebSockets. Names are looked up by the proxy, whether
 * its URL says `socks5` or `socks5h`. Errors have a short code: SOCKS_AUTH, SOCKS_REJECTED_…, SOCKS_TIMEOUT, or
 * the system's; unlike the library's own they do not carry the password along.
 */
export class SocksProxy {
  /** For undici's `fetch`. */
  readonly dispatcher: Dispatcher;
  readonly #address: ProxyAddress;

  /** `socks5://[user:password@]host[:port]`. Throws VoiceNodeError `argument_invalid`, without repeating it. */
  constructor(url: string) {
    this.#address = parse(url);
    const connector = socksConnector(this.#address, { timeout: CONNECT_MS });
    const connect: buildConnector.connector = (options, callback) =>
      connector(options, (...[error, socket]: buildConnector.CallbackArgs) => (error === null ? callback(null, socket) : callback(withCode(error), null)));
    this.dispatcher = new Agent({ connect, keepAliveTimeout: KEEP_ALIVE_MS, headersTimeout: 0, bodyTimeout: 0 });
  }

  /** One connection through the proxy; given up at once, wherever it stands, when `signal` is aborted. */
  connection(secure: boolean, signal: AbortSignal): CreateConnection {
    const address = this.#address;
    return ({ host, port }, done) => {
      const socket = net.connect({ host: address.host, port: address.port });
      const abort = (): void => void socket.destroy(new Error('aborted'));
      const over = (error: Error | null, ready?: net.Socket): void => {
        signal.removeEventListener('abort', abort);
        socket.off('error', over);
        if (error !== null) socket.destroy();
        done(error === null ? null : withCode(error), ready);
      };
      signal.addEventListener('abort', abort);
      socket.once('error', over);
      socket.once('connect', () => {
        const options = { protocol: secure ? 'https:' : 'http:', hostname: host ?? '', port: String(port ?? ''), httpSocket: socket };
        socksConnector(address, { timeout: CONNECT_MS })(options, (...[error, ready]: buildConnector.CallbackArgs) => (error === null ? over(null, ready) : over(error)));
      });
      return undefined;
    };
  }
}

function parse(text: string): ProxyAddress {
  const wrong = (came: string): VoiceNodeError => new VoiceNodeError('argument_invalid', `SOCKS proxy: expected a URL such as socks5h://user:password@host:1080, got ${came}`);
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw wrong('something that is no URL');
  }
  if (!['socks5:', 'socks5h:', 'socks:'].includes(url.protocol)) throw wrong(`one that begins with ${url.protocol}//`);
  if (url.hostname === '') throw wrong('one without a host');
  let userId: string;
  let password: string;
  try {
    userId = decodeURIComponent(url.username);
    password = decodeURIComponent(url.password);
  } catch {
    throw wrong('one whose user or password has a % that stands for nothing');
  }
  // Lengths are one byte on the wire (RFC 1929, section 2).
  if (Buffer.byteLength(userId) > 255 || Buffer.byteLength(password) > 255) throw wrong('one whose user or password is longer than 255 bytes');
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return { type: 5, host, port: url.port === '' ? DEFAULT_PORT : Number(url.port), ...(userId !== '' && { userId, password }) };
}

/** The library describes its errors in sentences, and keeps the proxy's password in them. */
function withCode(error: Error): Error {
  const system = (error as NodeJS.ErrnoException).code ?? /\bE[A-Z]{4,}\b/.exec(error.message)?.[0];
  const rejected = /rejected connection - (\w+)/.exec(error.message)?.[1];
  const named = system ?? (rejected === undefined ? nameOf(error.message) : `SOCKS_REJECTED_${rejected.toUpperCase()}`);
  return Object.assign(new Error(`the SOCKS proxy gave no connection (${named})`), { code: named });
}

function nameOf(sentence: string): string {
  if (/authentication/i.test(sentence)) return 'SOCKS_AUTH';
  return /timed out/i.test(sentence) ? 'SOCKS_TIMEOUT' : 'SOCKS_BROKEN';
}
