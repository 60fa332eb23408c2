import type { Audio } from './audio.js';
import type { VoiceNodeError } from './errors.js';
import type { ProviderLimits, Vendor } from './provider.js';
import type { ToolSpec } from './tools.js';

/** Speech-to-speech: one session hears and answers. Modelled on the GA protocol of OpenAI Realtime, which Azure and Yandex share. */
export interface RealtimeModel {
  readonly vendor: Vendor;
  /** Who decides where the caller's turn ends: `server`, the provider's own detector, or `node`, our hearing (`commit`). */
  readonly turns: 'server' | 'node';
  /** With the provider's own detector: the silence in ms after which it takes the turn for ended; otherwise 0. */
  readonly silenceMs: number;
  /** Whether speech of the caller stops the answer. */
  readonly interrupts: boolean;
  /** How long a session may last before it has to be replaced, in ms. */
  readonly sessionMaxMs: number;
  /**
   * The deadlines of a session: until it is ready, from a request to the first output of its answer, between two
   * outputs, and for one answer altogether. The session keeps them itself: one that is missed ends it.
   */
  readonly limits: ProviderLimits;
  /** Begins to connect and returns at once; what happens is told to `listener`, never before this returns. */
  open(options: RealtimeOptions, listener: RealtimeListener): RealtimeSession;
  close?(): void;
}

/** An earlier piece of the conversation, for a session that takes over: its words, or what it sounded like. */
export type RealtimeItem =
  | { readonly role: 'user' | 'assistant'; readonly text: string }
  | { readonly role: 'user'; readonly audio: Audio };

export interface RealtimeOptions {
  readonly instructions: string;
  readonly tools: readonly ToolSpec[];
  /** BCP 47. */
  readonly language: string;
  /** Aborted when the call ends: the session closes without another word. */
  readonly signal: AbortSignal;
}

/** How a response ended. `cancelled`: by us, or because the provider heard the caller speak. */
export type ResponseEnd = 'completed' | 'cancelled' | 'failed';

/** What a session tells. None of these may throw. Nothing comes after `close` or `ended`. */
export interface RealtimeListener {
  /** The session is configured; what was sent before has been kept and is on its way. */
  ready(): void;
  /** The provider's own detector. `itemId` is the one the speech will have in the conversation. */
  speechStarted(itemId: string): void;
  speechStopped(itemId: string): void;
  /** What the caller said has become a piece of the conversation, by `commit` or by the provider's own detector. */
  committed(itemId: string): void;
  /** What the caller said in the item, as far as written down: all of it, not what is new. */
  transcript(itemId: string, text: string, final: boolean): void;
  responseStarted(responseId: string): void;
  /** Words of the answer; they usually run ahead of its audio. */
  text(responseId: string, itemId: string, delta: string): void;
  /** Mono int16, any length; the receiver owns it. */
  audio(responseId: string, itemId: string, samples: Int16Array, rateHz: number): void;
  /** `args` is JSON as the model wrote it: to be checked. */
  toolCall(responseId: string, callId: string, name: string, args: string): void;
  /** Nothing more of this response comes. `error` says why it failed. */
  responseDone(responseId: string, how: ResponseEnd, error?: VoiceNodeError): void;
  /** The answer that was asked for last will not begin; the session goes on. */
  refused(error: VoiceNodeError): void;
  /** Something went wrong that stops nothing. */
  trouble(error: VoiceNodeError): void;
  /** The session is over, and not because we closed it. Called at most once, last. */
  ended(error: VoiceNodeError): void;
}

/** Methods return at once; before `ready` they are kept and carried out in order. After the end they do nothing. */
export interface RealtimeSession {
  /** Adds a piece of the conversation at its end, without asking for an answer. */
  remember(item: RealtimeItem): void;
  /** The caller's audio at the call's rate; borrowed. */
  append(samples: Int16Array, rateHz: number): void;
  /** With our own turn detection: what was appended is the caller's turn, to be answered. */
  commit(): void;
  /** With our own turn detection: what was appended was no turn. */
  clear(): void;
  /** Asks for an answer without a turn of the caller: a greeting, or what follows from a tool's result. Waits for an answer under way. */
  respond(instructions?: string): void;
  /** Nothing more of the answer under way, or asked for; its `responseDone` still comes. */
  cancel(): void;
  /** Only `audioMs` of this item of the answer were heard: the model forgets the rest. */
  truncate(itemId: string, audioMs: number): void;
  /** The result of a tool call; followed by `respond` where the model is to go on. */
  toolResult(callId: string, output: string): void;
  close(): void;
}
