import { ProviderError, type ProviderCode, type Vendor } from '../../domain/provider.js';
import type { SocketEnd } from './socket.js';

/** Short identifiers may be repeated in a message; sentences may hold a key or the caller's words, and never are. */
const IDENTIFIER = /^[\w.:/-]{1,80}$/;
export const identifierOf = (value: unknown): string | undefined => (typeof value === 'string' && IDENTIFIER.test(value) ? value : undefined);

/** Seconds, or a date of HTTP, as milliseconds from `wallMs` on. */
function retryAfterMs(value: string | undefined, wallMs: number): number | undefined {
  if (value === undefined) return undefined;
  const seconds = Number(value);
  const delayMs = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(value) - wallMs;
  return Number.isFinite(delayMs) && delayMs >= 0 ? delayMs : undefined;
}

function codeOfStatus(status: number): ProviderCode {
  if (status === 401 || status === 403) return 'provider_auth';
  if (status === 429) return 'provider_rate_limited';
  if (status >= 500) return 'provider_unavailable';
  return status >= 400 ? 'provider_rejected' : 'provider_protocol';
}

/** What the other side calls its trouble, in `error` events, failed responses and close reasons alike. */
export function codeOfIdentifier(identifier: string): ProviderCode | undefined {
  if (/api_key|auth|permission|unauthor|forbidden/i.test(identifier)) return 'provider_auth';
  if (/rate_limit|quota|too_many|resource_exhausted/i.test(identifier)) return 'provider_rate_limited';
  if (/expired/i.test(identifier)) return 'provider_broken';
  if (/server_error|internal|unavailable|overloaded/i.test(identifier)) return 'provider_unavailable';
  return /invalid|unsupported|not_found|disabled|denied/i.test(identifier) ? 'provider_rejected' : undefined;
}

/** RFC 6455 section 7.4, and the private codes as they are used in the wild: 4000 + HTTP status, or 3000 and 4000 for a refusal. */
function codeOfClose(code: number, reason: string, ready: boolean): ProviderCode {
  const named = identifierOf(reason) === undefined ? undefined : codeOfIdentifier(reason);
  if (named !== undefined) return named;
  if (code === 1002 || code === 1003 || code === 1007) return 'provider_protocol';
  if (code === 1008 || code === 1009 || code === 1010) return 'provider_rejected';
  if (code >= 1011 && code <= 1014) return 'provider_unavailable';
  if (code >= 4400 && code < 4600) return codeOfStatus(code - 4000);
  if (code >= 3000) return 'provider_rejected';
  return ready ? 'provider_broken' : 'provider_unreachable';
}

/** Why a session that lived on this connection is over. `ready`: whether it had been configured. */
export function errorOfEnd(vendor: Vendor, end: SocketEnd, ready: boolean, wallMs: number): ProviderError {
  const who = `${vendor} realtime`;
  switch (end.kind) {
    case 'refused': {
      const message = `${who}: expected a WebSocket (101), got HTTP ${end.status}`;
      return new ProviderError(codeOfStatus(end.status), message, { retryAfterMs: retryAfterMs(end.retryAfter, wallMs) });
    }
    case 'closed': {
      const reason = identifierOf(end.reason);
      return new ProviderError(codeOfClose(end.code, end.reason, ready), `${who}: the connection was closed with ${end.code}${reason === undefined ? '' : ` ${reason}`}`);
    }
    case 'failed': {
      const detail = identifierOf(end.detail) ?? 'no reason given';
      const malformed = detail.startsWith('WS_ERR_');
      return new ProviderError(malformed ? 'provider_protocol' : ready ? 'provider_broken' : 'provider_unreachable', `${who}: the connection failed (${detail})`);
    }
  }
}

/** What stands in an `error` event or a failed response. */
export interface TroubleFields {
  readonly type: string | undefined;
  readonly code: string | undefined;
}

export function errorOfTrouble(vendor: Vendor, what: string, { type, code }: TroubleFields): ProviderError {
  const named = [code, type].map((name) => (name === undefined ? undefined : codeOfIdentifier(name)));
  const words = [code, type].filter((name) => name !== undefined).join(', ');
  return new ProviderError(named[0] ?? named[1] ?? 'provider_unavailable', `${vendor} realtime: ${what}: ${words === '' ? 'no reason given' : words}`);
}
