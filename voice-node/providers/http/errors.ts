import { ProviderError, type Vendor } from '../../domain/provider.js';

/** Identifiers of an error that may be shown: words and underscores, so neither a key nor a sentence can be one. */
const IDENTIFIER = /^[A-Za-z]+(?:_[A-Za-z]+)*$/;
const IDENTIFIER_MAX = 48;
/** Codes of Node, undici and OpenSSL: ECONNREFUSED, UND_ERR_SOCKET, CERT_HAS_EXPIRED, HPE_INVALID_CONSTANT. */
const SYSTEM_CODE = /^[A-Z][A-Z0-9_]{1,47}$/;
/** What came was not HTTP, or not in the encoding its header names. */
const GARBAGE = /^(HPE_|Z_|UND_ERR_HEADERS_OVERFLOW|UND_ERR_RESPONSE)/;
const DAY_MS = 86_400_000;

/** Where a request stood when its connection failed. */
export type Moment =
  /** No answer has begun. */
  | 'before'
  /** The answer has begun, but nothing of it was handed on: another attempt repeats nothing. */
  | 'unused'
  /** Some of the answer was handed on. */
  | 'begun';

/**
 * The error of an answer whose status is not 2xx. `body` is what came with it, as far as it was read; of it only
 * a short identifier is repeated, because servers like to quote the request.
 */
export function statusError(vendor: Vendor, what: string, response: Pick<Response, 'status' | 'headers'>, body: string): ProviderError {
  const { status } = response;
  const identifier = errorIdentifier(body);
  const message = `${vendor}: expected ${what}, got status ${status}${identifier === undefined ? '' : ` (${identifier})`}`;
  if (status === 401 || status === 403) return new ProviderError('provider_auth', message);
  if (status === 429) return new ProviderError('provider_rate_limited', message, { retryAfterMs: retryAfterMs(response.headers) });
  // 408: the server gave up waiting for us; the same request may succeed (RFC 9110, 15.5.9).
  if (status >= 500 || status === 408) return new ProviderError('provider_unavailable', message, { retryAfterMs: retryAfterMs(response.headers) });
  if (status >= 400) return new ProviderError('provider_rejected', message);
  return new ProviderError('provider_protocol', message);
}

/**
 * How long to stay away, in ms, at most a day: `retry-after-ms` (OpenAI, Azure), or `Retry-After` in seconds or
 * as a date (RFC 9110, 10.2.3). A date is compared with the server's own `Date`, so that our clock plays no part.
 */
export function retryAfterMs(headers: Headers): number | undefined {
  const exact = headers.get('retry-after-ms');
  if (exact !== null && /^\d+(\.\d+)?$/.test(exact.trim())) return Math.min(Number(exact), DAY_MS);
  const value = headers.get('retry-after')?.trim();
  if (value === undefined || value === '') return undefined;
  if (/^\d+(\.\d+)?$/.test(value)) return Math.min(Number(value) * 1000, DAY_MS);
  const waitMs = Date.parse(value) - Date.parse(headers.get('date') ?? '');
  return Number.isNaN(waitMs) ? undefined : Math.min(Math.max(waitMs, 0), DAY_MS);
}

/**
 * The error of a connection that could not be made or did not hold. Only the system's code is repeated: the
 * message of a refused header would quote the key.
 */
export function networkError(vendor: Vendor, what: string, error: unknown, moment: Moment): ProviderError {
  const code = systemCode(error);
  const shown = code === undefined ? '' : ` (${code})`;
  if (GARBAGE.test(code ?? '')) return new ProviderError('provider_protocol', `${vendor}: expected ${what}, got something that is not HTTP${shown}`);
  if (moment === 'begun') return new ProviderError('provider_broken', `${vendor}: expected the rest of ${what}, the connection broke${shown}`);
  if (moment === 'unused') return new ProviderError('provider_unreachable', `${vendor}: expected ${what}, the connection broke before any of it came${shown}`);
  // fetch names a cause for all that happens on the network; without one the request itself could not be made.
  if (code === undefined && !hasCause(error)) return new ProviderError('provider_rejected', `${vendor}: expected ${what}, but the request could not be sent: is there a character in key or address that may not be there?`);
  return new ProviderError('provider_unreachable', `${vendor}: expected ${what}, got no connection${shown}`);
}

/** The error of an answer that ended too early although its connection closed in order. */
export function endedEarly(vendor: Vendor, what: string, begun: boolean): ProviderError {
  return begun
    ? new ProviderError('provider_broken', `${vendor}: expected the rest of ${what}, the answer ended too early`)
    : new ProviderError('provider_unreachable', `${vendor}: expected ${what}, the answer ended before any of it came`);
}

/**
 * The error's own name in a JSON body: OpenAI `{error: {code, type}}`, ElevenLabs `{detail: {status}}`, Yandex
 * `{error: {grpcCode}}`, others `{error: "name"}` or `{code}`. Undefined where it is no short identifier.
 */
export function errorIdentifier(body: string): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return undefined;
  }
  for (const object of [field(value, 'error'), field(value, 'detail'), value]) {
    for (const candidate of [field(object, 'code'), field(object, 'type'), field(object, 'status'), field(object, 'grpcCode'), object]) {
      if (typeof candidate === 'number' && Number.isInteger(candidate) && Math.abs(candidate) < 1000) return String(candidate);
      if (typeof candidate === 'string' && candidate.length <= IDENTIFIER_MAX && IDENTIFIER.test(candidate)) return candidate;
    }
  }
  return undefined;
}

const field = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;

const hasCause = (error: unknown): boolean => error instanceof Error && error.cause !== undefined;

/** The first code along the chain of causes; undici's parser has a name instead of one. */
function systemCode(error: unknown): string | undefined {
  let at: unknown = error;
  for (let depth = 0; depth < 5 && at instanceof Error; depth++) {
    const code = field(at, 'code');
    if (typeof code === 'string' && SYSTEM_CODE.test(code)) return code;
    if (at.name === 'HTTPParserError') return 'HPE_INVALID';
    at = at.cause;
  }
  return undefined;
}
