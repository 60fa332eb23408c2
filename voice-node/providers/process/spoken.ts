import type { Audio } from '../../domain/audio.js';
import { ProviderError, type Vendor } from '../../domain/provider.js';
import { knownDataBytes, readWavHeader } from '../../dsp/wav.js';
import { PcmPieces } from '../http/pcm-pieces.js';
import { RunningProgram, type Program } from './program.js';

/** Ten minutes at 48 kHz. */
const MAX_BYTES = 60_000_000;
const MAX_HEADER_BYTES = 65_536;

/** The WAV that a program writes to its standard output, as it is written. `text` goes to its standard input. */
export async function* spoken(vendor: Vendor, program: Program, text: string, signal: AbortSignal, connected: () => void): AsyncGenerator<Audio> {
  const running = new RunningProgram(vendor, program);
  const onAbort = (): void => running.kill();
  signal.addEventListener('abort', onAbort);
  let spoke = false;
  try {
    running.child.stdin.end(text);
    if (signal.aborted) return;
    for await (const piece of wavPieces(vendor, running.child.stdout as AsyncIterable<Buffer>, connected)) {
      spoke = true;
      yield piece;
    }
    await running.ended;
    if (signal.aborted) return;
    if (!running.succeeded) throw running.error(spoke ? 'provider_broken' : refusal(running), 'speech');
    if (!spoke) throw running.error('provider_rejected', 'speech');
  } catch (error) {
    // A killed program leaves its output unfinished: that is no news.
    if (signal.aborted) return;
    if (error instanceof ProviderError) throw error;
    // The pipe broke before the program's end was known.
    await running.ended;
    throw running.error(spoke ? 'provider_broken' : 'provider_unreachable', 'speech');
  } finally {
    signal.removeEventListener('abort', onAbort);
    running.kill();
  }
}

/** Runs a program to its end with `text` on its standard input. Throws unless it succeeds; false: aborted. */
export async function run(vendor: Vendor, program: Program, text: string, signal: AbortSignal, connected: () => void): Promise<boolean> {
  const running = new RunningProgram(vendor, program);
  const onAbort = (): void => running.kill();
  signal.addEventListener('abort', onAbort);
  try {
    running.child.once('spawn', connected);
    running.child.stdin.end(text);
    running.child.stdout.resume();
    if (!signal.aborted) await running.ended;
    if (signal.aborted) return false;
    if (!running.succeeded) throw running.error(refusal(running), 'speech');
    return true;
  } finally {
    signal.removeEventListener('abort', onAbort);
    running.kill();
  }
}

/** What ends by itself without a word does not like the text or the voice, and will not the next time. */
const refusal = (running: RunningProgram): 'provider_unreachable' | 'provider_rejected' => (running.wasKilled ? 'provider_unreachable' : 'provider_rejected');

/** Decodes a WAV as it comes: pieces of at least 20 ms but for the last. Throws `provider_protocol` where it is none. */
export async function* wavPieces(vendor: Vendor, source: AsyncIterable<Buffer> | Iterable<Buffer>, began: () => void): AsyncGenerator<Audio> {
  let head: Buffer | undefined = Buffer.alloc(0);
  let pieces: PcmPieces | undefined;
  let due = Infinity;
  let size = 0;
  for await (const bytes of source) {
    size += bytes.length;
    if (size > MAX_BYTES) throw new ProviderError('provider_overflow', `${vendor}: expected at most ${MAX_BYTES} bytes of speech, got more`);
    let samples = bytes;
    if (head !== undefined) {
      began();
      head = Buffer.concat([head, bytes]);
      const format = readWavHeader(head);
      if (format === undefined && head.length <= MAX_HEADER_BYTES) continue;
      if (format === undefined || typeof format === 'string') throw new ProviderError('provider_protocol', `${vendor}: expected a WAV, got ${format ?? 'a header without end'}`);
      pieces = new PcmPieces(format.rateHz, format.channels);
      due = knownDataBytes(format) ?? Infinity;
      samples = head.subarray(format.dataAt);
      head = undefined;
    }
    samples = samples.subarray(0, Math.min(due, samples.length));
    due -= samples.length;
    const piece = pieces?.push(samples);
    if (piece !== undefined) yield piece;
  }
  const last = pieces?.flush();
  if (last !== undefined) yield last;
}
