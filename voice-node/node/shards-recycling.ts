import type { Log } from '../domain/observer.js';
import type { Vitals } from '../domain/operations.js';
import type { CallRequest, Shard, ShardFactory, ShardListener } from './shard.js';

export interface RecyclingOptions {
  readonly limitBytes: number;
  /** How many shards there are. */
  readonly count: number;
  readonly log: Log;
}

/**
 * A soft limit of memory: a shard that has grown above it is retired, which its listener is told, and ended once no
 * call is left in it; whoever keeps the shards alive starts another. One at a time: the others carry the calls
 * meanwhile. Where there are no others, only once it has no calls: new ones would find nobody.
 *
 * What it is for: livekit-ffi up to 0.12.76 keeps about half a megabyte of every room that was left (rust-sdks #1405).
 *
 * @param limitBytes of resident memory; 0: the shards are left alone
 */
export function recycled(create: ShardFactory, { limitBytes, count, log }: RecyclingOptions): ShardFactory {
  if (limitBytes === 0) return create;
  const retired = new Set<Recycled>();
  return (name, listener) => {
    const shard: Recycled = new Recycled({
      name,
      create,
      listener,
      tooLarge(residentBytes, calls) {
        if (residentBytes <= limitBytes || retired.size > 0 || (count === 1 && calls > 0)) return false;
        retired.add(shard);
        log.warn({ shard: name, residentBytes, limitBytes }, 'a shard has grown too large; it is replaced once its calls have ended');
        return true;
      },
      gone: () => void retired.delete(shard),
    });
    return shard;
  };
}

interface RecycledOptions {
  readonly name: string;
  readonly create: ShardFactory;
  readonly listener: ShardListener;
  /** Whether it is to be retired now. */
  readonly tooLarge: (residentBytes: number, calls: number) => boolean;
  readonly gone: () => void;
}

/** A shard that counts its calls. */
class Recycled implements Shard {
  readonly name: string;
  readonly #options: RecycledOptions;
  readonly #shard: Shard;
  readonly #calls = new Set<string>();
  #retiring = false;

  constructor(options: RecycledOptions) {
    this.name = options.name;
    this.#options = options;
    const { listener } = options;
    this.#shard = options.create(options.name, {
      ready: () => listener.ready(),
      vitals: (vitals) => this.#hear(vitals),
      said: (callId, said) => listener.said(callId, said),
      identity: (callId, identity) => listener.identity(callId, identity),
      ended: (callId, end) => {
        this.#calls.delete(callId);
        listener.ended(callId, end);
        this.#endIfEmpty();
      },
      died: (reason) => {
        options.gone();
        listener.died(reason);
      },
    });
  }

  get pid(): number | undefined {
    return this.#shard.pid;
  }

  begin(request: CallRequest): void {
    this.#calls.add(request.callId);
    this.#shard.begin(request);
  }

  hangUp(...args: Parameters<Shard['hangUp']>): void {
    this.#shard.hangUp(...args);
  }

  sayGoodbye(callId: string): void {
    this.#shard.sayGoodbye(callId);
  }

  metrics(): Promise<readonly unknown[]> {
    return this.#shard.metrics();
  }

  stop(): Promise<void> {
    return this.#shard.stop();
  }

  kill(): void {
    this.#shard.kill();
  }

  #hear(vitals: Vitals): void {
    this.#options.listener.vitals(vitals);
    if (this.#retiring || !this.#options.tooLarge(vitals.residentBytes, this.#calls.size)) return;
    this.#retiring = true;
    this.#options.listener.retiring?.();
    this.#endIfEmpty();
  }

  #endIfEmpty(): void {
    if (this.#retiring && this.#calls.size === 0) void this.#shard.stop();
  }
}
