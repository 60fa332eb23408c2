import type { Clock } from '../domain/clock.js';
import { withDeadline } from '../domain/deadline.js';
import { messageOf, VoiceNodeError } from '../domain/errors.js';
import { boundedSaid } from '../domain/journal.js';
import type { Log } from '../domain/observer.js';
import { readToShard, type FromShard, type ToShard } from './shard-messages.js';
import { ShardOutbox, type Send } from './shard-outbox.js';
import type { Shard, ShardListener } from './shard.js';

/** Longer than it takes to write what waits, where somebody reads. */
const FLUSH_LIMIT_MS = 1000;

/** The way to main. */
export interface ParentChannel {
  readonly send: Send;
  /** @param closed main is gone. Both from now on, once. */
  listen(message: (raw: unknown) => void, closed: () => void): void;
}

/** A shard whose calls can be let go on to their end. `LocalShard` is one. */
export interface ServedShard extends Shard {
  drain(graceMs: number): Promise<void>;
}

export interface ShardServerOptions {
  readonly channel: ParentChannel;
  readonly makeShard: (listener: ShardListener) => ServedShard;
  /** How long calls may go on without main. */
  readonly drainTimeoutMs: number;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * The child's side of a shard: carries out what main says and tells main what happens. Without main it takes no new
 * calls, lets those in progress come to their end, and is done.
 */
export class ShardServer {
  /** Resolves once the process may end. Never rejects. */
  readonly done: Promise<void>;
  readonly #options: ShardServerOptions;
  readonly #outbox: ShardOutbox;
  readonly #shard: ServedShard;
  #resolveDone!: () => void;
  #mainGone = false;
  #stopping = false;

  constructor(options: ShardServerOptions) {
    this.#options = options;
    this.done = new Promise((resolve) => (this.#resolveDone = resolve));
    this.#outbox = new ShardOutbox(options.channel.send);
    const post = (message: FromShard): void => {
      if (!this.#mainGone) this.#outbox.post(message);
    };
    this.#shard = options.makeShard({
      ready: () => post({ type: 'ready' }),
      vitals: (vitals) => post({ type: 'vitals', vitals: { ...vitals, calls: [...vitals.calls] } }),
      said: (callId, said) => post({ type: 'said', callId, said: boundedSaid(said) }),
      identity: (callId, identity) => post({ type: 'identity', callId, identity }),
      ended: (callId, end) => post({ type: 'ended', callId, end }),
      died: () => undefined,
    });
    options.channel.listen((raw) => this.#onMessage(raw), () => this.#onClosed());
  }

  /** Whether main is gone: then nobody but the operating system can tell this process what to do. */
  get orphaned(): boolean {
    return this.#mainGone;
  }

  #onMessage(raw: unknown): void {
    const read = readToShard(raw);
    if ('wrong' in read) return this.#options.log.error({ problem: read.wrong }, 'a message of the main process was not understood');
    if (!this.#stopping) this.#obey(read.message);
  }

  #obey(message: ToShard): void {
    switch (message.type) {
      case 'begin':
        return this.#shard.begin(message.request);
      case 'hang_up':
        return this.#shard.hangUp(message.callId, message.end);
      case 'say_goodbye':
        return this.#shard.sayGoodbye(message.callId);
      case 'metrics':
        return this.#answerMetrics(message.id);
      case 'stop':
        this.#stopping = true;
        void this.#shard.stop().then(() => this.#finish());
        return;
    }
  }

  #answerMetrics(id: number): void {
    this.#shard.metrics().then(
      (metrics) => this.#outbox.post({ type: 'metrics', id, metrics: [...metrics] }),
      (error: unknown) => this.#outbox.post({ type: 'metrics_failed', id, error: messageOf(error) }),
    );
  }

  #onClosed(): void {
    if (this.#mainGone) return;
    this.#mainGone = true;
    if (this.#stopping) return;
    const { log, drainTimeoutMs } = this.#options;
    log.warn({ drainTimeoutMs }, 'the main process is gone; the calls go on to their end');
    void this.#shard
      .drain(drainTimeoutMs)
      .then(() => this.#shard.stop())
      .then(() => this.#resolveDone());
  }

  async #finish(): Promise<void> {
    const { clock } = this.#options;
    if (!this.#mainGone) await withDeadline(clock, this.#outbox.flush(), FLUSH_LIMIT_MS, 'shard_failed', 'telling main').catch(() => undefined);
    this.#resolveDone();
  }
}

/**
 * The channel to the process that has forked this one.
 * @throws VoiceNodeError `shard_failed` where nobody has
 */
export function parentChannel(): ParentChannel {
  if (process.send === undefined) throw new VoiceNodeError('shard_failed', 'a shard is started by the main process of the node; expected its channel, got none');
  return {
    // What cannot be sent because main is gone is told by `disconnect` as well.
    send: (message, done) => process.send?.(message, undefined, undefined, () => done()) ?? false,
    listen(message, closed) {
      process.on('message', message);
      process.on('disconnect', closed);
      if (!process.connected) closed();
    },
  };
}

/**
 * Ctrl-C in a terminal, and a service manager, signal a whole group of processes; main decides what becomes of the
 * calls. Without main there is nobody left to decide: a signal then ends the process at once, so that whoever is
 * started in main's place takes the calls up.
 */
export function obeyOnlyMain(server: () => ShardServer | undefined, exit: () => void): void {
  const onSignal = (): void => {
    if (server()?.orphaned === true) exit();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  // Whoever read the log may be gone with main; the calls need no log.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
}
