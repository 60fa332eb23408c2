/**
 * Cuts a stream of bytes into lines of UTF-8. A line longer than `maxBytes` is told as `overflow`, once: whoever
 * writes that is not the program we started.
 */
export class Lines {
  readonly #maxBytes: number;
  readonly #line: (text: string) => void;
  readonly #overflow: () => void;
  #rest: Buffer[] = [];
  #restBytes = 0;

  constructor(maxBytes: number, line: (text: string) => void, overflow: () => void) {
    this.#maxBytes = maxBytes;
    this.#line = line;
    this.#overflow = overflow;
  }

  push(bytes: Buffer): void {
    let from = 0;
    for (let at = bytes.indexOf(0x0a); at >= 0; at = bytes.indexOf(0x0a, from)) {
      const line = Buffer.concat([...this.#rest, bytes.subarray(from, at)]);
      this.#rest = [];
      this.#restBytes = 0;
      from = at + 1;
      this.#line(line.toString('utf8'));
    }
    if (from === bytes.length) return;
    this.#rest.push(bytes.subarray(from));
    this.#restBytes += bytes.length - from;
    if (this.#restBytes <= this.#maxBytes) return;
    this.#rest = [];
    this.#restBytes = 0;
    this.#overflow();
  }
}
