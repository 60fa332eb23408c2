import { pino, type Logger } from 'pino';
import type { Log } from '../domain/observer.js';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** Anything that looks like a JSON web token: native errors of rtc-node can contain the token they failed with. */
const TOKEN = /eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}/g;

/**
 * JSON lines on standard output. `secrets` are replaced wherever they appear in a line, as is every token:
 * the last gate, so that no caller has to think of it.
 */
export function createLog(level: LogLevel, secrets: readonly string[] = []): Log {
  // As they are written inside a JSON string.
  const hidden = secrets.filter((secret) => secret.length >= 8).map((secret) => JSON.stringify(secret).slice(1, -1));
  const scrub = (line: string): string => {
    let clean = line.replace(TOKEN, '[token]');
    for (const secret of hidden) clean = clean.replaceAll(secret, '[secret]');
    return clean;
  };
  const logger = pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters: { level: (label) => ({ level: label }) } },
    { write: (line: string) => void process.stdout.write(scrub(line)) },
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
