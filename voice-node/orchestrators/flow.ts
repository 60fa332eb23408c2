/**
 * A bounded queue between one maker and one taker, each at its own pace. Its size is counted in whatever
 * `sizeOf` says: milliseconds, characters.
 */
export class Flow<T> implements AsyncIterable<T> {
  readonly #limit: number;
  readonly #sizeOf: (item: T) => number;
  readonly #items: T[] = [];
  #size = 0;
  #over = false;
  #failure: { readonly error: unknown } | undefined;
  #wakeTaker: (() => void) | undefined;
  #wakeMaker: (() => void) | undefined;

  constructor(limit: number, sizeOf: (item: T) => number) {
    this.#limit = limit;
    this.#sizeOf = sizeOf;
  }

  /** Resolves once there is room for more; never rejects. Nothing is taken after the end. */
  push(item: T): Promise<void> {
    if (this.#over) return Promise.resolve();
    this.#items.push(item);
    this.#size += this.#sizeOf(item);
    this.#wake();
    return this.#size < this.#limit ? Promise.resolve() : new Promise((resolve) => (this.#wakeMaker = resolve));
  }

  end(): void {
    this.#over = true;
    this.#wake();
  }

  /** The taker is thrown `error` once it has taken what came before. */
  fail(error: unknown): void {
    if (this.#over) return;
    this.#failure = { error };
    this.end();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    for (;;) {
      const item = this.#items.shift();
      if (item !== undefined) {
        this.#size -= this.#sizeOf(item);
        if (this.#size < this.#limit) this.#release();
        yield item;
      } else if (this.#over) {
        if (this.#failure !== undefined) throw this.#failure.error;
        return;
      } else {
        await new Promise<void>((resolve) => (this.#wakeTaker = resolve));
      }
    }
  }

  #wake(): void {
    const wake = this.#wakeTaker;
    this.#wakeTaker = undefined;
    wake?.();
  }

  #release(): void {
    const wake = this.#wakeMaker;
    this.#wakeMaker = undefined;
    wake?.();
  }
}
