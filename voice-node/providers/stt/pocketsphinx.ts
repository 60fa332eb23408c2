import type { Clock } from '../../domain/clock.js';
import { ProviderError } from '../../domain/provider.js';
import type { SpeechToText, TranscribeRequest, Transcript } from '../../domain/stt.js';
import { WorkerPool, type PoolOptions } from '../process/pool.js';
import { transcripts } from '../process/transcripts.js';
import { createModelAudio, MODEL_RATE_HZ } from './pocketsphinx-audio.js';

export interface PocketSphinxOptions extends Pick<PoolOptions, 'maxWorkers' | 'maxWaiting' | 'lingerMs'> {
  /** The Python that has the package pocketsphinx: that of its virtual environment. */
  readonly python: string;
  /** sidecars/pocketsphinx.py. */
  readonly script: string;
  readonly clock: Clock;
}

/**
 * English on this machine: pocketsphinx 5 with the model its wheel brings, in side processes (105 to 130 MB each, a
 * fifth of a core while somebody speaks). Several decoders in one process would save 12 MB each, and take turns: the
 * library holds Python's lock while it decodes. Good for trying things out without keys; clear speech only.
 */
export class PocketSphinx implements SpeechToText {
  readonly vendor = 'pocketsphinx';
  readonly #pool: WorkerPool;

  constructor({ python, script, ...options }: PocketSphinxOptions) {
    // -I: nothing of the caller's folder or environment is imported; -u: answers leave at once.
    const program = { command: python, args: ['-I', '-u', script], remedy: 'scripts/up or scripts/test sets it up' };
    this.#pool = new WorkerPool({ vendor: this.vendor, program, ...options });
  }

  /** Starts a process ahead of the first utterance: loading takes half a second. */
  warm(): void {
    this.#pool.warm();
  }

  /** Processes that run. */
  get processes(): number {
    return this.#pool.size;
  }

  transcribe(request: TranscribeRequest): AsyncIterable<Transcript> {
    const { language, speech } = request;
    if (!/^en(-|$)/i.test(language)) throw new ProviderError('provider_rejected', `pocketsphinx: expected English, such as en-US, got ${language}`);
    const lines = speech.rateHz === MODEL_RATE_HZ ? 'wide' : 'narrow';
    return transcripts(this.vendor, this.#pool, request, { lines }, createModelAudio(speech.rateHz));
  }

  close(): void {
    this.#pool.close();
  }
}
