import type { Line } from '../domain/transport.js';
import type { LiveReply } from './reply.js';

/** What of a long text goes into one event: a data packet holds about 15 kB. */
const MAX_TEXT_CHARS = 3000;

/** What is said, told to the page and to other front ends. */
export class Captions {
  readonly #line: Line;
  readonly #atMs: () => number;
  /** Generation of the newest recorded sentence after a failure. */
  #apology: number | undefined;

  constructor(line: Line, atMs: () => number) {
    this.#line = line;
    this.#atMs = atMs;
  }

  /** The reply of this generation is the recorded sentence after a failure. */
  apologises(generation: number): void {
    this.#apology = generation;
  }

  caller(turn: number, text: string, final: boolean): void {
    this.#line.transcript('caller', `turn-${turn}`, text, final);
    this.#line.publish({ type: 'transcript', atMs: this.#atMs(), turn, text: text.slice(-MAX_TEXT_CHARS), final });
  }

  /** `text`: what has been heard of the reply so far. */
  robot({ generation, turn }: LiveReply, text: string, final: boolean): void {
    this.#line.transcript('robot', `reply-${generation}`, text, final);
    this.#line.publish({
      type: 'reply_text',
      atMs: this.#atMs(),
      reply: generation,
      ...(turn === undefined ? {} : { turn }),
      text: text.slice(-MAX_TEXT_CHARS),
      final,
      ...(generation === this.#apology ? { apology: true as const } : {}),
    });
  }
}
