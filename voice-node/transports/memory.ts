import { PLAYOUT_FRAME_SAMPLES } from '../domain/audio.js';
import type { AgentState, CallerEvent } from '../domain/events.js';
import type { Line, LineEnd, LineListener } from '../domain/transport.js';

/** What `MemoryLine` saw of a transcript. */
export interface MemoryTranscript {
  readonly from: 'caller' | 'robot';
  readonly segment: string;
  readonly text: string;
  readonly final: boolean;
}

export interface MemoryLineOptions {
  readonly room?: string;
  /** Called with a copy of every frame that is sent. */
  readonly onFrame?: (frame: Int16Array) => void;
  readonly onEvent?: (event: CallerEvent) => void;
}

/** A line without a network: the other side is whoever holds this object. For replay and for tests. */
export class MemoryLine implements Line {
  readonly room: string;
  readonly events: CallerEvent[] = [];
  readonly states: AgentState[] = [];
  readonly transcripts: MemoryTranscript[] = [];
  readonly #options: MemoryLineOptions;
  #listener: LineListener | undefined;
  #closed = false;
  /** Somebody is there. */
  #caller = false;
  #down = false;
  /** While true, frames are refused, as by a transport that is stuck. */
  stuck = false;

  constructor(options: MemoryLineOptions = {}) {
    this.#options = options;
    this.room = options.room ?? 'memory';
  }

  get closed(): boolean {
    return this.#closed;
  }

  open(listener: LineListener): Promise<void> {
    this.#listener = listener;
    return Promise.resolve();
  }

  send(frame: Int16Array): boolean {
    if (frame.length !== PLAYOUT_FRAME_SAMPLES) throw new Error(`expected ${PLAYOUT_FRAME_SAMPLES} samples, got ${frame.length}`);
    if (this.stuck || this.#down || this.#closed) return false;
    this.#options.onFrame?.(frame.slice());
    return true;
  }

  setAgentState(state: AgentState): void {
    this.states.push(state);
  }

  publish(event: CallerEvent): void {
    this.events.push(event);
    this.#options.onEvent?.(event);
  }

  transcript(from: 'caller' | 'robot', segment: string, text: string, final: boolean): void {
    this.transcripts.push({ from, segment, text, final });
  }

  close(): Promise<void> {
    this.#closed = true;
    return Promise.resolve();
  }

  // The caller's side.

  /** Whether anybody is there, with a microphone or without. */
  company(isThere: boolean, hungUp = false): void {
    this.#listener?.company(isThere, hungUp);
  }

  join(identity = 'caller'): void {
    this.#caller = true;
    this.#listener?.callerJoined(identity);
  }

  /** `hungUp`: he says so; otherwise his connection is gone, and he may come back. */
  leave(hungUp = false): void {
    this.#caller = false;
    this.#listener?.callerLeft(hungUp);
  }

  /** The line goes down, and is being made again until `restore`. */
  interrupt(): void {
    this.#down = true;
    if (this.#caller) this.leave();
    this.#listener?.interrupted();
  }

  /** The line is up again; the caller, if he is there as well, joins. */
  restore(): void {
    this.#down = false;
    this.#listener?.restored();
  }

  /** 48 kHz mono. */
  speak(samples: Int16Array): void {
    this.#listener?.audio(samples);
  }

  drop(end: LineEnd): void {
    this.#listener?.ended(end);
  }
}
