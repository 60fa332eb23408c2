import { ProviderError, type Vendor } from '../../domain/provider.js';
import { networkError } from './errors.js';

export interface BodyOptions {
  readonly vendor: Vendor;
  /** What is expected, for error messages. */
  readonly what: string;
  readonly signal: AbortSignal;
  /** More than this is `provider_overflow`. Counted after decompression. */
  readonly maxBytes: number;
  /** Whether something of the answer has been handed on already: then a break is `provider_broken`. Default: no. */
  readonly begun?: () => boolean;
}

/**
 * The bytes of an answer as they come, never an empty piece. Throws `provider_unreachable` or `provider_broken`
 * when the connection breaks, `provider_overflow` when there is no end to it, the signal's reason once that is
 * aborted. Whoever stops reading early closes the connection.
 */
export async function* readBody(response: Response, options: BodyOptions): AsyncGenerator<Uint8Array> {
  const { vendor, what, signal, maxBytes } = options;
  const reader = response.body?.getReader();
  if (reader === undefined) return;
  let total = 0;
  let finished = false;
  try {
    while (true) {
      const { done, value } = await reader.read().catch((error: unknown) => {
        finished = true;
        signal.throwIfAborted();
        throw networkError(vendor, what, error, options.begun?.() === true ? 'begun' : 'unused');
      });
      signal.throwIfAborted();
      if (done) {
        finished = true;
        return;
      }
      total += value.length;
      if (total > maxBytes) throw new ProviderError('provider_overflow', `${vendor}: expected ${what} of at most ${maxBytes} bytes, got more`);
      if (value.length > 0) yield value;
    }
  } finally {
    // Cancelling closes the socket; whether that goes well is nobody's concern any more.
    if (!finished) reader.cancel().catch(() => undefined);
    else reader.releaseLock();
  }
}

/** The whole answer as text. Throws as `readBody` does; `provider_protocol` where it is not UTF-8. */
export async function readText(response: Response, options: BodyOptions): Promise<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let text = '';
  for await (const bytes of readBody(response, options)) text += decode(decoder, bytes, options);
  return text + decode(decoder, undefined, options);
}

/** The whole answer as JSON of any form, to be checked. Throws as `readText` does. */
export async function readJson(response: Response, options: BodyOptions): Promise<unknown> {
  const text = await readText(response, options);
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new ProviderError('provider_protocol', `${options.vendor}: expected ${options.what} as JSON, got ${text.length} characters that are none`);
  }
}

type Utf8Decoder = InstanceType<typeof TextDecoder>;

/** The next bytes as text, or what is left at the end (`bytes` undefined). Throws `provider_protocol`. */
export function decode(decoder: Utf8Decoder, bytes: Uint8Array | undefined, { vendor, what }: Pick<BodyOptions, 'vendor' | 'what'>): string {
  try {
    return bytes === undefined ? decoder.decode() : decoder.decode(bytes, { stream: true });
  } catch {
    throw new ProviderError('provider_protocol', `${vendor}: expected ${what} as UTF-8, got bytes that are not`);
  }
}
