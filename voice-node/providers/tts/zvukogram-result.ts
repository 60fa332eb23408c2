import { ProviderError, type ProviderCode } from '../../domain/provider.js';

/** What the service says of one text (zvukogram.com/node/api). */
export type Result = { readonly type: 'ready'; readonly file: string } | { readonly type: 'working'; readonly id: string };

const WHAT = 'zvukogram tts';

/** Throws ProviderError where it has failed, or is no such answer. Its `error` is a sentence and is not repeated. */
export function readResult(value: unknown): Result {
  const wrong = (came: string): ProviderError => new ProviderError('provider_protocol', `${WHAT}: expected a status and a file, got ${came}`);
  if (typeof value !== 'object' || value === null) throw wrong('JSON that is no object');
  const { status, id, file, error } = value as Record<string, unknown>;
  // A number or a string, from one day to another.
  const number = typeof status === 'string' && status.trim() !== '' ? Number(status) : status;
  if (number === 1) {
    if (typeof file !== 'string' || file === '') throw wrong('a status of 1 without a file');
    return { type: 'ready', file };
  }
  if (number === 0) {
    if (typeof id !== 'string' && typeof id !== 'number') throw wrong('a status of 0 without an id');
    return { type: 'working', id: String(id) };
  }
  if (number === -1) throw new ProviderError(codeOfSentence(typeof error === 'string' ? error : ''), `${WHAT}: expected a file, got status -1`);
  throw wrong(typeof number === 'number' ? `status ${number}` : 'no status');
}

/** The service tells its troubles apart in words only, Russian or English. What is none of these is our request. */
function codeOfSentence(sentence: string): ProviderCode {
  if (/токен|ключ|почт|авториз|доступ|баланс|средств|token|e-?mail|auth|access|balance|funds/i.test(sentence)) return 'provider_auth';
  if (/част|много запрос|позже|too many|later|rate/i.test(sentence)) return 'provider_rate_limited';
  if (/сервер|внутренн|server|internal/i.test(sentence)) return 'provider_unavailable';
  return 'provider_rejected';
}
