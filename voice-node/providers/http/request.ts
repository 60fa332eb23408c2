import type { Vendor } from '../../domain/provider.js';
import { networkError, statusError } from './errors.js';
import { readText } from './body.js';

/** The global `fetch`, or one like it: over a proxy, with connections that are kept, of a test. */
export type Fetch = (url: string | URL, init: RequestInit) => Promise<Response>;

export interface HttpRequest {
  readonly vendor: Vendor;
  /** What is asked for, for error messages: `an answer`, `speech`. */
  readonly what: string;
  readonly fetch: Fetch;
  readonly url: string | URL;
  /** Default POST with a body, otherwise GET. */
  readonly method?: 'GET' | 'POST' | 'DELETE';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | undefined;
  readonly signal: AbortSignal;
}

/** Error bodies are read for their identifier only. */
const ERROR_BODY_BYTES = 16_384;

/**
 * Sends a request and resolves with the answer once its headers have come and its status is 2xx; the body is then
 * the caller's to read (`readBody`, `readJson`, ...) or to cancel. Redirects are not followed: fetch would turn
 * our POST into a GET, and drop the key. Rejects with `ProviderError` by status or by what went wrong on the
 * network; once `signal` is aborted with its reason, and the connection is closed. No time limit of its own.
 */
export async function send(request: HttpRequest): Promise<Response> {
  const { vendor, what, signal, body } = request;
  signal.throwIfAborted();
  let response: Response;
  try {
    response = await request.fetch(request.url, {
      method: request.method ?? (body === undefined ? 'GET' : 'POST'),
      headers: { ...request.headers },
      ...(body === undefined ? {} : { body: body as RequestInit['body'] & {} }),
      signal,
      redirect: 'manual',
    });
  } catch (error) {
    signal.throwIfAborted();
    throw networkError(vendor, what, error, 'before');
  }
  if (response.ok) return response;
  // The status is known: a body that breaks, or is longer than any error should be, changes nothing about it.
  const text = await readText(response, { vendor, what, signal, maxBytes: ERROR_BODY_BYTES }).catch(() => '');
  signal.throwIfAborted();
  throw statusError(vendor, what, response, text);
}
