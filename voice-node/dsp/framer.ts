import { VoiceNodeError } from '../domain/errors.js';

/**
 * Cuts a stream of int16 samples, however it arrives, into frames of exactly `frameSamples`.
 * Delay: up to one frame. Allocates nothing after construction: `onFrame` gets the same array each time
 * and must copy what it keeps; it must not push into the framer it is called from.
 */
export class Framer {
  readonly frameSamples: number;
  private readonly frame: Int16Array;
  private readonly onFrame: (frame: Int16Array) => void;
  private filled = 0;

  /** Throws VoiceNodeError `argument_invalid` unless `frameSamples` is a positive integer. */
  constructor(frameSamples: number, onFrame: (frame: Int16Array) => void) {
    if (!Number.isInteger(frameSamples) || frameSamples < 1) {
      throw new VoiceNodeError('argument_invalid', `expected a frame length of at least 1 sample, got ${frameSamples}`);
    }
    this.frameSamples = frameSamples;
    this.frame = new Int16Array(frameSamples);
    this.onFrame = onFrame;
  }

  /** Samples that wait for the rest of their frame, 0 to frameSamples - 1. */
  get pendingSamples(): number {
    return this.filled;
  }

  push(samples: Int16Array): void {
    const { frame, frameSamples } = this;
    const count = samples.length;
    let filled = this.filled;
    for (let i = 0; i < count; i++) {
      frame[filled++] = samples[i] as number;
      if (filled === frameSamples) {
        filled = 0;
        this.filled = 0;
        this.onFrame(frame);
      }
    }
    this.filled = filled;
  }

  /** Ends the stream: the unfinished frame is filled up with zeros and emitted (`pad`), or dropped. */
  flush(pad: boolean): void {
    if (this.filled === 0) return;
    const from = this.filled;
    this.filled = 0;
    if (!pad) return;
    this.frame.fill(0, from);
    this.onFrame(this.frame);
  }

  /** Drops the unfinished frame. */
  reset(): void {
    this.filled = 0;
  }
}
