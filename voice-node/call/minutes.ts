import { messageOf } from '../domain/errors.js';
import { boundedSaid, type Said } from '../domain/journal.js';
import type { Log } from '../domain/observer.js';
import type { CallJournal } from './options.js';

/** What is said in one call, told to whoever keeps it. A call never suffers from that. */
export class Minutes {
  readonly #journal: CallJournal | undefined;
  readonly #log: Log;
  #fails = false;

  constructor(journal: CallJournal | undefined, log: Log) {
    this.#journal = journal;
    this.#log = log;
  }

  said(by: Said['by'], text: string): void {
    const whole = text.trim();
    if (whole === '' || this.#journal === undefined) return;
    try {
      this.#journal.said(boundedSaid({ by, text: whole }));
      this.#fails = false;
    } catch (error) {
      // The same trouble with every sentence: told once, until it has worked again.
      if (!this.#fails) this.#log.warn({ error: messageOf(error) }, 'what was said could not be kept');
      this.#fails = true;
    }
  }
}
