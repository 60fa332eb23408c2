/**
 * What somebody else hands over, for one reader who takes it when he can. `pressure` is called with true when
 * more than `high` items wait, and with false when they are down to half: stop the sender, or the memory fills.
 */
export class Inbox<T> {
  readonly #items: T[] = [];
  readonly #high: number;
  readonly #pressure: (isHigh: boolean) => void;
  #wake: (() => void) | undefined;
  #isHigh = false;
  #isOver = false;
  #error: Error | undefined;

  constructor(high: number, pressure: (isHigh: boolean) => void) {
    this.#high = high;
    this.#pressure = pressure;
  }

  push(item: T): void {
    if (this.#isOver) return;
    this.#items.push(item);
    if (!this.#isHigh && this.#items.length > this.#high) this.#pressure((this.#isHigh = true));
    this.#wake?.();
  }

  /** Nothing more comes. What waits is still read; then the reader ends, or meets `error`. The first end counts. */
  end(error?: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#error = error;
    this.#wake?.();
  }

  async *read(): AsyncGenerator<T> {
    while (true) {
      const item = this.#items.shift();
      if (item !== undefined) {
        if (this.#isHigh && this.#items.length <= this.#high / 2) this.#pressure((this.#isHigh = false));
        yield item;
      } else if (this.#isOver) {
        if (this.#error !== undefined) throw this.#error;
        return;
      } else {
        await new Promise<void>((resolve) => (this.#wake = resolve));
      }
    }
  }
}
