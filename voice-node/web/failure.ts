import type { Context } from 'hono';
import type { ErrorCode } from '../domain/errors.js';

type FailureStatus = 400 | 401 | 404 | 413 | 415 | 429 | 500 | 502 | 503;

/** Every failure looks the same: `{"error":{"code","message"}}`. */
export const failure = (context: Context, status: FailureStatus, code: ErrorCode, message: string): Response => context.json({ error: { code, message } }, status);
