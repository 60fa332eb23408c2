import type { VoiceNodeError } from './errors.js';
import type { ToolSpec } from './tools.js';
import type { UsageUnit, Vendor } from './provider.js';

/** Speech-to-speech: one session hears and answers. Modelled on the GA protocol of OpenAI Realtime, which Azure and Yandex share. */
export interface RealtimeModel {
  readonly vendor: Vendor;
  /** How long a session may last before it has to be replaced, in ms. */
  readonly sessionMaxMs: number;
  /** Begins to connect and returns at once; what happens is told to `listener`. */
  open(options: RealtimeOptions, listener: RealtimeListener): RealtimeSession;
  close?(): void;
}

/** An earlier piece of the conversation, for a session that takes over. */
export interface RealtimeItem {
  readonly role: 'user' | 'assistant';
  readonly text: string;
}

export interface RealtimeOptions {
  readonly instructions: string;
  readonly tools: readonly ToolSpec[];
  readonly language: string;
  /** What was said before this session. */
  readonly history: readonly RealtimeItem[];
  /** Aborted when the call ends. */
  readonly signal: AbortSignal;
}

/** What a session tells. None of these may throw. */
export interface RealtimeListener {
  /** The session is configured, its history in place; audio that was sent before has been kept and is on its way. */
  ready(): void;
  /** The provider's own detector (server_vad). */
  speechStarted(itemId: string): void;
  speechStopped(itemId: string): void;
  /** What the caller said in the item. */
  transcript(itemId: string, text: string, final: boolean): void;
  responseStarted(responseId: string): void;
  /** Words of the answer; they run ahead of its audio. */
  text(responseId: string, itemId: string, delta: string): void;
  audio(responseId: string, itemId: string, samples: Int16Array, rateHz: number): void;
  toolCall(responseId: string, callId: string, name: string, args: string): void;
  /** Nothing more of this response comes. */
  responseDone(responseId: string, how: 'completed' | 'cancelled' | 'failed'): void;
  used(unit: UsageUnit, amount: number): void;
  /** Something went wrong; the session goes on. */
  trouble(error: VoiceNodeError): void;
  /** The session is over, and not because it was closed by us. Called at most once, last. */
  ended(error: VoiceNodeError): void;
}

/** Methods return at once; before `ready` they are kept and carried out in order. */
export interface RealtimeSession {
  /** The caller's audio at the call's rate; borrowed. */
  append(samples: Int16Array, rateHz: number): void;
  /** With our own turn detection: what was appended is the caller's turn, to be answered. */
  commit(): void;
  /** With our own turn detection: what was appended was no turn. */
  clear(): void;
  /** Asks for an answer without a turn of the caller: a greeting. */
  respond(instructions?: string): void;
  /** Nothing more of the answer under way. */
  cancel(): void;
  /** Only `audioMs` of this item of the answer were heard: the model forgets the rest. */
  truncate(itemId: string, audioMs: number): void;
  /** The result of a tool call; followed by `respond` where the model is to go on. */
  toolResult(callId: string, output: string): void;
  close(): void;
}
