import type { TurnReport } from '../domain/events.js';
import type { CallView } from '../domain/operations.js';

/** The figures of one call's turns that an operator sees. */
export class Gauges {
  #lastMs: number | undefined;
  #slowestMs: number | undefined;
  #bargeInMs: number | undefined;

  /** What the caller waited: from the last of his voice, so endpointing is part of it. */
  turn({ stagesMs: { endpointing = 0, response } }: TurnReport): void {
    if (response === undefined) return;
    this.#lastMs = Math.round((endpointing + response) * 10) / 10;
    this.#slowestMs = Math.max(this.#slowestMs ?? 0, this.#lastMs);
  }

  bargeIn(stopMs: number): void {
    this.#bargeInMs = stopMs;
  }

  get view(): Pick<CallView, 'responseMs' | 'slowestResponseMs' | 'bargeInMs'> {
    return {
      ...(this.#lastMs === undefined ? {} : { responseMs: this.#lastMs }),
      ...(this.#slowestMs === undefined ? {} : { slowestResponseMs: this.#slowestMs }),
      ...(this.#bargeInMs === undefined ? {} : { bargeInMs: this.#bargeInMs }),
    };
  }
}
