import { createHash, timingSafeEqual } from 'node:crypto';
import type { Hono, MiddlewareHandler } from 'hono';
import type { Clock } from '../domain/clock.js';
import { VoiceNodeError } from '../domain/errors.js';
import type { Log } from '../domain/observer.js';
import type { Operations } from '../domain/operations.js';
import { failure } from './failure.js';
import { GuessLimit } from './guess-limit.js';

/** Shorter ones can be guessed. */
const MIN_TOKEN_CHARACTERS = 16;
/** RFC 6750, 2.1. What a token is made of is the operator's choice; a blank ends it. */
const BEARER = /^bearer +(\S+)$/i;

export interface AdminPorts {
  readonly operations: Operations;
  /** Opens the operator's part, and nothing else does. At least 16 characters. */
  readonly adminToken: string;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * The operator's part of the HTTP interface. Every request needs the token in its header: no page of another origin can
 * send that unasked, so neither DELETE nor POST needs anything else. Throws `config_invalid` for a token that is too short.
 */
export function addAdmin(app: Hono, ports: AdminPorts): void {
  const { operations, log } = ports;
  const guard = guardOf(ports);
  for (const path of ['/api/node', '/api/calls/*', '/api/drain']) app.use(path, guard);
  app.get('/api/node', (context) => context.json(operations.view()));
  app.get('/api/calls', (context) => context.json({ calls: operations.view().calls }));
  app.delete('/api/calls/:callId', (context) => {
    const callId = context.req.param('callId');
    if (!operations.hangUp(callId)) return failure(context, 404, 'argument_invalid', `expected the id of a call in progress, got ${JSON.stringify(callId.slice(0, 80))}`);
    log.info({ callId }, 'an operator hung up');
    return context.body(null, 204);
  });
  app.post('/api/drain', (context) => {
    log.info({}, 'an operator asked for the node to stop once its calls are over');
    operations.drain();
    return context.json({ status: 'draining' }, 202);
  });
}

function guardOf({ adminToken, clock, log }: AdminPorts): MiddlewareHandler {
  if (adminToken.length < MIN_TOKEN_CHARACTERS) throw new VoiceNodeError('config_invalid', `ADMIN_TOKEN: expected at least ${MIN_TOKEN_CHARACTERS} characters, got ${adminToken.length}`);
  const expected = digest(adminToken);
  const limit = new GuessLimit(clock);
  return async (context, next) => {
    context.header('cache-control', 'no-store');
    const address = addressOf(context.env);
    const waitMs = limit.waitMs(address);
    if (waitMs > 0) {
      context.header('retry-after', String(Math.ceil(waitMs / 1000)));
      return failure(context, 429, 'auth_failed', 'too many wrong tokens came from this address');
    }
    const shown = BEARER.exec(context.req.header('authorization') ?? '')?.[1];
    if (shown !== undefined && timingSafeEqual(digest(shown), expected)) return next();
    if (shown === undefined) {
      context.header('www-authenticate', 'Bearer realm="voice-node"');
      return failure(context, 401, 'auth_failed', 'expected the header Authorization: Bearer <ADMIN_TOKEN>, got none');
    }
    limit.wrong(address);
    log.warn({ address }, 'an operator request came with a wrong token');
    context.header('www-authenticate', 'Bearer realm="voice-node", error="invalid_token"');
    return failure(context, 401, 'auth_failed', 'expected the ADMIN_TOKEN of this node, got another token');
  };
}

/** Digests have the same length whatever was shown, so comparing them takes the same time. */
const digest = (token: string): Buffer => createHash('sha256').update(token).digest();

/**
 * Who is at the other end of the connection. What a proxy says about it (X-Forwarded-For) is not believed: anybody may
 * write that. Behind a proxy all requests come from one address.
 */
function addressOf(env: unknown): string {
  const { incoming } = (env ?? {}) as { incoming?: { socket?: { remoteAddress?: string } } };
  return incoming?.socket?.remoteAddress ?? 'unknown';
}
