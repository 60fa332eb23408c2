/**
 * Every failure the node reports on purpose. A bug throws anything else and is logged as one.
 * The set is closed: metrics use it as a label.
 */
export type ErrorCode =
  | 'config_invalid'
  | 'argument_invalid'
  | 'robot_unknown'
  | 'robot_invalid'
  | 'audio_format'
  | 'port_taken'
  | 'auth_failed'
  | 'worker_refused'
  | 'worker_unreachable'
  | 'transport_connect'
  | 'transport_lost'
  | 'transport_publish'
  | 'transport_timeout'
  | 'answer_failed'
  | 'answer_timeout'
  | 'vad_failed'
  | 'denoise_failed'
  | 'turn_model_failed'
  | 'at_capacity'
  /** The store of the calls' records did not do what it was asked. */
  | 'journal_failed'
  /** A media process died or does not answer. */
  | 'shard_failed'
  /** The robot cannot take calls: keys, programs or files are missing. */
  | 'robot_unavailable'
  | 'tool_failed'
  /** Nobody there: refused, unknown host, no TLS, broken before the first result. */
  | 'provider_unreachable'
  /** The four deadlines of a provider's stream. */
  | 'provider_connect_timeout'
  | 'provider_first_timeout'
  | 'provider_gap_timeout'
  | 'provider_total_timeout'
  /** Key missing, wrong, or without permission. */
  | 'provider_auth'
  | 'provider_rate_limited'
  /** Our request was refused: another attempt would be as well. */
  | 'provider_rejected'
  /** The other side says that it has trouble. */
  | 'provider_unavailable'
  /** Something came that the protocol does not know. */
  | 'provider_protocol'
  /** Broken off after the first result. */
  | 'provider_broken'
  /** More came than anybody could want to hear. */
  | 'provider_overflow'
  /** A bug of the node itself: something threw that never should. */
  | 'internal';

/** An error with a stable code and a message that says what was expected and what came. */
export class VoiceNodeError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'VoiceNodeError';
    this.code = code;
  }
}

/** The message of anything that was thrown. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Anything that was thrown, as an error with a code; `code` is for what has none yet. */
export const asNodeError = (error: unknown, code: ErrorCode): VoiceNodeError =>
  error instanceof VoiceNodeError ? error : new VoiceNodeError(code, messageOf(error), { cause: error });
