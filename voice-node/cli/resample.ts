import { endianness } from 'node:os';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';

import { VoiceNodeError, messageOf } from '../domain/errors.js';
import {
  createFloatResampler,
  createResampler,
  type Resampler,
  type ResamplerOptions,
  type ResamplerProfile,
  type SampleFormat,
} from '../dsp/resampler.js';

const PROFILES: readonly ResamplerProfile[] = ['conversation', 'linear', 'archive'];
const FORMATS: Readonly<Record<string, SampleFormat>> = { s16le: 's16', f32le: 'f32' };

/** `--block 0` holds the whole input; more than this is refused rather than swapped out. */
const MAX_WHOLE_INPUT_BYTES = 1 << 30;

export interface ResampleStreams {
  readonly stdin: NodeJS.ReadableStream;
  readonly stdout: NodeJS.WritableStream;
}

interface ResampleSettings extends Required<ResamplerOptions> {
  readonly format: SampleFormat;
  /** Samples per push; 0: everything at once; undefined: as it arrives. */
  readonly block: number | undefined;
}

/**
 * `voice-node resample`: raw mono samples from stdin to stdout, streaming, with back-pressure.
 *
 * Each block is answered as soon as it is complete. The output is aligned with the input: the filter's delay,
 * rounded to whole output samples, is left out at the beginning and made up by its tail at the end, so that
 * N samples in give round(N * to / from) out.
 *
 * Throws VoiceNodeError `argument_invalid` for bad options, `audio_format` for unknown rates or an input that
 * ends within a sample. A reader that goes away (`| head`) ends it quietly.
 */
export async function runResample(args: readonly string[], io: ResampleStreams): Promise<void> {
  const settings = parseSettings(args);
  const convert =
    settings.format === 's16'
      ? (source: AsyncIterable<Buffer>) => resampleBytes(source, settings, createResampler(settings), Int16Array)
      : (source: AsyncIterable<Buffer>) => resampleBytes(source, settings, createFloatResampler(settings), Float32Array);
  try {
    await pipeline(io.stdin, convert as (source: AsyncIterable<string | Buffer>) => AsyncGenerator<Buffer>, io.stdout, { end: false });
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    if (code !== 'EPIPE' && code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  }
}

function parseSettings(args: readonly string[]): ResampleSettings {
  let values;
  try {
    ({ values } = parseArgs({
      args: [...args],
      strict: true,
      allowPositionals: false,
      options: {
        from: { type: 'string' },
        to: { type: 'string' },
        format: { type: 'string', default: 's16le' },
        profile: { type: 'string', default: 'conversation' },
        block: { type: 'string' },
      },
    }));
  } catch (error) {
    throw new VoiceNodeError('argument_invalid', `resample: ${messageOf(error).split('\n', 1)[0] ?? ''}`);
  }
  const profile = PROFILES.find((name) => name === values.profile);
  if (profile === undefined) {
    throw new VoiceNodeError('argument_invalid', `resample: expected --profile ${PROFILES.join('|')}, got ${values.profile}`);
  }
  const format = FORMATS[values.format];
  if (format === undefined) {
    throw new VoiceNodeError('argument_invalid', `resample: expected --format ${Object.keys(FORMATS).join('|')}, got ${values.format}`);
  }
  return {
    fromHz: wholeNumber('--from', values.from),
    toHz: wholeNumber('--to', values.to),
    profile,
    format,
    block: values.block === undefined ? undefined : wholeNumber('--block', values.block),
  };
}

function wholeNumber(name: string, text: string | undefined): number {
  if (text === undefined) throw new VoiceNodeError('argument_invalid', `resample: ${name} is missing`);
  if (!/^\d{1,9}$/.test(text)) throw new VoiceNodeError('argument_invalid', `resample: expected a whole number after ${name}, got ${text}`);
  return Number(text);
}

interface SampleArray<T> {
  readonly BYTES_PER_ELEMENT: number;
  new (length: number): T;
}

/** Yields what the samples of `source` become; every buffer it yields is new, as the stream may keep it. */
async function* resampleBytes<T extends Int16Array | Float32Array>(
  source: AsyncIterable<Buffer>,
  settings: ResampleSettings,
  resampler: Resampler<T>,
  array: SampleArray<T>,
): AsyncGenerator<Buffer> {
  const width = array.BYTES_PER_ELEMENT;
  let skip = Math.round(resampler.delaySamples);
  let consumed = 0;
  let delivered = 0;
  const push = (samples: T): Buffer => {
    const out = resampler.process(samples);
    const from = Math.min(skip, out.length);
    skip -= from;
    delivered += out.length - from;
    return toBytes(out, from, out.length);
  };
  for await (const bytes of inBlocks(source, settings.block, width)) {
    const samples = new array(bytes.length / width);
    Buffer.from(samples.buffer).set(bytes);
    swapOnBigEndian(Buffer.from(samples.buffer), width);
    consumed += samples.length;
    const out = push(samples);
    if (out.length > 0) yield out;
  }
  // The tail: as much silence as brings the last sample out.
  const wanted = Math.round((consumed * settings.toHz) / settings.fromHz);
  if (wanted <= delivered) return;
  const missing = wanted - delivered + skip;
  const out = resampler.process(new array(Math.ceil((missing * settings.fromHz) / settings.toHz) + 1));
  yield toBytes(out, skip, skip + wanted - delivered);
}

function toBytes(samples: Int16Array | Float32Array, from: number, to: number): Buffer {
  const width = samples.BYTES_PER_ELEMENT;
  const bytes = Buffer.from(samples.buffer, samples.byteOffset + from * width, (to - from) * width);
  swapOnBigEndian(bytes, width);
  return bytes;
}

function swapOnBigEndian(bytes: Buffer, width: number): void {
  if (endianness() === 'LE') return;
  if (width === 2) bytes.swap16();
  else bytes.swap32();
}

/** Cuts the stream into whole samples: `block` of them at a time, all (0), or as many as have arrived. */
async function* inBlocks(source: AsyncIterable<Buffer>, block: number | undefined, width: number): AsyncGenerator<Buffer> {
  let parts: Buffer[] = [];
  let held = 0;
  for await (const chunk of source) {
    parts.push(chunk);
    held += chunk.length;
    if (block === 0) {
      if (held > MAX_WHOLE_INPUT_BYTES) {
        throw new VoiceNodeError('argument_invalid', `resample: --block 0 takes at most ${MAX_WHOLE_INPUT_BYTES} bytes; give a block size`);
      }
      continue;
    }
    const unit = (block ?? 1) * width;
    if (held < unit) continue;
    const bytes = Buffer.concat(parts, held);
    const whole = held - (held % unit);
    if (block === undefined) yield bytes.subarray(0, whole);
    else for (let from = 0; from < whole; from += unit) yield bytes.subarray(from, from + unit);
    parts = [bytes.subarray(whole)];
    held -= whole;
  }
  if (held % width !== 0) {
    throw new VoiceNodeError('audio_format', `resample: expected samples of ${width} bytes, the input ends after ${held % width} of one`);
  }
  if (held > 0) yield Buffer.concat(parts, held);
}
