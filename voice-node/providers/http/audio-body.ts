import type { Audio } from '../../domain/audio.js';
import { ProviderError } from '../../domain/provider.js';
import { knownDataBytes, readWavHeader } from '../../dsp/wav.js';
import { endedEarly } from './errors.js';
import { readBody, type BodyOptions } from './body.js';
import { PcmPieces } from './pcm-pieces.js';

export interface AudioBodyOptions extends Pick<BodyOptions, 'vendor' | 'signal'> {
  /** The rate of raw samples where the answer does not name another one. */
  readonly rateHz: number;
  /** Default 60 MB: ten minutes at 48 kHz. */
  readonly maxBytes?: number;
}

const WHAT = 'speech';
const MAX_BYTES = 60_000_000;
/** Chunks before the samples (LIST, fact, bext) may be this long altogether. */
const MAX_HEADER_BYTES = 65_536;
const MIN_RATE_HZ = 8000;
const MAX_RATE_HZ = 48_000;

/**
 * The audio of an answer as it comes: raw samples (s16le, mono, `rateHz`, unless its Content-Type names another
 * rate) or WAV with 16-bit PCM, whose channels are averaged. Pieces of at least 20 ms but for the last; the
 * receiver owns them. Throws `provider_protocol` for anything else, for rates outside 8 to 48 kHz and where there
 * is no sample at all; `provider_broken` or `provider_unreachable` where it breaks off; the signal's reason.
 */
export async function* readAudioBody(response: Response, options: AudioBodyOptions): AsyncGenerator<Audio> {
  const { vendor, signal } = options;
  const wrong = (came: string): ProviderError => new ProviderError('provider_protocol', `${vendor}: expected ${WHAT} as 16-bit PCM or WAV, got ${came}`);
  const declared = readContentType(response.headers.get('content-type') ?? '');
  if (typeof declared === 'string') {
    response.body?.cancel().catch(() => undefined);
    throw wrong(declared);
  }
  let begun = false;
  let head: Uint8Array | undefined = new Uint8Array(0);
  let pieces: PcmPieces | undefined;
  /** Bytes of samples still to come, where the header says how many. */
  let due = Infinity;
  for await (const bytes of readBody(response, { vendor, what: WHAT, signal, maxBytes: options.maxBytes ?? MAX_BYTES, begun: () => begun })) {
    let samples = bytes;
    if (head !== undefined) {
      head = concat(head, bytes);
      const start = readStart(head, declared.rateHz ?? options.rateHz);
      if (start === undefined) {
        if (head.length > MAX_HEADER_BYTES) throw wrong('a WAV header without end');
        continue;
      }
      if (typeof start === 'string') throw wrong(start);
      pieces = start.pieces;
      due = start.dataBytes ?? Infinity;
      samples = head.subarray(start.dataAt);
      head = undefined;
    }
    // What follows the data chunk is not sound.
    samples = samples.subarray(0, Math.min(due, samples.length));
    due -= samples.length;
    const piece = pieces?.push(samples);
    if (piece === undefined) continue;
    begun = true;
    yield piece;
  }
  if (head !== undefined && head.length >= 4 && isRiff(head)) throw endedEarly(vendor, WHAT, begun);
  if (due > 0 && due !== Infinity) throw endedEarly(vendor, WHAT, begun);
  const last = (pieces ?? rawPieces(head, declared.rateHz ?? options.rateHz)).flush();
  if (last !== undefined) yield last;
  else if (!begun) throw wrong('no sample at all');
}

/** What the type says: a rate, nothing, or that it is none of ours. */
function readContentType(type: string): { readonly rateHz?: number } | string {
  const [name = '', ...parameters] = type.toLowerCase().split(';').map((part) => part.trim());
  // Many servers name no type, a general one or a wrong one for samples; what is surely no sound of ours is named.
  if (/^text\/|json|xml|^audio\/(mpeg|mp3|ogg|opus|aac|flac|webm)/.test(name)) return /^[a-z0-9.+/-]{1,60}$/.test(name) ? name : 'another type';
  for (const parameter of parameters) {
    const rate = /^(?:rate|samplerate|sample_rate)=(\d{4,6})$/.exec(parameter)?.[1];
    if (rate === undefined) continue;
    return inRange(Number(rate)) ? { rateHz: Number(rate) } : `a rate of ${rate} Hz`;
  }
  return {};
}

interface Start {
  readonly pieces: PcmPieces;
  readonly dataAt: number;
  readonly dataBytes: number | undefined;
}

/** What the first bytes are; undefined while there are too few of them. */
function readStart(head: Uint8Array, rateHz: number): Start | string | undefined {
  if (head.length < 4) return undefined;
  const magic = String.fromCharCode(...head.subarray(0, 4));
  if (magic === 'OggS' || magic === 'fLaC' || magic.startsWith('ID3')) return `a file that begins with ${magic.trim()}`;
  if (!isRiff(head)) return { pieces: new PcmPieces(rateHz, 1), dataAt: 0, dataBytes: undefined };
  const format = readWavHeader(head);
  if (format === undefined || typeof format === 'string') return format;
  if (!inRange(format.rateHz)) return `a rate of ${format.rateHz} Hz`;
  return { pieces: new PcmPieces(format.rateHz, format.channels), dataAt: format.dataAt, dataBytes: knownDataBytes(format) };
}

/** Fewer bytes than a magic number has: raw samples, if anything. */
function rawPieces(head: Uint8Array | undefined, rateHz: number): PcmPieces {
  const pieces = new PcmPieces(rateHz, 1);
  pieces.push(head ?? new Uint8Array(0));
  return pieces;
}

const isRiff = (head: Uint8Array): boolean => head[0] === 0x52 && head[1] === 0x49 && head[2] === 0x46 && head[3] === 0x46;

const inRange = (rateHz: number): boolean => rateHz >= MIN_RATE_HZ && rateHz <= MAX_RATE_HZ;

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
