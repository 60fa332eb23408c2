import { VoiceNodeError } from '../domain/errors.js';
import type { Audio } from '../domain/audio.js';

const PCM = 1;
const EXTENSIBLE = 0xfffe;
const HEADER_BYTES = 44;
const MIN_RATE_HZ = 1000;
const MAX_RATE_HZ = 384_000;

/**
 * Reads a RIFF/WAVE file with 16-bit PCM; several channels are averaged. Throws VoiceNodeError `audio_format`
 * that says what was expected and what came. A data chunk longer than the file (a recorder that was killed)
 * is read as far as it goes. (Multimedia Programming Interface 1.0, RIFF chapter.)
 */
export function readWav(bytes: Uint8Array, name = 'the file'): Audio {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const tag = (at: number): string => (at + 4 <= bytes.length ? String.fromCharCode(...bytes.subarray(at, at + 4)) : '');
  if (tag(0) !== 'RIFF' || tag(8) !== 'WAVE') {
    throw new VoiceNodeError('audio_format', `${name}: expected a WAV file (RIFF ... WAVE), got ${bytes.length === 0 ? 'an empty file' : JSON.stringify(tag(0))}`);
  }
  let format: { channels: number; rateHz: number } | undefined;
  for (let at = 12; at + 8 <= bytes.length; ) {
    const size = view.getUint32(at + 4, true);
    if (tag(at) === 'fmt ') format = readFormat(view, at + 8, size, name);
    if (tag(at) === 'data') {
      if (format === undefined) throw new VoiceNodeError('audio_format', `${name}: expected a format before the data`);
      return { rateHz: format.rateHz, samples: readSamples(view, at + 8, Math.min(size, bytes.length - at - 8), format.channels) };
    }
    at += 8 + size + (size & 1);
  }
  throw new VoiceNodeError('audio_format', `${name}: expected audio data, got a WAV file without any`);
}

function readFormat(view: DataView, at: number, size: number, name: string): { channels: number; rateHz: number } {
  if (size < 16 || at + 16 > view.byteLength) throw new VoiceNodeError('audio_format', `${name}: the format chunk is cut short`);
  let encoding = view.getUint16(at, true);
  const channels = view.getUint16(at + 2, true);
  const rateHz = view.getUint32(at + 4, true);
  const bits = view.getUint16(at + 14, true);
  if (encoding === EXTENSIBLE && size >= 26 && at + 26 <= view.byteLength) encoding = view.getUint16(at + 24, true);
  if (encoding !== PCM || bits !== 16) throw new VoiceNodeError('audio_format', `${name}: expected 16-bit PCM, got encoding ${encoding} with ${bits} bits`);
  if (channels < 1 || channels > 8) throw new VoiceNodeError('audio_format', `${name}: expected 1 to 8 channels, got ${channels}`);
  if (rateHz < MIN_RATE_HZ || rateHz > MAX_RATE_HZ) throw new VoiceNodeError('audio_format', `${name}: expected a rate of ${MIN_RATE_HZ} to ${MAX_RATE_HZ} Hz, got ${rateHz}`);
  return { channels, rateHz };
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
  const view = new DataView(bytes.buffer);
  const tag = (at: number, text: string): void => {
    for (let i = 0; i < 4; i++) bytes[at + i] = text.charCodeAt(i);
  };
  tag(0, 'RIFF');
  view.setUint32(4, HEADER_BYTES - 8 + dataBytes, true);
  tag(8, 'WAVE');
  tag(12, 'fmt ');
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
