import { isIP } from 'node:net';
import { createClient } from '@redis/client';
import type { Clock } from '../domain/clock.js';
import { withDeadline } from '../domain/deadline.js';
import { messageOf, VoiceNodeError } from '../domain/errors.js';
import type { Log } from '../domain/observer.js';
import { JOURNAL_DEADLINE_MS, journalClosed } from './journal-record.js';

type Client = ReturnType<typeof clientOf>;

const RETRY_BASE_MS = 50;
const RETRY_CAP_MS = 2000;
/** So many commands in a row without an answer: the connection leads nowhere, though nobody has said so. */
const MAX_MISSED = 2;
/** Commands that may be on their way at once. */
const MAX_QUEUED = 5000;

export interface RedisLinkOptions {
  /** redis://user:password@host:port/database, or rediss:// for TLS. */
  readonly url: string;
  readonly clock: Clock;
  readonly log: Log;
  /** PEM of the authority that signed the server's certificate, beside those Node.js knows. */
  readonly ca?: string | undefined;
}

/**
 * A connection to Redis that is always being made again, with pauses that grow to two seconds. A command has its
 * answer within a second or fails, at once while there is no connection.
 */
export class RedisLink {
  readonly #options: RedisLinkOptions;
  readonly #secrets: readonly string[];
  #client: Client;
  /** The first attempt to connect has ended, however. */
  readonly #tried: Promise<void>;
  #setTried!: () => void;
  #missed = 0;
  #down = false;
  #closed = false;

  constructor(options: RedisLinkOptions) {
    this.#options = options;
    const { username, password } = new URL(options.url);
    this.#secrets = [password, decodeURIComponent(password), username, decodeURIComponent(username)].filter((text) => text !== '');
    this.#tried = new Promise((resolve) => (this.#setTried = resolve));
    this.#client = this.#connect();
  }

  /** Rejects `journal_failed`. */
  async send(command: readonly string[]): Promise<unknown> {
    if (this.#closed) throw journalClosed();
    try {
      const answer = await withDeadline(this.#options.clock, this.#send(command), JOURNAL_DEADLINE_MS, 'journal_failed', 'the journal in Redis');
      this.#missed = 0;
      return answer;
    } catch (error) {
      if (error instanceof VoiceNodeError) {
        this.#miss();
        throw error;
      }
      this.#missed = 0;
      // Without its cause, which may hold more than its text.
      throw new VoiceNodeError('journal_failed', `the journal in Redis: ${this.#explain(error)}`);
    }
  }

  close(): void {
    this.#closed = true;
    this.#client.destroy();
    this.#setTried();
  }

  async #send(command: readonly string[]): Promise<unknown> {
    await this.#tried;
    return this.#client.sendCommand([...command]);
  }

  /** A server that is gone without a word would be noticed by TCP in a quarter of an hour. */
  #miss(): void {
    if (this.#closed || !this.#client.isReady || ++this.#missed < MAX_MISSED) return;
    this.#options.log.warn({}, 'the journal in Redis does not answer; connecting anew');
    this.#missed = 0;
    this.#client.destroy();
    this.#client = this.#connect();
  }

  #connect(): Client {
    const client = clientOf(this.#options);
    client.on('error', (error: unknown) => {
      this.#setTried();
      if (this.#down || this.#closed) return;
      this.#down = true;
      this.#options.log.warn({ error: this.#explain(error) }, 'the journal in Redis cannot be reached; calls go on without it');
    });
    client.on('ready', () => {
      this.#setTried();
      if (this.#down) this.#options.log.info({}, 'the journal in Redis is back');
      this.#down = false;
    });
    // Ends with a rejection only where we give it up ourselves.
    void client.connect().catch(() => undefined);
    return client;
  }

  /** Never with the password. */
  #explain(error: unknown): string {
    const text = messageOf(error) || (error as NodeJS.ErrnoException).code || 'no connection';
    return this.#secrets.reduce((shown, secret) => shown.replaceAll(secret, '***'), text);
  }
}

function clientOf({ url, ca }: RedisLinkOptions) {
  const { hostname, protocol } = new URL(url);
  const named = isIP(hostname.replace(/^\[|\]$/g, '')) === 0 ? { servername: hostname } : {};
  const tls = protocol === 'rediss:' ? { tls: true as const, ...named, ...(ca === undefined ? {} : { ca }) } : {};
  return createClient({
    url,
    RESP: 2,
    socket: { connectTimeout: JOURNAL_DEADLINE_MS * 2, reconnectStrategy: pauseMs, ...tls },
    // Who waits for a journal that is away would write old things later.
    disableOfflineQueue: true,
    commandsQueueMaxLength: MAX_QUEUED,
    disableClientInfo: true,
    maintNotifications: 'disabled',
  });
}

/** Half of it is left to chance: after an outage all nodes come back, but not in the same instant. */
const pauseMs = (retries: number): number => Math.round(Math.min(RETRY_CAP_MS, RETRY_BASE_MS * 2 ** Math.min(retries, 10)) * (0.5 + Math.random() / 2));
