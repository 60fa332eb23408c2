// @ts-check

/**
 * The last `capacity` points of a curve over time, oldest first. Pushing allocates nothing; when it is full
 * the oldest point goes.
 */
export class Trace {
  #timesMs;
  #values;
  #next = 0;
  #length = 0;

  /** @param {number} capacity points */
  constructor(capacity) {
    if (!Number.isInteger(capacity) || capacity < 1) throw new RangeError(`Trace capacity: expected a whole number from 1, got ${capacity}`);
    this.#timesMs = new Float64Array(capacity);
    this.#values = new Float32Array(capacity);
  }

  get length() {
    return this.#length;
  }

  /**
   * @param {number} timeMs not before the last one
   * @param {number} value
   */
  push(timeMs, value) {
    this.#timesMs[this.#next] = timeMs;
    this.#values[this.#next] = value;
    this.#next = (this.#next + 1) % this.#values.length;
    this.#length = Math.min(this.#length + 1, this.#values.length);
  }

  /** @param {number} index 0 is the oldest point */
  timeMs(index) {
    return this.#timesMs[this.#slot(index)] ?? NaN;
  }

  /** @param {number} index 0 is the oldest point */
  value(index) {
    return this.#values[this.#slot(index)] ?? NaN;
  }

  /**
   * Index of the first point at or after `timeMs`; `length` where there is none.
   * @param {number} timeMs
   */
  indexAt(timeMs) {
    let low = 0;
    let high = this.#length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.timeMs(middle) < timeMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  clear() {
    this.#next = 0;
    this.#length = 0;
  }

  /** @param {number} index */
  #slot(index) {
    const size = this.#values.length;
    return (this.#next - this.#length + index + size) % size;
  }
}
