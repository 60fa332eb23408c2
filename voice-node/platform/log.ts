import { pino, type Logger } from 'pino';
import type { Log } from '../domain/observer.js';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** Anything that looks like a JSON web token: native errors of rtc-node can contain the token they failed with. */
const TOKEN = /eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}/g;

/** Shorter ones are words that may stand anywhere. */
const MIN_SECRET = 8;
/** Of one owner. What he had before may still be in use, by a call that goes on. */
const MAX_KEPT = 1000;

/** What must never be seen in the log. May grow while the log is written. */
export class Secrets {
  /** As they are written inside a JSON string; the longest first, so that none hides the rest of another. */
  #written: readonly string[] = [];
  readonly #byOwner = new Map<string, readonly string[]>();

  /** From now on these are hidden, and those that `owner` had before as well. */
  add(owner: string, secrets: readonly string[]): void {
    const fresh = secrets.filter((secret) => secret.length >= MIN_SECRET).map((secret) => JSON.stringify(secret).slice(1, -1));
    this.#byOwner.set(owner, [...new Set([...fresh, ...(this.#byOwner.get(owner) ?? [])])].slice(0, MAX_KEPT));
    this.#written = [...new Set([...this.#byOwner.values()].flat())].sort((a, b) => b.length - a.length);
  }

  scrub(line: string): string {
    let clean = line.replace(TOKEN, '[token]');
    for (const secret of this.#written) clean = clean.replaceAll(secret, '[secret]');
    return clean;
  }
}

/**
 * JSON lines on standard output. `secrets` are replaced wherever they appear in a line, as is every token:
 * the last gate, so that no caller has to think of it.
 */
export function createLog(level: LogLevel, secrets: Secrets = new Secrets()): Log {
  const logger = pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters: { level: (label) => ({ level: label }) } },
    { write: (line: string) => void process.stdout.write(secrets.scrub(line)) },
  );
  return wrap(logger);
}

function wrap(logger: Logger): Log {
  return {
    debug: (fields, message) => logger.debug(fields, message),
    info: (fields, message) => logger.info(fields, message),
    warn: (fields, message) => logger.warn(fields, message),
    error: (fields, message) => logger.error(fields, message),
    child: (fields) => wrap(logger.child(fields)),
  };
}

export const silentLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silentLog,
};
