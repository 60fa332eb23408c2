import { VoiceNodeError, type ErrorCode } from './errors.js';

/** Who may stand behind a provider. A closed set: it is a metric label. */
export type Vendor =
  | 'openai'
  | 'azure'
  | 'yandex'
  | 'elevenlabs'
  | 'zvukogram'
  | 'local'
  | 'pocketsphinx'
  | 'sherpa'
  | 'flite'
  | 'espeak'
  | 'livekit'
  | 'demo'
  | 'cache';

/** What a provider bills by. A closed set: it is a metric label. */
export type UsageUnit = 'input_tokens' | 'output_tokens' | 'characters' | 'audio_seconds';

/**
 * What every request to a provider is given. The provider answers with an async iterable, which ends when the
 * answer is complete and throws a `ProviderError` when it will not be.
 */
export interface ProviderRequest {
  /**
   * Aborted: nobody wants the answer any more. The provider closes its connection at once and the iteration
   * ends, with or without an error.
   */
  readonly signal: AbortSignal;
  /** To be called once: the other side is there and has taken the request (connection up, headers answered, process started). */
  connected(): void;
  /** To be called with what the request has cost, in pieces or at the end. */
  used(unit: UsageUnit, amount: number): void;
}

/**
 * How long a provider may take, in ms: until it is connected, from then to its first result, between two
 * results, and altogether. Speech recognition counts the last three from the end of speech,
 * or from when it was asked or connected, where that was later.
 */
export interface ProviderLimits {
  readonly connectMs: number;
  readonly firstMs: number;
  readonly gapMs: number;
  readonly totalMs: number;
}

/** Codes of failures that another attempt, or another provider, may not meet. */
export type ProviderCode = Extract<ErrorCode, `provider_${string}`>;

/**
 * A provider's failure. The message names the vendor, what was expected and what came; it must not repeat a
 * key, a prompt or the caller's words, because it goes to the log and to the page.
 */
export class ProviderError extends VoiceNodeError {
  /** How long the other side asks us to stay away. */
  readonly retryAfterMs: number | undefined;

  constructor(code: ProviderCode, message: string, options: ErrorOptions & { readonly retryAfterMs?: number | undefined } = {}) {
    super(code, message, options);
    this.name = 'ProviderError';
    this.retryAfterMs = options.retryAfterMs;
  }
}
