import type { Audio } from '../domain/audio.js';
import { VoiceNodeError } from '../domain/errors.js';

const PCM = 1;
const EXTENSIBLE = 0xfffe;
const HEADER_BYTES = 44;
const MIN_RATE_HZ = 1000;
const MAX_RATE_HZ = 384_000;
/** A server that writes while it synthesises knows no length: 0, or the largest there is (give or take a header). */
const UNKNOWN_FROM = 0x7fff_0000;

/** What a WAV's header says of the 16-bit samples that follow it. */
export interface WavHeader {
  readonly rateHz: number;
  /** 1 to 8. */
  readonly channels: number;
  /** Where the samples begin. */
  readonly dataAt: number;
  /** As it is written there; see `knownDataBytes`. */
  readonly dataBytes: number;
}

/** How many bytes of samples a stream brings; undefined where its writer did not know: until its end. */
export const knownDataBytes = ({ dataBytes }: WavHeader): number | undefined => (dataBytes === 0 || dataBytes >= UNKNOWN_FROM ? undefined : dataBytes);

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const tagAt = (bytes: Uint8Array, at: number): string => String.fromCharCode(...bytes.subarray(at, at + 4));
const isWave = (bytes: Uint8Array): boolean => bytes.length >= 12 && tagAt(bytes, 0) === 'RIFF' && tagAt(bytes, 8) === 'WAVE';

/**
 * Reads the header of a WAV of which `bytes` is the beginning, or the whole: undefined while more of it has to
 * come, or a few words saying what is wrong with it. (Multimedia Programming Interface 1.0, RIFF chapter.)
 */
export function readWavHeader(bytes: Uint8Array): WavHeader | string | undefined {
  if (bytes.length < 12) return undefined;
  if (!isWave(bytes)) return 'no WAV header';
  const view = viewOf(bytes);
  let format: { rateHz: number; channels: number } | undefined;
  for (let at = 12; at + 8 <= bytes.length; ) {
    const name = tagAt(bytes, at);
    const size = view.getUint32(at + 4, true);
    if (name === 'data') return format === undefined ? 'WAV data before its format' : { ...format, dataAt: at + 8, dataBytes: size };
    if (name === 'fmt ') {
      if (size < 16) return 'a WAV format that is cut short';
      if (at + 8 + Math.min(size, 26) > bytes.length) return undefined;
      const read = readFormat(view, at + 8, size);
      if (typeof read === 'string') return read;
      format = read;
    }
    at += 8 + size + (size & 1);
  }
  return undefined;
}

function readFormat(view: DataView, at: number, size: number): { rateHz: number; channels: number } | string {
  let encoding = view.getUint16(at, true);
  if (encoding === EXTENSIBLE && size >= 26) encoding = view.getUint16(at + 24, true);
  const channels = view.getUint16(at + 2, true);
  const rateHz = view.getUint32(at + 4, true);
  const bits = view.getUint16(at + 14, true);
  if (encoding !== PCM || bits !== 16) return `WAV of encoding ${encoding} with ${bits} bits`;
  if (channels < 1 || channels > 8) return `WAV with ${channels} channels`;
  return { rateHz, channels };
}

/**
 * Reads a whole WAV file with 16-bit PCM; several channels are averaged. Throws VoiceNodeError `audio_format`
 * that says what was expected and what came. A data chunk longer than the file (a recorder that was killed)
 * is read as far as it goes.
 */
export function readWav(bytes: Uint8Array, name = 'the file'): Audio {
  const refuse = (expected: string, came: string): VoiceNodeError => new VoiceNodeError('audio_format', `${name}: expected ${expected}, got ${came}`);
  if (!isWave(bytes)) throw refuse('a WAV file (RIFF ... WAVE)', bytes.length === 0 ? 'an empty file' : JSON.stringify(tagAt(bytes, 0)));
  const header = readWavHeader(bytes);
  if (header === undefined) throw refuse('audio data', 'a WAV file without any');
  if (typeof header === 'string') throw refuse('16-bit PCM with 1 to 8 channels', header);
  const { rateHz, channels, dataAt, dataBytes } = header;
  if (rateHz < MIN_RATE_HZ || rateHz > MAX_RATE_HZ) throw refuse(`a rate of ${MIN_RATE_HZ} to ${MAX_RATE_HZ} Hz`, String(rateHz));
  return { rateHz, samples: readSamples(viewOf(bytes), dataAt, Math.min(dataBytes, bytes.length - dataAt), channels) };
}

function readSamples(view: DataView, at: number, bytes: number, channels: number): Int16Array {
  const samples = new Int16Array(Math.floor(bytes / (2 * channels)));
  for (let i = 0, from = at; i < samples.length; i++) {
    let sum = 0;
    for (let channel = 0; channel < channels; channel++, from += 2) sum += view.getInt16(from, true);
    samples[i] = Math.round(sum / channels);
  }
  return samples;
}

/** A complete WAV file: mono, 16-bit PCM. */
export function writeWav({ samples, rateHz }: Audio): Uint8Array {
  const dataBytes = samples.length * 2;
  const bytes = new Uint8Array(HEADER_BYTES + dataBytes);
  const view = viewOf(bytes);
  const tag = (at: number, text: string): void => bytes.set([...text].map((char) => char.charCodeAt(0)), at);
  tag(0, 'RIFF');
  view.setUint32(4, HEADER_BYTES - 8 + dataBytes, true);
  tag(8, 'WAVEfmt ');
  view.setUint32(16, 16, true);
  view.setUint16(20, PCM, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, rateHz, true);
  view.setUint32(28, rateHz * 2, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  tag(36, 'data');
  view.setUint32(40, dataBytes, true);
  for (let i = 0; i < samples.length; i++) view.setInt16(HEADER_BYTES + 2 * i, samples[i] as number, true);
  return bytes;
}
