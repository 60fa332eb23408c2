import type { Clock, Timer } from '../../domain/clock.js';
import { asNodeError, VoiceNodeError } from '../../domain/errors.js';
import { monotonicMs } from '../../domain/time.js';
import type { ToolRunner, ToolSpec } from '../../domain/tools.js';
import { readBody } from '../http/body.js';
import { createConnections } from '../http/connections.js';
import type { Fetch } from '../http/request.js';
import { compileSchema, type ArgumentCheck } from './schema.js';

/** A tool as a robot declares it. */
export interface HttpTool extends ToolSpec {
  readonly url: string;
  readonly timeoutMs: number;
}

export interface HttpToolsOptions {
  readonly tools: readonly HttpTool[];
  /** Origins that tools may be called at, such as `https://api.example.com`; nothing else is. */
  readonly allowedOrigins: readonly string[];
  readonly clock: Clock;
  readonly fetch?: Fetch | undefined;
}

/** What a model is told: more would cost it its thread. */
const MAX_ANSWER_BYTES = 8192;
/** Told where a tool answers with nothing. */
const NOTHING = 'done';

interface Ready {
  readonly tool: HttpTool;
  readonly url: URL;
  readonly check: ArgumentCheck;
}

/**
 * Runs tools by HTTP: POST of `{"arguments": {...}, "call_id": "..."}` to the tool's URL, answered with JSON or
 * text of at most 8 KiB. Throws `robot_invalid` for a tool whose origin is not on the list or whose schema is none.
 * A failure says what was expected and what came, but nothing of arguments or answer.
 */
export function createHttpTools(options: HttpToolsOptions): ToolRunner & { close(): void } {
  const origins = new Set(options.allowedOrigins.map((origin) => new URL(origin).origin));
  const ready = new Map<string, Ready>(options.tools.map((tool) => [tool.name, prepare(tool, origins)]));
  const connections = options.fetch === undefined ? createConnections() : undefined;
  const fetch = options.fetch ?? connections?.fetch;
  return {
    specs: options.tools.map(({ name, description, parameters }) => ({ name, description, parameters })),
    run: async (name, args, call) => {
      const found = ready.get(name);
      // The name is the model's: it may be anything.
      if (found === undefined || fetch === undefined) throw failed(undefined, 'expected the name of a tool of this robot, got another one');
      const fault = found.check(args);
      if (fault !== undefined) throw failed(name, `expected arguments of its schema, but ${fault}`);
      return withinTime(found.tool, options.clock, call.signal, (signal) => post(fetch, found, args, call.callId, signal));
    },
    close: () => connections?.close(),
  };
}

function prepare(tool: HttpTool, origins: ReadonlySet<string>): Ready {
  const url = new URL(tool.url);
  if (!origins.has(url.origin)) throw new VoiceNodeError('robot_invalid', `tool ${tool.name}: expected an address at an origin of TOOL_URLS, got ${url.origin}`);
  return { tool, url, check: compileSchema(tool) };
}

const failed = (name: string | undefined, message: string): VoiceNodeError => new VoiceNodeError('tool_failed', `${name === undefined ? '' : `tool ${name}: `}${message}`);

/** Runs `work` under a signal that is aborted with `outer` or when the tool's time is over; then it is not waited for. */
async function withinTime(tool: HttpTool, clock: Clock, outer: AbortSignal, work: (signal: AbortSignal) => Promise<string>): Promise<string> {
  if (outer.aborted) throw failed(tool.name, 'not called, because nobody waits for its answer any more');
  const controller = new AbortController();
  let timer: Timer | undefined;
  let onAbort: (() => void) | undefined;
  const over = new Promise<never>((_, reject) => {
    const end = (message: string): void => {
      controller.abort();
      reject(failed(tool.name, message));
    };
    timer = clock.at(monotonicMs(clock.nowMs() + tool.timeoutMs), () => end(`expected an answer within ${tool.timeoutMs} ms, none came`));
    onAbort = () => end('broken off, because nobody waits for its answer any more');
    outer.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([work(controller.signal), over]);
  } finally {
    timer?.cancel();
    outer.removeEventListener('abort', onAbort as () => void);
    over.catch(() => undefined);
  }
}

async function post(fetch: Fetch, { tool, url }: Ready, args: unknown, callId: string, signal: AbortSignal): Promise<string> {
  let response: Response;
  try {
    response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json, text/*' },
      body: JSON.stringify({ arguments: args, call_id: callId }),
      signal,
      // A redirect could lead anywhere: it is an answer with the wrong status.
      redirect: 'manual',
    });
  } catch {
    throw failed(tool.name, 'expected an answer, got no connection');
  }
  if (!response.ok) {
    response.body?.cancel().catch(() => undefined);
    throw failed(tool.name, `expected status 200, got ${response.status}${response.status >= 300 && response.status < 400 ? ' (redirects are not followed)' : ''}`);
  }
  const type = response.headers.get('content-type') ?? 'text/plain';
  if (!/^text\/|[/+]json/i.test(type)) {
    response.body?.cancel().catch(() => undefined);
    throw failed(tool.name, 'expected JSON or text, got another type');
  }
  const text = await readAnswer(response, tool, signal);
  if (/[/+]json/i.test(type) && text !== '' && !isJson(text)) throw failed(tool.name, 'expected JSON, as its type says, got something else');
  return text === '' ? NOTHING : text;
}

async function readAnswer(response: Response, tool: HttpTool, signal: AbortSignal): Promise<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let text = '';
  try {
    for await (const bytes of readBody(response, { vendor: 'local', what: 'an answer', signal, maxBytes: MAX_ANSWER_BYTES })) text += decoder.decode(bytes, { stream: true });
    text += decoder.decode();
  } catch (error) {
    if (error instanceof TypeError) throw failed(tool.name, 'expected UTF-8, got something else');
    const { code } = asNodeError(error, 'tool_failed');
    throw failed(tool.name, code === 'provider_overflow' ? `expected an answer of at most ${MAX_ANSWER_BYTES} bytes, got more` : 'expected the rest of the answer, the connection broke');
  }
  return text.trim();
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
