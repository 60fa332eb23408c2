import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { Hono, type Context } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { compress } from 'hono/compress';
import { etag } from 'hono/etag';
import { secureHeaders } from 'hono/secure-headers';
import { messageOf, VoiceNodeError } from '../domain/errors.js';
import { addAdmin, type AdminPorts } from './admin.js';
import { failure } from './failure.js';
import type { Readiness, Reservation } from './reservations.js';
import { newSessionNames, type Session, type SessionNames } from './sessions.js';

const MAX_BODY_BYTES = 16 * 1024;
const RETRY_AFTER_S = 5;

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
};

export interface WebOptions {
  /** Folder of the client page. */
  readonly staticFolder: string;
  /** The client library, served from our own package. */
  readonly liveKitClient: string;
}

/** A robot as the page offers it. */
export interface OfferedRobot {
  readonly name: string;
  readonly mode: string;
  readonly description?: string;
  /** Whether it can take calls. */
  readonly ready: boolean;
  /** What it lacks otherwise: in short for a list, and in words. */
  readonly missing: readonly { readonly thing: string; readonly text: string }[];
}

export interface WebPorts extends AdminPorts {
  /** Whether a call may come now; otherwise why not. Sessions that were handed out and whose call is still to come count. */
  readiness(): Readiness;
  /** Keeps a place for the call in the room of this name before he has a token for it, or says why there is none. Returns at once. */
  reserve(room: string): Reservation | Readiness;
  /** The robots as they are now, those that cannot take calls as well. */
  robots(): { readonly default: string; readonly offers: readonly OfferedRobot[] };
  createSession(robot: string, names: SessionNames): Promise<Session>;
  metrics(): Promise<{ readonly contentType: string; readonly text: string }>;
}

/** The node's HTTP interface. */
export function createApp(options: WebOptions, ports: WebPorts): Hono {
  const app = new Hono();
  app.use(
    secureHeaders({
      contentSecurityPolicy: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'", 'data:'],
        mediaSrc: ["'self'", 'blob:', 'mediastream:'],
        // The page may be pointed at any LiveKit server.
        connectSrc: ["'self'", 'ws:', 'wss:', 'http:', 'https:'],
        workerSrc: ["'self'", 'blob:'],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
      },
      permissionsPolicy: { microphone: ['self'], camera: [], geolocation: [] },
      strictTransportSecurity: false,
    }),
  );
  app.get('/healthz', (context) => context.json({ status: 'ok' }));
  app.get('/readyz', (context) => {
    const readiness = ports.readiness();
    return context.json({ status: readiness.ready ? 'ready' : 'not ready', ...(readiness.reason === undefined ? {} : { reason: readiness.reason }) }, readiness.ready ? 200 : 503);
  });
  app.get('/metrics', async (context) => {
    const { contentType, text } = await ports.metrics();
    return context.body(text, 200, { 'content-type': contentType, 'cache-control': 'no-store' });
  });
  app.get('/api/robots', (context) => listRobots(context, ports));
  addAdmin(app, ports);
  app.post(
    '/api/session/create',
    // Before anything is waited for, the body too: a node that is full says so at once.
    async (context, next) => {
      const readiness = ports.readiness();
      return readiness.ready ? next() : busy(context, readiness);
    },
    bodyLimit({ maxSize: MAX_BODY_BYTES, onError: (context) => failure(context, 413, 'argument_invalid', `expected at most ${MAX_BODY_BYTES} bytes`) }),
    (context) => createSession(context, ports),
  );
  addStatic(app, options);
  app.notFound((context) => failure(context, 404, 'argument_invalid', `there is nothing at ${context.req.path.slice(0, 200)}`));
  app.onError((error, context) => {
    ports.log.error({ error: messageOf(error), path: context.req.path.slice(0, 200) }, 'a request failed');
    return failure(context, 500, 'internal', 'the node could not answer; its log says why');
  });
  return app;
}

function listRobots(context: Context, ports: WebPorts): Response {
  const { default: preferred, offers } = ports.robots();
  const details = offers.map(({ missing, ...offer }) => ({ ...offer, ...(offer.ready ? {} : { missing: [...new Set(missing.map(({ thing }) => thing))] }) }));
  context.header('cache-control', 'no-store');
  return context.json({ robots: offers.map(({ name }) => name), default: preferred, details });
}

async function createSession(context: Context, ports: WebPorts): Promise<Response> {
  // Anything but JSON is refused: a form on a foreign page could send the rest without asking.
  if (!/^application\/json\s*(;|$)/i.test(context.req.header('content-type') ?? '')) {
    return failure(context, 415, 'argument_invalid', 'expected content-type application/json');
  }
  let body: unknown;
  try {
    const text = await context.req.text();
    body = text.trim() === '' ? {} : JSON.parse(text);
  } catch {
    return failure(context, 400, 'argument_invalid', 'expected JSON such as {"robot":"echo"}');
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return failure(context, 400, 'argument_invalid', 'expected a JSON object such as {"robot":"echo"}');
  const { default: preferred, offers } = ports.robots();
  const wanted: unknown = Object.hasOwn(body, 'robot') ? (body as { robot: unknown }).robot : preferred;
  const offer = offers.find(({ name }) => name === wanted);
  if (offer === undefined) {
    return failure(context, 400, 'robot_unknown', `robot: expected one of ${offers.map(({ name }) => name).join(', ')}, got ${JSON.stringify(wanted)?.slice(0, 80)}`);
  }
  if (!offer.ready) {
    return failure(context, 503, 'robot_unavailable', `robot: ${offer.name} cannot take calls: ${offer.missing.map(({ text }) => text).join('; ').slice(0, 1000)}`);
  }
  const names = newSessionNames();
  const place = ports.reserve(names.room);
  if (!('release' in place)) return busy(context, place);
  try {
    context.header('cache-control', 'no-store');
    return context.json(await ports.createSession(offer.name, names));
  } catch (error) {
    place.release();
    ports.log.error({ error: messageOf(error) }, 'no session could be created');
    if (!(error instanceof VoiceNodeError)) return failure(context, 500, 'internal', 'the node could not make a session; its log says why');
    return failure(context, 502, error.code, error.message);
  }
}

function busy(context: Context, { reason }: Readiness): Response {
  context.header('retry-after', String(RETRY_AFTER_S));
  return failure(context, 503, 'at_capacity', reason ?? 'the node takes no calls at the moment');
}

/** Names are looked up by a strict pattern: one segment, no dots in front, a known ending. */
function addStatic(app: Hono, { staticFolder, liveKitClient }: WebOptions): void {
  const send = async (context: Context, file: string): Promise<Response> => {
    try {
      const content = await readFile(file);
      return context.body(new Uint8Array(content), 200, { 'content-type': CONTENT_TYPES[extname(file)] ?? 'application/octet-stream', 'cache-control': 'no-cache' });
    } catch {
      return failure(context, 404, 'argument_invalid', `there is nothing at ${context.req.path.slice(0, 200)}`);
    }
  };
  // The client library is 1.4 MB: a phone gets it packed, and only once.
  app.use('/vendor/*', etag(), compress());
  app.use('/:file', etag(), compress());
  app.get('/', (context) => send(context, join(staticFolder, 'client.html')));
  app.get('/vendor/livekit-client.esm.mjs', (context) => send(context, liveKitClient));
  app.get('/:file{[a-z0-9][a-z0-9-]*\\.(?:html|css|js|svg|png|ico)}', (context) => send(context, join(staticFolder, context.req.param('file'))));
}
