// @ts-check

import { problem } from './problems.js';

/** @import { Problem } from './problems.js' */
/** @import { TokenInfo } from './token.js' */

/** An error that already knows its words. */
export class ProblemError extends Error {
  /** @param {Problem} found */
  constructor(found) {
    super(found.title);
    this.name = 'ProblemError';
    this.problem = found;
  }
}

/** ConnectionErrorReason of livekit-client, by number. */
export const REASONS = Object.freeze(['NotAllowed', 'ServerUnreachable', 'InternalError', 'Cancelled', 'LeaveRequest', 'Timeout', 'WebSocket', 'ServiceNotFound']);

/** @param {unknown} error */
const messageOf = (error) => (error instanceof Error ? error.message : String(error));

/** @param {unknown} error */
const nameOf = (error) => (typeof error === 'object' && error !== null && 'name' in error ? String(error.name) : '');

/**
 * Why getUserMedia failed (names of W3C Media Capture and Streams §10.2).
 * @param {unknown} error
 * @returns {Problem}
 */
export function micProblem(error) {
  switch (nameOf(error)) {
    case 'NotAllowedError':
    case 'SecurityError':
      return problem('mic_refused');
    case 'NotFoundError':
    case 'OverconstrainedError':
      return problem('mic_missing');
    case 'NotReadableError':
    case 'AbortError':
      return problem('mic_busy');
    case 'DeviceUnsupportedError':
      return problem('insecure_context');
    default:
      return problem('mic_failed', messageOf(error));
  }
}

/**
 * Why the node gave no session.
 * @param {number} status HTTP status
 * @param {unknown} body the answer's JSON, `{"error":{"code","message"}}` where the node itself answered
 * @returns {Problem}
 */
export function apiProblem(status, body) {
  const said = typeof body === 'object' && body !== null && 'error' in body ? body.error : null;
  const detail = typeof said === 'object' && said !== null && 'message' in said ? String(said.message) : `HTTP ${status}`;
  const code = typeof said === 'object' && said !== null && 'code' in said ? String(said.code) : '';
  if (code === 'robot_unavailable') return problem('robot_unavailable', detail);
  if (code === 'at_capacity' || status === 429 || status === 503) return problem('api_busy', detail);
  return problem(status >= 500 ? 'api_failed' : 'api_refused', detail);
}

/**
 * Why a room could not be joined. The client library names its reasons (ConnectionErrorReason) and gives the
 * server's HTTP status and words where it had any.
 * @param {unknown} error
 * @param {TokenInfo | null} token the token that was used, to explain a refusal
 * @param {number} nowMs wall clock
 * @returns {Problem}
 */
export function joinProblem(error, token, nowMs) {
  if (error instanceof ProblemError) return error.problem;
  const message = messageOf(error);
  const fields = /** @type {{ reason?: unknown, status?: unknown }} */ (typeof error === 'object' && error !== null ? error : {});
  // Not its `reasonName`: where the library passes an inner error on, it updates the number alone.
  const reason = REASONS[Number(fields.reason ?? NaN)] ?? '';
  const status = Number(fields.status ?? 0);
  // The library asks over HTTP why a socket failed: its reason is WebSocket only where address and token are right.
  // (A browser hides the status with which the socket was refused.)
  if (reason === 'WebSocket' || /max participants|room is full/i.test(message)) return problem('room_full');
  if (/does not exist|not found/i.test(message) || status === 404) return problem('room_missing', message);
  if (reason === 'NotAllowed' || status === 401 || status === 403) {
    const expired = /expired|exp claim/i.test(message) || (token?.expiresAtMs != null && token.expiresAtMs < nowMs);
    return problem(expired ? 'token_expired' : 'token_refused', message);
  }
  if (/pc connection|peer ?connection|negotiation/i.test(message)) return problem('media_blocked');
  if (reason === 'ServerUnreachable' || reason === 'Timeout' || nameOf(error) === 'TimeoutError' || /fetch|network/i.test(message)) return problem('server_unreachable', message);
  if (reason === 'InternalError' || status >= 500) return problem('server_failed', message);
  return problem('unknown', message);
}

/** The server knows us and does not want us: to ask again would not help. */
const REFUSALS = new Set(['token_expired', 'token_refused', 'superseded', 'removed', 'room_closed']);

/**
 * Whether it is in vain to try again to join.
 * @param {unknown} error with which an attempt failed
 */
export const isRefusal = (error) => REFUSALS.has(joinProblem(error, null, 0).code);

/**
 * Why a call that was running is over; null where the caller hung up.
 * @param {string} reason name of LiveKit's DisconnectReason
 * @returns {Problem | null}
 */
export function endProblem(reason) {
  switch (reason) {
    case 'CLIENT_INITIATED':
      return null;
    case 'DUPLICATE_IDENTITY':
      return problem('superseded');
    case 'SERVER_SHUTDOWN':
      return problem('server_shutdown');
    case 'PARTICIPANT_REMOVED':
      return problem('removed');
    case 'ROOM_DELETED':
    case 'ROOM_CLOSED':
      return problem('room_closed');
    default:
      return problem('connection_lost', reason === 'UNKNOWN_REASON' ? undefined : reason.toLowerCase().replaceAll('_', ' '));
  }
}
