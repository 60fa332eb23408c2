import { ProviderError, type ProviderRequest, type Vendor } from '../../domain/provider.js';
import type { Transcript } from '../../domain/stt.js';
import { endedEarly, errorIdentifier } from '../http/errors.js';
import { readEvents } from '../http/sse.js';

/** What is asked for, for error messages. */
export const WHAT = 'a transcript';

type Json = Readonly<Record<string, unknown>>;

/**
 * A transcript as it is written: `transcript.text.delta`, then `transcript.text.done` with all of it. Deltas are
 * added up, because a result is all that has been understood so far. Throws `ProviderError`: ends without `done`,
 * is no JSON, or names an error.
 */
export async function* readTranscriptEvents(bytes: AsyncIterable<Uint8Array>, vendor: Vendor, request: Pick<ProviderRequest, 'used'>): AsyncGenerator<Transcript> {
  let soFar = '';
  for await (const { data } of readEvents(bytes, { vendor, what: WHAT })) {
    if (data === '[DONE]') break;
    const event = parse(data, vendor);
    if (event['error'] !== undefined && event['error'] !== null) throw failure(vendor, soFar !== '', data);
    switch (event['type']) {
      case 'transcript.text.delta':
        soFar += textOf(event, 'delta', vendor);
        if (soFar.trim() !== '') yield { text: soFar.trim(), final: false };
        break;
      case 'transcript.text.done':
        reportUsage(event, request);
        yield { text: textOf(event, 'text', vendor).trim(), final: true };
        return;
      // Segments with speakers and whatever else comes to be told do not change the text.
      default:
    }
  }
  throw endedEarly(vendor, WHAT, soFar !== '');
}

/** Tokens, where the server counts any; the seconds of audio are known already. */
export function reportUsage(answer: unknown, { used }: Pick<ProviderRequest, 'used'>): void {
  const usage = isObject(answer) ? answer['usage'] : undefined;
  if (!isObject(usage)) return;
  const { input_tokens: input, output_tokens: output } = usage;
  if (typeof input === 'number' && input > 0) used('input_tokens', input);
  if (typeof output === 'number' && output > 0) used('output_tokens', output);
}

function parse(data: string, vendor: Vendor): Json {
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch {
    value = undefined;
  }
  if (!isObject(value)) throw new ProviderError('provider_protocol', `${vendor}: expected an event of ${WHAT} as JSON, got ${data.length} characters that are none`);
  return value;
}

function textOf(event: Json, field: string, vendor: Vendor): string {
  const text = event[field];
  if (typeof text !== 'string') throw new ProviderError('provider_protocol', `${vendor}: expected an event of ${WHAT} with ${field}, got one without`);
  return text;
}

function failure(vendor: Vendor, begun: boolean, data: string): ProviderError {
  const identifier = errorIdentifier(data);
  return new ProviderError(begun ? 'provider_broken' : 'provider_unavailable', `${vendor}: expected ${WHAT}, got an error${identifier === undefined ? '' : ` (${identifier})`}`);
}

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);
