import { status as Status, type StatusObject } from '@grpc/grpc-js';
import { ProviderError, type ProviderCode, type Vendor } from '../../domain/provider.js';

/** What grpc-js itself says, with the status of a call, about what the server did not say. */
const UNREADABLE = /^Response message parsing error|^Received message.* larger than|^Protocol error|invalid frame|NGHTTP2/i;
/** The machine's word for why there is no connection, such as ECONNREFUSED or CERT_HAS_EXPIRED. */
const SYSTEM_CODE = /\b(?:E[A-Z]{4,}|[A-Z]+_[A-Z_]+)\b/;

/** Where there is no such word, as OpenSSL and the resolver put it. */
const TROUBLE: readonly (readonly [RegExp, string])[] = [
  [/name resolution failed/i, 'the name of the server is not known'],
  [/certificate|self.signed|altname/i, 'its certificate is not trusted'],
];

/**
 * Why a call failed. The details of a status are the server's words, or quote ours, and are not repeated; only a
 * short code in them is. `begun`: whether a result has come. (gRPC, "Status codes and their use in gRPC".)
 */
export function errorOfStatus(vendor: Vendor, what: string, { code, details, metadata }: Pick<StatusObject, 'code' | 'details' | 'metadata'>, begun: boolean): ProviderError {
  const unreadable = UNREADABLE.test(details);
  const detail = SYSTEM_CODE.exec(details)?.[0] ?? TROUBLE.find(([pattern]) => pattern.test(details))?.[1];
  const name = Status[code] ?? `code ${code}`;
  const message = `${vendor} ${what}: expected the gRPC call to succeed, got ${name}${unreadable ? ', a response that cannot be read' : detail === undefined ? '' : ` (${detail})`}`;
  return new ProviderError(unreadable ? 'provider_protocol' : codeOf(code, begun), message, { retryAfterMs: pushbackMs(metadata) });
}

function codeOf(code: Status, begun: boolean): ProviderCode {
  switch (code) {
    case Status.UNAUTHENTICATED:
    case Status.PERMISSION_DENIED:
      return 'provider_auth';
    case Status.RESOURCE_EXHAUSTED:
      return 'provider_rate_limited';
    case Status.INVALID_ARGUMENT:
    case Status.NOT_FOUND:
    case Status.ALREADY_EXISTS:
    case Status.FAILED_PRECONDITION:
    case Status.OUT_OF_RANGE:
    case Status.UNIMPLEMENTED:
      return 'provider_rejected';
    // Also what grpc-js calls a connection that cannot be made, or is lost; and what a stream that was reset comes to.
    case Status.UNAVAILABLE:
    case Status.CANCELLED:
    case Status.ABORTED:
    case Status.DATA_LOSS:
      return begun ? 'provider_broken' : 'provider_unreachable';
    default:
      return 'provider_unavailable';
  }
}

/** How long the server wants to be left alone (gRFC A6, "Pushback"). */
function pushbackMs(metadata: StatusObject['metadata']): number | undefined {
  const [value] = metadata.get('grpc-retry-pushback-ms');
  const ms = Number(value ?? Number.NaN);
  return Number.isFinite(ms) && ms >= 0 ? ms : undefined;
}
