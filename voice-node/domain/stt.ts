import type { CallRateHz } from './audio.js';
import type { ProviderRequest, Vendor } from './provider.js';

/**
 * What the caller says, as it comes: mono int16 pieces of any length, normally 20 ms; not to be changed. May be
 * iterated several times, each time from the beginning (the pre-roll), so that a second provider can take over.
 * Ends when the caller has fallen silent.
 */
export interface SpeechFeed extends AsyncIterable<Int16Array> {
  readonly rateHz: CallRateHz;
  /** Resolves once the caller has fallen silent. Never rejects. */
  readonly ended: Promise<void>;
}

export interface TranscribeRequest extends ProviderRequest {
  readonly speech: SpeechFeed;
  /** BCP 47, such as `en-US` or `ru-RU`. */
  readonly language: string;
}

/** What has been understood of the utterance so far: all of it, not what is new. */
export interface Transcript {
  readonly text: string;
  /** Nothing more comes, and nothing will change. The last result of every stream, even where `text` is empty. */
  readonly final: boolean;
}

/** Speech to text. One per robot, shared by its calls. */
export interface SpeechToText {
  readonly vendor: Vendor;
  /** Writes down one utterance, beginning while it is being spoken. */
  transcribe(request: TranscribeRequest): AsyncIterable<Transcript>;
  /** Ends side processes and idle connections. */
  close?(): void;
}
