import type { Log } from '../domain/observer.js';

/**
 * The last net. A rejection nobody awaited belongs to one call at most, and the others go on; an exception that
 * reached the event loop leaves no such certainty, so the process ends and whoever supervises it starts another.
 */
export function catchStrays(log: Log): void {
  process.on('unhandledRejection', (reason) => {
    log.error({ error: reason instanceof Error ? reason.stack : String(reason) }, 'unhandled rejection: a bug');
  });
  process.on('uncaughtException', (error) => {
    log.error({ error: error.stack }, 'uncaught exception: a bug');
    process.exit(70);
  });
}
