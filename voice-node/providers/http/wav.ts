import type { Audio } from '../../domain/audio.js';

const PCM = 1;
const EXTENSIBLE = 0xfffe;
const HEADER_BYTES = 44;
/** A server that writes while it synthesises knows no length: 0, or the largest there is (give or take a header). */
const UNKNOWN_FROM = 0x7fff_0000;

/** What a WAV file's header says of the audio that follows it. */
export interface WavFormat {
  readonly rateHz: number;
  readonly channels: number;
  /** Where the samples begin. */
  readonly dataAt: number;
  /** Undefined: until the end of the answer. */
  readonly dataBytes: number | undefined;
}

/**
 * Reads the header of a WAV stream of which `bytes` is the beginning: its format, undefined while more of it has
 * to come, or a few words saying what is wrong with it. (Multimedia Programming Interface 1.0, RIFF chapter.)
 */
export function readWavHeader(bytes: Uint8Array): WavFormat | string | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const tag = (at: number): string => String.fromCharCode(...bytes.subarray(at, at + 4));
  if (bytes.length < 12) return undefined;
  if (tag(0) !== 'RIFF' || tag(8) !== 'WAVE') return 'no WAV header';
  let format: { rateHz: number; channels: number } | undefined;
  for (let at = 12; at + 8 <= bytes.length; ) {
    const name = tag(at);
    const size = view.getUint32(at + 4, true);
    if (name === 'data') {
      if (format === undefined) return 'WAV data before its format';
      return { ...format, dataAt: at + 8, dataBytes: size === 0 || size >= UNKNOWN_FROM ? undefined : size };
    }
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

/** A complete WAV file: mono, 16-bit PCM. */
export function writeWav({ samples, rateHz }: Audio): Uint8Array {
  const dataBytes = samples.length * 2;
  const bytes = new Uint8Array(HEADER_BYTES + dataBytes);
  const view = new DataView(bytes.buffer);
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
