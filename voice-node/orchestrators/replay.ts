/** A sequence that is still growing. May be read several times, at once as well, each time from the beginning. */
export class Replay<T> implements AsyncIterable<T> {
  readonly #items: T[] = [];
  #over = false;
  #more: Promise<void> | undefined;
  #wake: (() => void) | undefined;

  get isOver(): boolean {
    return this.#over;
  }

  push(item: T): void {
    if (this.#over) return;
    this.#items.push(item);
    this.#news();
  }

  end(): void {
    this.#over = true;
    this.#news();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    for (let at = 0; ; ) {
      const item = this.#items[at];
      if (item !== undefined) {
        at++;
        yield item;
      } else if (this.#over) {
        return;
      } else {
        this.#more ??= new Promise((resolve) => (this.#wake = resolve));
        await this.#more;
      }
    }
  }

  #news(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    this.#more = undefined;
    wake?.();
  }
}
