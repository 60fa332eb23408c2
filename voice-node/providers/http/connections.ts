import { Agent, fetch as undiciFetch, type Dispatcher } from 'undici';
import type { Fetch } from './request.js';

/** Connections to one provider, kept between the turns of a conversation. */
export interface Connections {
  readonly fetch: Fetch;
  /**
   * Connects to the server of `url` if no connection is free, so that the next request needs no handshake (TCP
   * and TLS: two to three round trips). Without effect on a dispatcher of somebody else's making. Resolves when it
   * is there, or cannot be; never rejects.
   */
  warm(url: string): Promise<void>;
  /** Ends idle connections, and those in use as well. */
  close(): void;
}

/**
 * How long an unused connection is kept where the server does not say. Node's own fetch has 4 s, which is less
 * than a turn; proxies commonly close after 60 s.
 */
const KEEP_ALIVE_MS = 55_000;

/**
 * A `fetch` with connections of its own. It has no time limits: those are the wrapper's, and undici's (10 s to
 * connect, 300 s for headers and between two pieces) would only get in its way. `dispatcher`: instead of
 * connecting directly, such as over a SOCKS proxy; closed with these connections.
 */
export function createConnections(dispatcher?: Dispatcher): Connections {
  const agent = new Agent({ keepAliveTimeout: KEEP_ALIVE_MS, headersTimeout: 0, bodyTimeout: 0, connect: { timeout: 0 } });
  const used = dispatcher ?? agent;
  const warming = new Set<string>();
  return {
    // undici's own types and those of the global fetch describe the same thing twice.
    fetch: (url, init) => undiciFetch(url, { ...init, dispatcher: used } as Parameters<typeof undiciFetch>[1]),
    async warm(url) {
      const { origin } = new URL(url);
      const stats = agent.stats[origin];
      if (dispatcher !== undefined || warming.has(origin) || (stats !== undefined && 'free' in stats && stats.free > 0)) return;
      warming.add(origin);
      try {
        // Without a key. Not HEAD, which would say less still: undici closes the connection after one.
        const { body } = await agent.request({ origin, path: '/', method: 'OPTIONS' });
        await body.dump();
      } catch {
        // The request that is to come will find out, and say so.
      } finally {
        warming.delete(origin);
      }
    },
    close: () => void Promise.all([agent.destroy(), dispatcher?.destroy()]).catch(() => undefined),
  };
}
