import { ProviderError, type Vendor } from '../../domain/provider.js';
import type { TranscribeRequest, Transcript } from '../../domain/stt.js';
import type { WorkerPool } from './pool.js';

/** Makes what the worker wants to hear of a piece of the caller's audio: int16. */
export type Shape = (samples: Int16Array) => Int16Array;

/**
 * One utterance through a process of the pool: fed while the caller speaks, partial results as they change.
 * `begin` is the worker's JSON for the utterance.
 */
export async function* transcripts(vendor: Vendor, pool: WorkerPool, request: TranscribeRequest, begin: object, shape: Shape): AsyncGenerator<Transcript> {
  const { signal, speech } = request;
  const job = await pool.take(signal);
  if (job === undefined) return;
  let samples = 0;
  const feed = async (): Promise<void> => {
    await job.send('S', Buffer.from(JSON.stringify(begin)));
    for await (const piece of speech) {
      if (job.isOver) return;
      samples += piece.length;
      await job.send('A', bytesOf(shape(piece)));
    }
    await job.send('E');
  };
  const feeding = feed().catch((error: unknown) => job.fail(asProviderError(vendor, error)));
  try {
    for (let message = await job.next(); message !== undefined; message = await job.next()) {
      if (message.type === 'hello') request.connected();
      else yield { text: message.text, final: message.type === 'final' };
    }
  } finally {
    job.close();
    request.used('audio_seconds', samples / speech.rateHz);
    // The feed ends by itself: with the utterance, or at its next piece.
    void feeding;
  }
}

/** Int16 as bytes, little-endian as every machine this runs on. Borrowed: valid until `samples` changes. */
const bytesOf = (samples: Int16Array): Uint8Array => new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);

const asProviderError = (vendor: Vendor, error: unknown): ProviderError =>
  error instanceof ProviderError ? error : new ProviderError('provider_broken', `${vendor}: the caller's audio could not be read`, { cause: error });
