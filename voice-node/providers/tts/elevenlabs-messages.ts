import { ProviderError, type ProviderCode } from '../../domain/provider.js';
import { errorIdentifier } from '../http/errors.js';

/**
 * Messages of `/v1/text-to-speech/{voice}/stream-input`, as in the vendor's AsyncAPI description (elevenlabs-docs,
 * fern/apis/api/asyncapi.yml). Timings of characters come along and are not read.
 */
export type ServerMessage =
  | { readonly type: 'audio'; readonly bytes: Uint8Array }
  /** All audio of what was sent has come. */
  | { readonly type: 'final' }
  | { readonly type: 'other' };

const WHAT = 'elevenlabs tts';
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** Begins a stream: a single space, and the settings of the voice. */
export const firstMessage = (speed: number | undefined): string =>
  JSON.stringify({ text: ' ', ...(speed !== undefined && { voice_settings: voiceSettings(speed) }) });

/** Text has to end with a space. Flushed, so that what is known of the answer is spoken while the rest is written. */
export const textMessage = (text: string): string => JSON.stringify({ text: /\s$/.test(text) ? text : `${text} `, flush: true });

/** Keeps a stream alive that has nothing to say yet. */
export const KEEP_ALIVE_MESSAGE = JSON.stringify({ text: ' ' });
/** The end of the text. */
export const LAST_MESSAGE = JSON.stringify({ text: '' });

/** The first two may not be left out where there is a speed; these are the service's own defaults. */
export const voiceSettings = (speed: number): object => ({ stability: 0.5, similarity_boost: 0.75, speed });

/** Throws ProviderError where it is an error of the server, or no message of this protocol. `begun`: audio has come. */
export function readMessage(text: string, begun: boolean): ServerMessage[] {
  const wrong = (came: string): ProviderError => new ProviderError('provider_protocol', `${WHAT}: expected a message with audio, got ${came}`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw wrong('something that is no JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong('JSON that is no object');
  const { audio, isFinal, error } = value as Record<string, unknown>;
  if (error !== undefined && error !== null) {
    const identifier = errorIdentifier(text);
    throw new ProviderError(codeOfIdentifier(identifier ?? '', begun), `${WHAT}: expected audio, got an error (${identifier ?? 'without a name'})`);
  }
  const messages: ServerMessage[] = [];
  if (typeof audio === 'string' && audio !== '') {
    // Buffer.from would take what it can read and drop the rest.
    if (audio.length % 4 !== 0 || !BASE64.test(audio)) throw wrong('audio that is no base64');
    messages.push({ type: 'audio', bytes: Buffer.from(audio, 'base64') });
  } else if (audio !== undefined && audio !== null && audio !== '') throw wrong('audio that is no text');
  if (isFinal === true) messages.push({ type: 'final' });
  return messages.length > 0 ? messages : [{ type: 'other' }];
}

/** What the server calls its trouble. */
export function codeOfIdentifier(identifier: string, begun: boolean): ProviderCode {
  if (/api_key|auth|permission|quota|subscription/i.test(identifier)) return 'provider_auth';
  if (/rate_limit|too_many|concurren|busy/i.test(identifier)) return 'provider_rate_limited';
  // We were too slow for it: another attempt is not.
  if (/timeout|timed_out/i.test(identifier)) return begun ? 'provider_broken' : 'provider_unreachable';
  if (/internal|server_error|unavailable|overload/i.test(identifier)) return 'provider_unavailable';
  return 'provider_rejected';
}

/** Why a stream ended that was not complete: close codes of RFC 6455, section 7.4. Reasons are sentences, and not repeated. */
export function errorOfClose(code: number, reason: string, begun: boolean): ProviderError {
  return new ProviderError(codeOfClose(code, reason, begun), `${WHAT}: expected audio to its end, the connection was closed with ${code}`);
}

function codeOfClose(code: number, reason: string, begun: boolean): ProviderCode {
  if (code === 1002 || code === 1003 || code === 1007) return 'provider_protocol';
  if (code === 1008) return codeOfIdentifier(reason, begun);
  if (code === 1009 || code === 1010) return 'provider_rejected';
  if (code >= 1011 && code <= 1014) return 'provider_unavailable';
  if (code === 4401 || code === 4403) return 'provider_auth';
  if (code === 4429) return 'provider_rate_limited';
  if (code >= 4500 && code < 4600) return 'provider_unavailable';
  if (code >= 3000) return 'provider_rejected';
  return begun ? 'provider_broken' : 'provider_unreachable';
}
