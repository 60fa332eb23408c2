import type { Clock, Timer } from '../../domain/clock.js';
import type { Log } from '../../domain/observer.js';
import { ProviderError } from '../../domain/provider.js';
import { monotonicMs } from '../../domain/time.js';
import type { Child, Launch } from './child.js';
import { notInstalled } from './faults.js';
import { isFromChild, type OpenBody, type PluginSpec, type ToChild } from './protocol.js';
import { PluginStream } from './stream.js';

export interface PluginHostOptions {
  readonly launch: Launch;
  readonly clock: Clock;
  readonly log?: Log;
  /** From 0 to below 1; default Math.random. */
  readonly random?: () => number;
  /** The last user has gone. */
  readonly onIdle?: () => void;
}

/** Requests at once; a call has two or three. */
const MAX_STREAMS = 256;
const PING_EVERY_MS = 2000;
/** A child that does not answer for so long hangs. Loading a plugin takes a second of it. */
const PING_LIMIT_MS = 10_000;
/** Until the packages are loaded, which takes about one second. */
const START_LIMIT_MS = 30_000;
/** Objects that are made anew in a new child, so that nobody waits for them. */
const MAX_WARM = 32;
/** The second start after a death waits for up to this, each further one twice as long. */
const BACKOFF_MS = 500;
const MAX_BACKOFF_MS = 30_000;

interface Running {
  readonly child: Child;
  readonly startedMs: number;
  readonly streams: Map<number, PluginStream>;
  isReady: boolean;
  /** When the ping was sent that has no answer yet. */
  pingedMs: number | undefined;
  timer: Timer | undefined;
}

/**
 * The process in which plugins run, with one environment. It is started by the first request, or by `warm`, and
 * ends with its last user. When it dies it is started again: once at once, then by the next request, with growing
 * pauses where it dies again and again.
 */
export class PluginHost {
  readonly #options: PluginHostOptions;
  #running: Running | undefined;
  #nextId = 1;
  #users = 0;
  readonly #warm = new Map<string, PluginSpec>();
  /** Deaths without a finished request between them. */
  #deaths = 0;
  #notBeforeMs = 0;

  constructor(options: PluginHostOptions) {
    this.#options = options;
  }

  /** Requests that are open. */
  get openStreams(): number {
    return this.#running?.streams.size ?? 0;
  }

  /** Registers a user; returns what is to be called when it goes. The child ends with its last user. */
  use(): () => void {
    let isUsing = true;
    this.#users++;
    return () => {
      if (!isUsing) return;
      isUsing = false;
      if (--this.#users > 0) return;
      this.#end('it is not needed any more', false);
      this.#options.onIdle?.();
    };
  }

  /** Starts the child and has it make the object, so that the first request need not wait. Never throws. */
  warm(spec: PluginSpec): void {
    if (this.#warm.size < MAX_WARM) this.#warm.set(JSON.stringify(spec), spec);
    try {
      void this.#child(spec.plugin).child.send({ t: 'warm', ...spec });
    } catch {
      // The first request will tell.
    }
  }

  /**
   * Begins a request. Throws ProviderError: `provider_unreachable` where nothing is installed,
   * `provider_unavailable` where the child has just died repeatedly, or has too many requests.
   */
  open(spec: PluginSpec, body: OpenBody): PluginStream {
    const running = this.#child(spec.plugin);
    if (running.streams.size >= MAX_STREAMS) {
      throw new ProviderError('provider_unavailable', `livekit:${spec.plugin}: expected at most ${MAX_STREAMS} requests at once, got one more`);
    }
    const send = (message: ToChild): Promise<void> => running.child.send(message);
    const id = this.#nextId++;
    const stream = new PluginStream(id, spec.plugin, send, () => running.streams.delete(id));
    running.streams.set(id, stream);
    void send({ t: 'open', id, ...spec, body });
    this.#watch(running);
    return stream;
  }

  #child(plugin: string): Running {
    if (this.#running !== undefined) return this.#running;
    const { clock, launch } = this.#options;
    const waitMs = Math.ceil(this.#notBeforeMs - clock.nowMs());
    if (waitMs > 0) {
      throw new ProviderError('provider_unavailable', `livekit:${plugin}: the plugin's process died ${this.#deaths} times in a row, the next start is in ${waitMs} ms`, { retryAfterMs: waitMs });
    }
    const child = launch({
      message: (message) => this.#onMessage(running, message),
      ended: (how) => running === this.#running && this.#end(how, true),
    });
    if (child === undefined) throw notInstalled(plugin);
    const running: Running = { child, startedMs: clock.nowMs(), streams: new Map(), isReady: false, pingedMs: undefined, timer: undefined };
    this.#running = running;
    return running;
  }

  #onMessage(running: Running, message: unknown): void {
    if (running !== this.#running || !isFromChild(message)) return;
    switch (message.t) {
      case 'ready':
        running.isReady = true;
        return;
      case 'pong':
        running.pingedMs = undefined;
        return;
      case 'fatal':
        this.#options.log?.warn({ name: message.fault.name, code: message.fault.code }, 'the process of the LiveKit plugins is about to end');
        return;
      case 'end':
        this.#deaths = 0;
        break;
      case 'opened':
      case 'item':
      case 'error':
        break;
    }
    running.streams.get(message.id)?.handle(message);
  }

  /** Only while somebody waits for it. */
  #watch(running: Running): void {
    if (running.timer !== undefined || running !== this.#running) return;
    const { clock } = this.#options;
    running.timer = clock.at(monotonicMs(clock.nowMs() + PING_EVERY_MS), () => {
      running.timer = undefined;
      if (running !== this.#running) return;
      const nowMs = clock.nowMs();
      if (running.pingedMs !== undefined && nowMs - running.pingedMs >= PING_LIMIT_MS) {
        return this.#end(`it did not answer for ${PING_LIMIT_MS} ms`, true);
      }
      if (!running.isReady && nowMs - running.startedMs >= START_LIMIT_MS) return this.#end(`it was not ready after ${START_LIMIT_MS} ms`, true);
      if (running.streams.size === 0) {
        running.pingedMs = undefined;
        return;
      }
      if (running.pingedMs === undefined) {
        running.pingedMs = nowMs;
        void running.child.send({ t: 'ping' });
      }
      this.#watch(running);
    });
  }

  #end(how: string, isDeath: boolean): void {
    const running = this.#running;
    if (running === undefined) return;
    this.#running = undefined;
    running.timer?.cancel();
    running.child.kill();
    if (isDeath) {
      const { clock, log, random = Math.random } = this.#options;
      this.#deaths++;
      const mostMs = this.#deaths < 2 ? 0 : Math.min(MAX_BACKOFF_MS, BACKOFF_MS * 2 ** (this.#deaths - 2));
      // Half of it is certain: many robots must not start it all at once, but not at once either.
      this.#notBeforeMs = clock.nowMs() + (mostMs / 2) * (1 + random());
      log?.warn({ how, pid: running.child.pid, streams: running.streams.size, deaths: this.#deaths }, 'the process of the LiveKit plugins ended');
    }
    for (const stream of [...running.streams.values()]) stream.lost(how);
    if (isDeath && this.#deaths === 1 && this.#users > 0) for (const spec of this.#warm.values()) this.warm(spec);
    if (!isDeath) this.#warm.clear();
  }
}
