import { ProviderError, type Vendor } from '../../domain/provider.js';
import type { SpeechFeed } from '../../domain/stt.js';
import { createResampler } from '../../dsp/resampler.js';

/** What is sent: many servers take the samples for 16 kHz whatever the header says. */
export const SENT_RATE_HZ = 16_000;
/** OpenAI takes files of up to 25 MB: 13 minutes. */
const MAX_SECONDS = 780;

/**
 * All of an utterance at 16 kHz. Resampled as it comes, so that nothing is left to do at the end. Rejects with the
 * signal's reason as soon as it is aborted, whatever the feed does; with `provider_rejected` above 13 minutes.
 */
export async function collectSpeech(speech: SpeechFeed, vendor: Vendor, signal: AbortSignal): Promise<Int16Array> {
  const resampler = createResampler({ fromHz: speech.rateHz, toHz: SENT_RATE_HZ });
  const pieces: Int16Array[] = [];
  let length = 0;
  for await (const piece of untilAborted(speech, signal)) {
    const samples = resampler.process(piece);
    pieces.push(samples);
    length += samples.length;
    if (length > MAX_SECONDS * SENT_RATE_HZ) throw new ProviderError('provider_rejected', `${vendor}: expected an utterance of at most ${MAX_SECONDS} s, got a longer one`);
  }
  // The filter still holds the last samples back.
  const tail = resampler.process(new Int16Array(Math.ceil((resampler.delaySamples * speech.rateHz) / SENT_RATE_HZ)));
  const all = new Int16Array(length === 0 ? 0 : length + tail.length);
  let at = 0;
  for (const piece of length === 0 ? [] : [...pieces, tail]) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

/** The same, but it throws the signal's reason as soon as that is aborted, even while nothing comes. */
async function* untilAborted<T>(source: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  signal.throwIfAborted();
  let onAbort: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
  });
  // Nobody may be waiting for it when it comes.
  aborted.catch(() => undefined);
  const iterator = source[Symbol.asyncIterator]();
  try {
    while (true) {
      const next = await Promise.race([iterator.next(), aborted]);
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    signal.removeEventListener('abort', onAbort as () => void);
    // Not awaited: the feed may be waiting for the caller.
    void Promise.resolve(iterator.return?.()).catch(() => undefined);
  }
}
