import type { AgentState, CallerEvent } from './events.js';

/** Why the line of a call is gone. A closed set: it is a metric label. */
export type LineEnd = 'caller_left' | 'no_media' | 'removed' | 'room_closed' | 'superseded' | 'lost' | 'closed_by_us';

/** What a transport tells its call. None of these may throw. */
export interface LineListener {
  /** A caller with a microphone is there. `identity` names the participant that is heard. */
  callerJoined(identity: string): void;
  /**
   * Whether anybody who is no robot is in the room, with a microphone or without: once when the line is up, also after
   * it was made again, then whenever it changes. Told before `callerJoined`. `hungUp`: the last one left because he
   * wanted to.
   */
  company(isThere: boolean, hungUp: boolean): void;
  /** `hungUp`: he said so himself, and nobody else is there; otherwise his connection is gone, and he may come back. */
  callerLeft(hungUp: boolean): void;
  /**
   * The line is down and is being made again, however long that takes; frames are refused meanwhile. Told after
   * `callerLeft`, where a caller was there.
   */
  interrupted(): void;
  /** The line is up again; `callerJoined` follows when a caller is there. */
  restored(): void;
  /** Mono int16 at 48 kHz, normally 20 ms. Borrowed until the call returns. */
  audio(samples: Int16Array): void;
  /** The line is gone for good. Called exactly once. */
  ended(end: LineEnd, detail?: string): void;
}

/** One call's line to a caller: audio in both directions, and what the page is to know. */
export interface Line {
  /** The name of the room or the call on the other side. */
  readonly room: string;
  /** Connects and begins to deliver to `listener`. Rejects with a VoiceNodeError within its own deadline. */
  open(listener: LineListener): Promise<void>;
  /**
   * Hands 10 ms of 48 kHz mono to the wire (480 samples, borrowed). Returns false where the transport could
   * not take it; the frame is then lost and counted.
   */
  send(frame: Int16Array): boolean;
  /** Tells front ends what the robot does: attribute `lk.agent.state`. */
  setAgentState(state: AgentState): void;
  /** Publishes an event for the page (data topic `voice-node`). Best effort. */
  publish(event: CallerEvent): void;
  /** Publishes words: `lk.transcription`. `segment` groups the pieces of one utterance. */
  transcript(from: 'caller' | 'robot', segment: string, text: string, final: boolean): void;
  /** Hangs up; resolves when the native side is gone or its deadline has passed. Never rejects. */
  close(): Promise<void>;
}
