/** One second's worth of frames. */
const CHUNK_FRAMES = 50;
/** Chunks kept for the next utterance; longer ones give their memory back. */
const KEPT_CHUNKS = 2;

/**
 * Keeps the last frames of a call, and all of them from a frame on once told to. Memory follows the length
 * of the utterance in steps of a second, so a call that is silent holds little. Nothing is allocated per
 * frame but one chunk a second while recording. Frames are counted from 0.
 */
export class Recorder {
  private readonly frameSamples: number;
  private readonly lookbackFrames: number;
  private readonly maxFrames: number;
  private readonly lookback: Int16Array;
  private readonly chunks: Int16Array[] = [];
  private frames = 0;
  private recording = false;
  private startFrame = 0;
  private recorded = 0;

  /** `maxFrames` bounds a recording: what comes after is not kept. */
  constructor(frameSamples: number, lookbackFrames: number, maxFrames: number) {
    this.frameSamples = frameSamples;
    this.lookbackFrames = lookbackFrames;
    this.maxFrames = maxFrames;
    this.lookback = new Int16Array(frameSamples * lookbackFrames);
  }

  /** Bytes held, for memory accounting. */
  get bytes(): number {
    return this.lookback.byteLength + this.chunks.length * CHUNK_FRAMES * this.frameSamples * Int16Array.BYTES_PER_ELEMENT;
  }

  push(frame: Int16Array): void {
    this.lookback.set(frame, (this.frames % this.lookbackFrames) * this.frameSamples);
    this.frames++;
    if (this.recording) this.append(frame, 0);
  }

  /** Begins a recording at `startFrame`, which lies at most `lookbackFrames` back. */
  begin(startFrame: number): void {
    this.recording = true;
    this.startFrame = Math.max(startFrame, this.frames - this.lookbackFrames, 0);
    this.recorded = 0;
    for (let frame = this.startFrame; frame < this.frames; frame++) {
      this.append(this.lookback, (frame % this.lookbackFrames) * this.frameSamples);
    }
  }

  /** The newest `samples` of the recording so far, or as many as there are, in a new array. */
  last(samples: number): Int16Array {
    const have = this.recording ? this.recorded * this.frameSamples : 0;
    const from = Math.max(0, have - samples);
    const out = new Int16Array(have - from);
    const chunkSamples = CHUNK_FRAMES * this.frameSamples;
    for (let at = from; at < have; ) {
      const chunk = this.chunks[Math.floor(at / chunkSamples)] as Int16Array;
      const part = chunk.subarray(at % chunkSamples, Math.min(chunkSamples, (at % chunkSamples) + have - at));
      out.set(part, at - from);
      at += part.length;
    }
    return out;
  }

  /** Ends the recording before `endFrame` and returns it, in a new array. */
  finish(endFrame: number): Int16Array {
    const frames = Math.max(0, Math.min(endFrame - this.startFrame, this.recorded));
    const out = new Int16Array(frames * this.frameSamples);
    for (let at = 0, chunk = 0; at < out.length; chunk++) {
      const samples = this.chunks[chunk] as Int16Array;
      const part = samples.subarray(0, Math.min(samples.length, out.length - at));
      out.set(part, at);
      at += part.length;
    }
    this.drop();
    return out;
  }

  /** Ends the recording without keeping it. */
  drop(): void {
    this.recording = false;
    this.recorded = 0;
    this.chunks.length = Math.min(this.chunks.length, KEPT_CHUNKS);
  }

  reset(): void {
    this.drop();
    this.frames = 0;
  }

  /** Appends one frame of `from`, beginning at `at`. */
  private append(from: Int16Array, at: number): void {
    if (this.recorded >= this.maxFrames) return;
    const index = Math.floor(this.recorded / CHUNK_FRAMES);
    const chunk = (this.chunks[index] ??= new Int16Array(CHUNK_FRAMES * this.frameSamples));
    const to = (this.recorded % CHUNK_FRAMES) * this.frameSamples;
    for (let i = 0; i < this.frameSamples; i++) chunk[to + i] = from[at + i] as number;
    this.recorded++;
  }
}
