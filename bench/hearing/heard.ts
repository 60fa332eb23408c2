import type { Stream } from '../speech-set/format.js';

export const FRAME_MS = 20;

/** A detector's word that speech begins or is over. `atMs`: when the 20 ms frame that led to it had arrived, in ms of the stream. */
export interface Mark {
  readonly kind: 'start' | 'end';
  readonly atMs: number;
}

/** What a contender made of one stream. */
export interface Heard {
  readonly marks: readonly Mark[];
  /** The newest score when each 20 ms frame had arrived, 0 to 1; undefined where it keeps none. */
  readonly scores: Float32Array | undefined;
}

/** A detector with its rules: one row of the tables. */
export interface Contender {
  readonly name: string;
  readonly ours: boolean;
  /** The silence after which it is asked to say that speech is over. */
  readonly silenceMs: number;
  hear(samples: Int16Array, stream: Stream): Heard | Promise<Heard>;
}

/** The arrival of the 20 ms frame that holds the last sample before `ms`. */
export const arrivalMs = (ms: number): number => Math.ceil(ms / FRAME_MS - 1e-9) * FRAME_MS;

/** Scores of windows of `windowMs` as they stand when each frame has arrived; before the first one: 0. */
export function heldByFrame(windows: Float32Array, windowMs: number, frames: number): Float32Array {
  const out = new Float32Array(frames);
  for (let frame = 0; frame < frames; frame++) {
    const complete = Math.floor(((frame + 1) * FRAME_MS) / windowMs + 1e-9);
    out[frame] = windows[Math.min(complete, windows.length) - 1] ?? 0;
  }
  return out;
}
