import { FRAME_MS } from '../domain/audio.js';
import type { CallerEvent } from '../domain/events.js';

/** Ten frames, five packets a second: smooth enough for the eye. */
const FRAMES_PER_EVENT = 10;

/** Collects the probabilities of consecutive frames for the page's strip. */
export class VadStrip {
  readonly #publish: (event: CallerEvent) => void;
  #beginMs = 0;
  #probabilities: number[] = [];

  constructor(publish: (event: CallerEvent) => void) {
    this.#publish = publish;
  }

  push(probability: number, atMs: number): void {
    if (this.#probabilities.length === 0) this.#beginMs = atMs;
    this.#probabilities.push(Math.round(probability * 100) / 100);
    if (this.#probabilities.length === FRAMES_PER_EVENT) this.flush();
  }

  flush(): void {
    if (this.#probabilities.length === 0) return;
    this.#publish({ type: 'vad', atMs: this.#beginMs, frameMs: FRAME_MS, p: this.#probabilities });
    this.#probabilities = [];
  }
}
