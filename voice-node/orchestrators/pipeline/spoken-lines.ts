/** Until the voice has been heard: 13 characters a second, what English and Russian voices come to. */
const TYPICAL_MS_PER_CHAR = 75;
/** A line that is shown too late counts as heard too late; too early, it would be history that nobody heard. */
const CAUTION = 1.1;

/** A piece of text in a request to the synthesiser, with who wants to know that it is being said. */
export interface Line {
  readonly text: string;
  shown(text: string): void;
}

/** How fast a voice speaks, learnt from what it has said. */
export class SpeakingRate {
  #chars = 0;
  #ms = 0;

  learn(chars: number, durationMs: number): void {
    this.#chars += chars;
    this.#ms += durationMs;
  }

  get msPerChar(): number {
    return this.#chars === 0 || this.#ms === 0 ? TYPICAL_MS_PER_CHAR : this.#ms / this.#chars;
  }
}

/**
 * Lays the lines of one request along its audio. Of a single line all the audio is its own. Of several, spoken as
 * one stream, nobody tells where one ends and the next begins: that is reckoned from the voice's rate.
 */
export class SpokenLines {
  readonly #lines: readonly Line[];
  readonly #msPerChar: number;
  #next = 0;
  #positionMs = 0;
  /** Where the line after the one being said begins. */
  #boundaryMs = 0;

  /** `lines` may grow. */
  constructor(lines: readonly Line[], msPerChar: number) {
    this.#lines = lines;
    this.#msPerChar = msPerChar * CAUTION;
  }

  /** The lines whose words begin at or before the present position. */
  *due(): Generator<Line> {
    for (let line = this.#lines[this.#next]; line !== undefined && this.#positionMs >= this.#boundaryMs; line = this.#lines[this.#next]) {
      this.#next++;
      this.#boundaryMs = this.#positionMs + line.text.length * this.#msPerChar;
      yield line;
    }
  }

  /** How much more audio belongs to the lines that were due. */
  get untilNextMs(): number {
    return this.#next < this.#lines.length ? Math.max(0, this.#boundaryMs - this.#positionMs) : Infinity;
  }

  played(durationMs: number): void {
    this.#positionMs += durationMs;
  }

  /** No more audio comes: the lines that were not due yet were said all the same. */
  rest(): readonly Line[] {
    const rest = this.#lines.slice(this.#next);
    this.#next = this.#lines.length;
    return rest;
  }
}
