// What went wrong, in a form that may be logged: codes and statuses, never the words of a message.

const SHORT_IDENTIFIER = /^[A-Za-z][\w.:-]{0,59}$/;
const identifier = (value) => (typeof value === 'string' && SHORT_IDENTIFIER.test(value) ? value : undefined);
const ERROR_NAMES_OF_ALL = new Set(['Error', 'Object']);

/** HTTP status: a field of most errors; some plugins only have it in their message. */
function statusOf(error) {
  const named = [error.statusCode, error.status, error.response?.status].find((value) => Number.isInteger(value) && value >= 100 && value <= 599);
  const inWords = /\b(?:status|response)(?: code)?:? ([1-5]\d\d)\b/i.exec(String(error.message));
  return named ?? (inWords === null ? undefined : Number(inWords[1]));
}

/** RFC 9110, 10.2.3, in its form of seconds; and the header in ms that OpenAI's clients know. */
function retryAfterMsOf(error) {
  const headers = error.headers ?? error.response?.headers;
  const header = (name) => headers?.get?.(name) ?? headers?.[name];
  const ms = Number(header('retry-after-ms') ?? NaN);
  const seconds = Number(header('retry-after') ?? NaN);
  const value = Number.isFinite(ms) ? ms : seconds * 1000;
  return Number.isFinite(value) && value >= 0 ? value : undefined;
}

/** A failure of the other side, or on the way there. */
export function faultOf(thrown) {
  const error = thrown !== null && typeof thrown === 'object' ? thrown : { message: String(thrown) };
  const made = error.constructor?.name;
  const name = identifier(made !== undefined && !ERROR_NAMES_OF_ALL.has(made) ? made : error.name);
  return {
    kind: 'provider',
    name,
    status: statusOf(error),
    code: identifier(error.code ?? error.cause?.code ?? error.body?.code ?? error.type ?? error.body?.type),
    retryAfterMs: retryAfterMsOf(error),
    garbled: name === 'SyntaxError' || name === 'ZodError' || /JSON|Unexpected (?:token|end)/.test(String(error.message)),
  };
}

/** The plugin or the host is not installed. */
export const missing = (what) => ({ kind: 'missing', detail: what });

/** There is no such thing in the plugin. */
export const lacks = (what) => ({ kind: 'lacks', detail: what });

/** More came than there is room for. */
export const overflow = (what) => ({ kind: 'overflow', detail: what });

/** The stream ended too early and without an error. */
export const early = () => ({ kind: 'early' });

/**
 * The plugin does not take its options. It says so before it has seen any caller, so its words may be shown,
 * but for the values of options and environment.
 */
export function refused(error, secrets) {
  let detail = String(error?.message ?? error).slice(0, 2000);
  for (const value of secrets) if (typeof value === 'string' && value.length >= 4) detail = detail.replaceAll(value, '[hidden]');
  return { kind: 'options', detail: detail.replaceAll(/\s+/g, ' ').slice(0, 200), auth: /\b(?:api|secret|access)?[ _-]?(?:key|token|credential)/i.test(detail) };
}

/** A fault that is thrown. */
export class Fault extends Error {
  constructor(fault) {
    super(fault.kind);
    this.fault = fault;
  }
}

export const toFault = (error) => (error instanceof Fault ? error.fault : faultOf(error));
