// @ts-check

/**
 * Consecutive frames of which the same is true. All times in ms of the call.
 * @template Value
 * @typedef {{ readonly startMs: number, endMs: number, readonly value: Value }} Run
 */

/** Frames farther apart than this do not belong together: a packet was lost. Times of arrival jitter by less. */
const GAP_MS = 100;

/**
 * The last `capacity` runs of frames, oldest first.
 * @template Value
 */
export class Runs {
  #capacity;
  /** @type {Run<Value>[]} */
  #runs = [];
  #open = false;

  /** @param {number} capacity runs */
  constructor(capacity) {
    if (!Number.isInteger(capacity) || capacity < 1) throw new RangeError(`Runs capacity: expected a whole number from 1, got ${capacity}`);
    this.#capacity = capacity;
  }

  /** @type {readonly Readonly<Run<Value>>[]} */
  get all() {
    return this.#runs;
  }

  /**
   * @param {number} startMs not before the last one
   * @param {number} endMs
   * @param {Value | null} value null: not worth a run, but the end of the last one
   */
  push(startMs, endMs, value) {
    const last = this.#open ? this.#runs.at(-1) : undefined;
    this.#open = value !== null;
    if (value === null) return;
    if (last !== undefined && last.value === value && startMs - last.endMs <= GAP_MS) {
      last.endMs = endMs;
      return;
    }
    this.#runs.push({ startMs, endMs, value });
    if (this.#runs.length > this.#capacity) this.#runs.shift();
  }

  clear() {
    this.#runs = [];
    this.#open = false;
  }
}
