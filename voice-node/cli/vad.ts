import { once } from 'node:events';
import { parseArgs } from 'node:util';
import type { CallRateHz } from '../domain/audio.js';
import { VoiceNodeError, messageOf } from '../domain/errors.js';
import type { DetectorKind, SpeechEvent } from '../domain/speech.js';
import { monotonicMs } from '../domain/time.js';
import { Hearing } from '../hearing/hearing.js';
import { turnOptions } from '../hearing/turns.js';
import { loadDenoisers } from '../providers/denoise/rnnoise.js';
import { DETECTOR_KINDS, loadDetectors } from '../providers/vad/create.js';

export const VAD_USAGE = 'vad [--detector silero|webrtc|energy] [--rate 8000|16000|48000] [--denoise] < s16le';

const INPUT_RATES: readonly number[] = [8000, 16_000, 48_000];

interface VadArguments {
  readonly detector: DetectorKind;
  readonly rateHz: number;
  readonly denoise: boolean;
}

/**
 * Reads mono s16le from stdin and prints one JSON line for each beginning and end of speech as it is found:
 * `atMs` is when it was known, `onsetMs` the moment it speaks of (the start of the first voiced frame, the end
 * of the last one), both in ms of the input. An input at 48 kHz is heard at 8 kHz, as a call's would be;
 * with --denoise all are cleaned at 48 kHz before, and everything is found 10 ms later.
 * Throws `argument_invalid` for options, `audio_format` for input that is not s16le.
 */
export async function runVad(
  args: readonly string[],
  io: { readonly stdin: NodeJS.ReadableStream; readonly stdout: NodeJS.WritableStream },
): Promise<void> {
  const { detector, rateHz, denoise } = parseVadArguments(args);
  const detectors = await loadDetectors({ kinds: [detector] });
  try {
    const callRateHz: CallRateHz = rateHz === 16_000 ? 16_000 : 8000;
    const denoiser = denoise ? (await loadDenoisers()).create() : undefined;
    const lines: string[] = [];
    const hearing = new Hearing(
      // Everything that is found is printed: no speech is too short.
      { callRateHz, inputRateHz: rateHz, detector: detectors.create(detector, callRateHz), denoiser, turns: turnOptions({ minSpeechMs: 0 }) },
      {
        frame: () => undefined,
        speech: (event) => lines.push(lineOf(event)),
      },
    );
    const print = async (): Promise<void> => {
      if (lines.length === 0) return;
      const text = lines.splice(0).join('');
      if (!io.stdout.write(text)) await once(io.stdout, 'drain');
    };
    for await (const samples of samplesFrom(io.stdin)) {
      hearing.push(samples, monotonicMs(hearing.positionMs));
      await print();
    }
    hearing.flush();
    await print();
    hearing.close();
  } finally {
    detectors.close();
  }
}

function parseVadArguments(args: readonly string[]): VadArguments {
  const values = parse(args);
  const detector = DETECTOR_KINDS.find((kind) => kind === values.detector);
  if (detector === undefined) {
    throw new VoiceNodeError('argument_invalid', `--detector: expected ${DETECTOR_KINDS.join(', ')}, got ${JSON.stringify(values.detector)}`);
  }
  const rateHz = Number(values.rate);
  if (!INPUT_RATES.includes(rateHz)) {
    throw new VoiceNodeError('argument_invalid', `--rate: expected ${INPUT_RATES.join(', ')}, got ${JSON.stringify(values.rate)}`);
  }
  return { detector, rateHz, denoise: values.denoise };
}

function parse(args: readonly string[]): { detector: string; rate: string; denoise: boolean } {
  try {
    return parseArgs({
      args: [...args],
      options: { detector: { type: 'string', default: 'silero' }, rate: { type: 'string', default: '8000' }, denoise: { type: 'boolean', default: false } },
      allowPositionals: false,
    }).values;
  } catch (error) {
    throw new VoiceNodeError('argument_invalid', `${messageOf(error)}; usage: ${VAD_USAGE}`, { cause: error });
  }
}

function lineOf(event: SpeechEvent): string {
  switch (event.type) {
    case 'speech_started':
      return `${JSON.stringify({ type: event.type, atMs: event.atMs, onsetMs: event.onsetMs })}\n`;
    case 'speech_ended':
      return `${JSON.stringify({ type: event.type, atMs: event.atMs, onsetMs: event.offsetMs })}\n`;
    default:
      return '';
  }
}

/** The samples of a byte stream, whose pieces may end in the middle of one. */
async function* samplesFrom(stdin: NodeJS.ReadableStream): AsyncGenerator<Int16Array> {
  let rest: Buffer = Buffer.alloc(0);
  let first = true;
  for await (const piece of stdin) {
    const bytes: Buffer = Buffer.concat([rest, typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece]);
    if (first && bytes.length < 4) {
      rest = bytes;
      continue;
    }
    if (first) rejectContainer(bytes);
    first = false;
    const count = Math.floor(bytes.length / 2);
    const samples = new Int16Array(count);
    for (let i = 0; i < count; i++) samples[i] = bytes.readInt16LE(2 * i);
    rest = bytes.subarray(2 * count);
    yield samples;
  }
  if (rest.length % 2 === 1) throw new VoiceNodeError('audio_format', 'expected s16le, two bytes for each sample; the input ends with half a sample');
  if (rest.length === 2) yield Int16Array.of(rest.readInt16LE(0));
}

function rejectContainer(bytes: Buffer): void {
  if (bytes.toString('latin1', 0, 4) === 'RIFF') {
    throw new VoiceNodeError('audio_format', 'expected raw s16le on stdin, got a WAV file; strip its header first, or use replay');
  }
}
