import { FRAME_MS } from '../domain/audio.js';
import type { CallerEvent } from '../domain/events.js';
import type { FrameReason } from '../domain/speech.js';
import type { Seen } from '../hearing/ear.js';

/** Ten frames, five packets a second: smooth enough for the eye. */
const FRAMES_PER_EVENT = 10;

/** Collects what was made of consecutive frames for the page's strip. */
export class VadStrip {
  readonly #publish: (event: CallerEvent) => void;
  #beginMs = 0;
  #probabilities: number[] = [];
  #gate: (0 | 1)[] = [];
  #reasons: FrameReason[] = [];

  constructor(publish: (event: CallerEvent) => void) {
    this.#publish = publish;
  }

  push({ probability, active, reason }: Seen, atMs: number): void {
    if (this.#probabilities.length === 0) this.#beginMs = atMs;
    this.#probabilities.push(Math.round(probability * 100) / 100);
    this.#gate.push(active ? 1 : 0);
    this.#reasons.push(reason);
    if (this.#probabilities.length === FRAMES_PER_EVENT) this.flush();
  }

  flush(): void {
    if (this.#probabilities.length === 0) return;
    this.#publish({ type: 'vad', atMs: this.#beginMs, frameMs: FRAME_MS, p: this.#probabilities, gate: this.#gate, reasons: this.#reasons });
    this.#probabilities = [];
    this.#gate = [];
    this.#reasons = [];
  }
}
