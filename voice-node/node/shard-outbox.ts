import type { FromShard } from './shard-messages.js';

/** Sends one message; false where more is waiting than is wise. `done` is called once it is gone, whether or not it arrived. */
export type Send = (message: FromShard, done: () => void) => boolean;

/** Utterances that wait while main does not read: some minutes of many calls. */
const MAX_SAID_WAITING = 1000;

/**
 * What a shard sends to main, in order, while main reads, and bounded while it does not: then vitals and metrics are
 * dropped (newer ones come), of what was said the newest is kept, of a call's identities the last; ends are all kept,
 * and there are no more of them than calls.
 */
export class ShardOutbox {
  readonly #send: Send;
  #waiting: FromShard[] = [];
  /** Handed over, and not gone yet. */
  #inFlight = 0;
  #backedUp = false;
  #dropped = 0;
  #flushed: (() => void)[] = [];

  constructor(send: Send) {
    this.#send = send;
  }

  /** Messages dropped so far. */
  get dropped(): number {
    return this.#dropped;
  }

  post(message: FromShard): void {
    if (!this.#backedUp) return this.#handOver(message);
    switch (message.type) {
      case 'vitals':
      case 'metrics':
      case 'metrics_failed':
        this.#dropped++;
        return;
      case 'said':
        this.#boundSaid();
        break;
      case 'identity':
        this.#forget((each) => each.type === 'identity' && each.callId === message.callId);
        break;
      case 'ready':
      case 'ended':
        break;
    }
    this.#waiting.push(message);
  }

  /** Resolves once all is gone that was posted. */
  flush(): Promise<void> {
    if (this.#inFlight === 0) return Promise.resolve();
    return new Promise((resolve) => this.#flushed.push(resolve));
  }

  #handOver(message: FromShard): void {
    this.#inFlight++;
    let done = false;
    const accepted = this.#send(message, () => {
      if (done) return;
      done = true;
      this.#inFlight--;
      if (this.#inFlight === 0) this.#emptied();
    });
    if (!accepted && this.#inFlight > 0) this.#backedUp = true;
  }

  /** Everything has gone: what waited may follow, until it is too much again. */
  #emptied(): void {
    this.#backedUp = false;
    while (this.#waiting.length > 0 && !this.#backedUp) {
      const next = this.#waiting.shift();
      if (next !== undefined) this.#handOver(next);
    }
    if (this.#inFlight > 0) return;
    const flushed = this.#flushed;
    this.#flushed = [];
    for (const resolve of flushed) resolve();
  }

  #boundSaid(): void {
    let said = 0;
    for (const each of this.#waiting) if (each.type === 'said') said++;
    if (said < MAX_SAID_WAITING) return;
    const oldest = this.#waiting.findIndex((each) => each.type === 'said');
    this.#waiting.splice(oldest, 1);
    this.#dropped++;
  }

  #forget(which: (message: FromShard) => boolean): void {
    const before = this.#waiting.length;
    this.#waiting = this.#waiting.filter((each) => !which(each));
    this.#dropped += before - this.#waiting.length;
  }
}
