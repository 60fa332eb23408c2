import type { Clock } from '../domain/clock.js';
import { messageOf, VoiceNodeError } from '../domain/errors.js';
import type { LiveCallView, NodeView } from '../domain/operations.js';
import { monotonicMs } from '../domain/time.js';

const ANSWER_LIMIT_MS = 5000;

export interface NodeAddress {
  /** `http://127.0.0.1:8000`, without a path. */
  readonly origin: string;
  /** Undefined where none is known. Asked each time: a node that was started again may have another one. */
  token(): string | undefined;
}

/** Nobody listens there: the node does not run (any more). */
export class NodeGoneError extends VoiceNodeError {}

/**
 * A node as its operator's commands reach it. All methods throw VoiceNodeError: a NodeGoneError where nobody listens,
 * `transport_timeout` or `transport_lost` where the answer did not come, `auth_failed` for a missing or wrong token.
 */
export class NodeClient {
  readonly #address: NodeAddress;
  readonly #clock: Clock;

  constructor(address: NodeAddress, clock: Clock) {
    this.#address = address;
    this.#clock = clock;
  }

  get origin(): string {
    return this.#address.origin;
  }

  async view(): Promise<NodeView> {
    const body = (await this.#json('/api/node')) as Partial<NodeView> | null;
    if (!Array.isArray(body?.shards) || !Array.isArray(body.calls)) throw this.#foreign();
    return body as NodeView;
  }

  async calls(): Promise<readonly LiveCallView[]> {
    const body = (await this.#json('/api/calls')) as { calls?: readonly LiveCallView[] } | null;
    if (!Array.isArray(body?.calls)) throw this.#foreign();
    return body.calls as readonly LiveCallView[];
  }

  /** False where the call is over already. */
  async hangUp(callId: string): Promise<boolean> {
    const { status, text } = await this.#ask('DELETE', `/api/calls/${encodeURIComponent(callId)}`);
    if (status === 404) return false;
    if (status !== 204) throw this.#unexpected(status, text);
    return true;
  }

  async drain(): Promise<void> {
    const { status, text } = await this.#ask('POST', '/api/drain');
    if (status !== 202) throw this.#unexpected(status, text);
  }

  async #json(path: string): Promise<unknown> {
    const { status, text } = await this.#ask('GET', path);
    if (status !== 200) throw this.#unexpected(status, text);
    try {
      return JSON.parse(text) as unknown;
    } catch {
      throw this.#foreign();
    }
  }

  async #ask(method: string, path: string): Promise<{ status: number; text: string }> {
    const { origin } = this.#address;
    const token = this.#address.token();
    const limit = new AbortController();
    const timer = this.#clock.at(monotonicMs(this.#clock.nowMs() + ANSWER_LIMIT_MS), () => limit.abort());
    try {
      const response = await fetch(`${origin}${path}`, { method, redirect: 'error', signal: limit.signal, headers: token === undefined ? {} : { authorization: `Bearer ${token}` } });
      const answer = { status: response.status, text: await response.text() };
      if (answer.status === 401 || answer.status === 429) throw this.#refused(answer.status, token, response.headers.get('retry-after'));
      return answer;
    } catch (error) {
      if (error instanceof VoiceNodeError) throw error;
      if (limit.signal.aborted) throw new VoiceNodeError('transport_timeout', `the node at ${origin} did not answer within ${ANSWER_LIMIT_MS} ms`);
      throw failed(origin, error);
    } finally {
      timer.cancel();
    }
  }

  #refused(status: number, token: string | undefined, retryAfterS: string | null): VoiceNodeError {
    const { origin } = this.#address;
    if (status === 429) return new VoiceNodeError('auth_failed', `the node at ${origin} has seen too many wrong tokens from this address; it listens again in ${retryAfterS ?? 'some'} s`);
    if (token === undefined) return new VoiceNodeError('auth_failed', `the node at ${origin} wants a token: set ADMIN_TOKEN to the node's own, or run this as the user the node runs as, with the same CACHE_DIR`);
    return new VoiceNodeError('auth_failed', `the node at ${origin} has another ADMIN_TOKEN than this command`);
  }

  #unexpected(status: number, text: string): VoiceNodeError {
    return new VoiceNodeError('transport_lost', `expected an answer of voice-node at ${this.origin}, got ${status} ${messageIn(text)}`.trimEnd());
  }

  #foreign(): VoiceNodeError {
    return new VoiceNodeError('transport_lost', `expected voice-node at ${this.origin}; something else answers there`);
  }
}

/** What a request to `origin` failed with. */
function failed(origin: string, error: unknown): VoiceNodeError {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  const { code } = cause as { code?: unknown };
  if (code === 'ECONNREFUSED') return new NodeGoneError('transport_connect', `no node runs at ${origin}: nothing listens there`);
  return new VoiceNodeError('transport_lost', `the node at ${origin} could not be asked: ${typeof code === 'string' ? code : messageOf(cause)}`);
}

/** The message of an error of ours, or the beginning of whatever it was. */
function messageIn(text: string): string {
  try {
    const { error } = JSON.parse(text) as { error?: { message?: unknown } };
    if (typeof error?.message === 'string') return error.message.slice(0, 200);
  } catch {
    // Not JSON: shown as it is.
  }
  return JSON.stringify(text.slice(0, 60));
}
