import { VoiceNodeError } from '../domain/errors.js';

/** More than this wait for a disk that stands still: no use to wait behind them. */
const MAX_WAITING = 16;

/** Work by name: what has the same name is done one after another, in the order it came. */
export class Queues {
  readonly #queues = new Map<string, { tail: Promise<unknown>; waiting: number }>();

  /** Rejects `journal_failed` where too much waits already. */
  run<T>(name: string, work: () => Promise<T>): Promise<T> {
    const queue = this.#queues.get(name) ?? { tail: Promise.resolve(), waiting: 0 };
    if (queue.waiting >= MAX_WAITING) return Promise.reject(new VoiceNodeError('journal_failed', `${name}: ${MAX_WAITING} operations are waiting already`));
    this.#queues.set(name, queue);
    queue.waiting++;
    const done = queue.tail.then(work).finally(() => {
      if (--queue.waiting === 0) this.#queues.delete(name);
    });
    queue.tail = done.catch(() => undefined);
    return done;
  }
}
