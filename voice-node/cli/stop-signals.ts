import type { Log } from '../domain/observer.js';

/** The end of the node: asked for by an operator or a signal it ends in order; by a second signal at once. */
export class StopSignals {
  /** Resolves when the node is to end. */
  readonly asked: Promise<void>;
  readonly #log: Log;
  #resolve!: () => void;
  #isAsked = false;

  /** @param atOnce what must not be left behind when the process exits: other processes */
  constructor(log: Log, atOnce: () => void) {
    this.#log = log;
    this.asked = new Promise((resolve) => (this.#resolve = resolve));
    let signalled = false;
    const onSignal = (signal: NodeJS.Signals): void => {
      // A service manager that stops a node which an operator has drained means no second thought.
      if (!signalled) {
        signalled = true;
        return this.ask(signal);
      }
      atOnce();
      process.exit(1);
    };
    process.on('SIGINT', onSignal);
    process.on('SIGTERM', onSignal);
  }

  /** Idempotent. */
  ask(who: string): void {
    if (this.#isAsked) return;
    this.#isAsked = true;
    this.#log.info({ asked: who }, 'stopping once the calls are over; a second signal stops at once');
    this.#resolve();
  }
}
