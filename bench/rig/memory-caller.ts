import type { Line, LineListener } from '../../voice-node/domain/transport.js';

const FRAME = 960;
const TICK_MS = 5;
/** Callers are spread over as many moments within a frame's 20 ms, as a network would spread them. */
const PHASES = 4;
/** Peak from which a frame of the reply counts as sound. */
const LOUD_PEAK = 330;
const GAP_MS = 40;
/** Only pauses that the wire makes are looked for: a stop of the stream of frames while the robot speaks. */
const SPEAKS_MS = 200;

export interface MemoryReport {
  readonly callers: number;
  readonly sounds: number;
  readonly framesHeard: number;
  /** Pauses between two packets of a reply longer than 40 ms. */
  readonly gapsMs: readonly number[];
  readonly worstGapMs: number;
  /** Frames of callers that came later than 20 ms to the node: the driver itself was late. */
  readonly lateFrames: number;
}

/** All callers of one process: one timer for all of them, 20 ms of 48 kHz each, as they would come from a network. */
export class MemoryCallers {
  readonly #lines = new Set<MemoryCallerLine>();
  readonly #words: Int16Array;
  readonly #periodFrames: number;
  readonly #beginMs = performance.now();
  #ticks = 0;
  #sounds = 0;
  #frames = 0;
  #late = 0;
  readonly #gapsMs: number[] = [];
  #worstMs = 0;
  #timer: NodeJS.Timeout | undefined;

  /** Each caller speaks `words` (48 kHz) once every `periodMs`. */
  constructor(words: Int16Array, periodMs: number) {
    this.#words = words;
    this.#periodFrames = Math.round(periodMs / 20);
    this.#tick();
  }

  line(room: string, index: number): Line {
    const line = new MemoryCallerLine(room, index % PHASES, (index * 37) % this.#periodFrames, {
      closed: () => this.#lines.delete(line),
      sound: () => this.#sounds++,
      heard: () => this.#frames++,
      gap: (ms) => {
        this.#worstMs = Math.max(this.#worstMs, ms);
        if (ms > GAP_MS && this.#gapsMs.length < 10_000) this.#gapsMs.push(ms);
      },
    });
    this.#lines.add(line);
    return line;
  }

  report(): MemoryReport {
    return { callers: this.#lines.size, sounds: this.#sounds, framesHeard: this.#frames, gapsMs: this.#gapsMs.slice(), worstGapMs: this.#worstMs, lateFrames: this.#late };
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #tick(): void {
    const nowMs = performance.now();
    while (this.#beginMs + this.#ticks * TICK_MS <= nowMs) {
      if (nowMs - (this.#beginMs + this.#ticks * TICK_MS) > 20) this.#late++;
      const phase = this.#ticks % PHASES;
      const frame = Math.floor(this.#ticks / PHASES);
      for (const line of this.#lines) if (line.phase === phase) line.speak(this.#words, frame, this.#periodFrames);
      this.#ticks++;
    }
    this.#timer = setTimeout(() => this.#tick(), Math.max(0, this.#beginMs + this.#ticks * TICK_MS - performance.now()));
  }
}

interface Ears {
  closed(): void;
  sound(): void;
  heard(): void;
  gap(ms: number): void;
}

class MemoryCallerLine implements Line {
  readonly room: string;
  readonly phase: number;
  readonly #offset: number;
  readonly #ears: Ears;
  readonly #frame = new Int16Array(FRAME);
  #listener: LineListener | undefined;
  #lastLoudMs = -Infinity;
  #lastSendMs = -Infinity;

  constructor(room: string, phase: number, offset: number, ears: Ears) {
    this.room = room;
    this.phase = phase;
    this.#offset = offset;
    this.#ears = ears;
  }

  open(listener: LineListener): Promise<void> {
    this.#listener = listener;
    setTimeout(() => listener.callerJoined('caller'), 0);
    return Promise.resolve();
  }

  speak(words: Int16Array, frame: number, periodFrames: number): void {
    if (this.#listener === undefined) return;
    const at = ((frame + this.#offset) % periodFrames) * FRAME;
    this.#frame.fill(0);
    if (at < words.length) this.#frame.set(words.subarray(at, at + FRAME));
    this.#listener.audio(this.#frame);
  }

  send(frame: Int16Array): boolean {
    const nowMs = performance.now();
    this.#ears.heard();
    // The robot has spoken a moment ago, and nothing at all came since: no pause of its own but one of the wire.
    if (nowMs - this.#lastLoudMs < SPEAKS_MS + (nowMs - this.#lastSendMs)) this.#ears.gap(nowMs - this.#lastSendMs);
    this.#lastSendMs = nowMs;
    let loud = false;
    for (let i = 0; i < frame.length && !loud; i += 8) loud = Math.abs(frame[i] as number) > LOUD_PEAK;
    if (loud) {
      if (nowMs - this.#lastLoudMs > 700) this.#ears.sound();
      this.#lastLoudMs = nowMs;
    }
    return true;
  }

  setAgentState(): void {
    // Nobody looks.
  }

  publish(): void {
    // Nobody looks.
  }

  transcript(): void {
    // Nobody reads.
  }

  close(): Promise<void> {
    this.#listener = undefined;
    this.#ears.closed();
    return Promise.resolve();
  }
}
