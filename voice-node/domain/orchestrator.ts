import type { Utterance } from './speech.js';
import type { CallRateHz } from './audio.js';
import type { Clock } from './clock.js';
import type { VoiceNodeError } from './errors.js';
import type { Said } from './journal.js';
import type { Log } from './observer.js';

/**
 * The port every way of answering implements: echo, a tone, STT -> LLM -> TTS, speech-to-speech, recordings.
 * One orchestrator per robot; one conversation per call.
 */
export interface Orchestrator {
  readonly mode: string;
  /** Begins the conversation of one call. May already speak through `host` (a greeting). */
  open(host: ConversationHost): Conversation;
  /** No conversation will be opened any more and all have ended: side processes and connections end. */
  close?(): void;
}

/**
 * What the call tells its conversation. The methods return at once and must not throw for bad luck outside;
 * work goes on in the background and reaches the caller through `Reply`.
 */
export interface Conversation {
  /**
   * The next 20 ms of the caller, speech or not, as they come, at the call's rate. Borrowed: copy what is
   * to be kept. For streaming STT and speech-to-speech.
   */
  hear?(frame: Int16Array): void;
  /** t1. The caller began to speak; a streaming recogniser starts here, not at the end. */
  speechStarted?(turn: number): void;
  /** t2. The caller fell silent. Normally answered by `host.beginReply(turn)`, now or later. */
  speechEnded(turn: number, utterance: Utterance): void;
  /** Confirmed speech that was too short to be an utterance; a started recogniser may drop it. */
  speechDropped?(turn: number): void;
  /**
   * The caller interrupted, or the reply failed: its `signal` is aborted, nothing more of it will be played.
   * `heard` says how much of it reached the caller, for a history that holds only what was heard.
   */
  stopPlayback(heard: Heard): void;
  /** The reply was played to its end. */
  playbackFinished?(heard: Heard): void;
  /** The call is over. Everything still running must end; `host.signal` is aborted as well. */
  close(): void;
}

/** What a conversation may do in its call. */
export interface ConversationHost {
  readonly callId: string;
  readonly rateHz: CallRateHz;
  /**
   * What was said before, where the call goes on after its process has died: a history to begin with, and no
   * greeting. Undefined in a new call.
   */
  readonly past: readonly Said[] | undefined;
  /** Aborted when the call ends. */
  readonly signal: AbortSignal;
  /** The call's time: the only one a conversation may go by. */
  readonly clock: Clock;
  /** The call's log. Above `debug` never a key, a prompt, or what anybody said. */
  readonly log: Log;
  /**
   * Begins a reply, to a turn or unprompted (a greeting: `turn` undefined). A reply begun while another one
   * plays takes its place.
   */
  beginReply(turn?: number): Reply;
  /** Words of the caller as far as recognised; shown on the page. `final` is also t3 of the turn. */
  transcript(turn: number, text: string, final: boolean): void;
  /** Says good-bye and hangs up once what is playing has been played. `failed`: it was an apology. */
  endCall(end?: 'failed'): void;
}

/** One answer on its way to the caller. Audio of a stopped reply is dropped silently. */
export interface Reply {
  readonly generation: number;
  readonly turn: number | undefined;
  /** Aborted when the reply is interrupted, replaced, or the call ends. */
  readonly signal: AbortSignal;
  /** t3: it is known what was said. Implied by a final transcript. */
  understood(): void;
  /** t4: the first token of the answer, or the choice of a recording. */
  chosen(): void;
  /**
   * What is being said, for the page, for transcripts, and for `Heard.text`: the words of the audio that is
   * handed over next, up to the next `text`. They are shown as they are spoken.
   */
  text(delta: string): void;
  /**
   * Hands over audio at any rate from 8 to 48 kHz; the rate may change between pieces. The samples are
   * borrowed until the promise resolves, which is when there is room for more: whoever awaits it is slowed to
   * the pace of speech. Resolves false once the reply has been stopped. Without awaiting, at most two minutes
   * may wait; more fails the reply.
   */
  audio(samples: Int16Array, rateHz: number): Promise<boolean>;
  /** Nothing more comes. The reply ends when all of it has been played. */
  end(): void;
  /** The answer failed. The caller hears the robot's recorded apology, and the call goes on listening. */
  fail(error: VoiceNodeError): void;
}

/** How much of a reply the caller really heard. */
export interface Heard {
  readonly generation: number;
  readonly turn: number | undefined;
  /** Milliseconds of the reply handed to the transport before it ended or was cut. */
  readonly heardMs: number;
  /** The words of it whose audio was played to their end. */
  readonly text: string;
  /** True when all that had been handed in was played. */
  readonly complete: boolean;
}
