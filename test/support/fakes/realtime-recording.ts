/** All that was heard, growing. */
export class Recording {
  #samples = new Int16Array(24_000);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(samples: Int16Array): void {
    if (this.#length + samples.length > this.#samples.length) {
      const grown = new Int16Array(2 * (this.#length + samples.length));
      grown.set(this.#samples.subarray(0, this.#length));
      this.#samples = grown;
    }
    this.#samples.set(samples, this.#length);
    this.#length += samples.length;
  }

  slice(from = 0, to = this.#length): Int16Array {
    return this.#samples.slice(from, Math.min(to, this.#length));
  }
}
