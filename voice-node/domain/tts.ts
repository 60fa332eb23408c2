import type { Audio } from './audio.js';
import type { ProviderRequest, Vendor } from './provider.js';

export interface SpeakRequest extends ProviderRequest {
  /**
   * What to say. A string wherever `takesStream` is false. Where it is true it may also be pieces of one text as
   * they become known (sentences, with their spaces); may be iterated again from the beginning.
   */
  readonly text: string | AsyncIterable<string>;
  /** BCP 47. */
  readonly language: string;
}

/** Text to speech with one voice. One per robot, shared by its calls. */
export interface TextToSpeech {
  readonly vendor: Vendor;
  /** Names vendor, model, voice and every setting that can be heard: what has the same key sounds the same. */
  readonly voiceKey: string;
  /** Whether one request can take a text that is still being written. */
  readonly takesStream: boolean;
  /** Mono int16 pieces as they come, at least 20 ms each but for the last one; the receiver owns them. */
  speak(request: SpeakRequest): AsyncIterable<Audio>;
  close?(): void;
}

/** Phrases that were synthesised before. Bounded; implemented by stores. Never rejects: a lost phrase is made again. */
export interface PhraseStore {
  get(key: string): Promise<Audio | undefined>;
  put(key: string, audio: Audio): Promise<void>;
}
