import { WIRE_RATE_HZ, type Audio } from '../domain/audio.js';
import { messageOf, VoiceNodeError } from '../domain/errors.js';
import { samplesIn } from '../domain/time.js';
import { createResampler } from '../dsp/resampler.js';

/** Reads a WAV file; `name` is for the error, which it throws for what is none. */
export type ReadAudio = (bytes: Uint8Array, name: string) => Audio;

/** As much as may wait in a reply. */
const MAX_SOUND_MS = 120_000;
/** All recordings of one robot: 115 MB at the rate of the wire. */
export const MAX_SOUNDS_MS = 1_200_000;

/** A recording with the stamp of the file it was made from. */
export interface Sound {
  readonly stamp: string;
  readonly audio: Audio;
}

export const durationMs = ({ samples, rateHz }: Audio): number => (samples.length * 1000) / rateHz;

/**
 * The recording at the rate of the wire, without the resampler's delay: as long as it was. Throws `robot_invalid`
 * for what is no WAV, is empty or too long, or has a rate that cannot be converted.
 */
export function decode(bytes: Uint8Array, name: string, readAudio: ReadAudio): Audio {
  const work = decodeInPieces(bytes, name, readAudio);
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
  }
}

/** The same a second of sound at a time, some milliseconds of work: for whoever must let others run in between. */
export function* decodeInPieces(bytes: Uint8Array, name: string, readAudio: ReadAudio): Generator<undefined, Audio> {
  const audio = reworded(name, () => readAudio(bytes, name));
  const { samples, rateHz } = audio;
  if (samples.length === 0) throw new VoiceNodeError('robot_invalid', 'expected a recording, got one without a sample');
  if (durationMs(audio) > MAX_SOUND_MS) throw new VoiceNodeError('robot_invalid', `expected at most ${MAX_SOUND_MS / 1000} s, got ${(durationMs(audio) / 1000).toFixed(1)} s`);
  if (rateHz === WIRE_RATE_HZ) return audio;
  const resampler = reworded(name, () => createResampler({ fromHz: rateHz, toHz: WIRE_RATE_HZ }));
  const delay = Math.round(resampler.delaySamples);
  const wire = new Int16Array(samplesIn(durationMs(audio), WIRE_RATE_HZ));
  let at = -delay;
  const take = (piece: Int16Array): void => {
    const skip = Math.max(0, -at);
    if (skip < piece.length) wire.set(piece.subarray(skip, skip + wire.length - Math.max(0, at)), Math.max(0, at));
    at += piece.length;
  };
  for (let from = 0; from < samples.length; from += rateHz) {
    take(resampler.process(samples.subarray(from, from + rateHz)));
    yield;
  }
  // The last of the sound comes out when as much silence has been pushed in as the filter is long.
  take(resampler.process(new Int16Array(Math.ceil(((delay + 1) * rateHz) / WIRE_RATE_HZ) + 1)));
  return { samples: wire, rateHz: WIRE_RATE_HZ };
}

/** The fault stands beside the name of the file: once is enough. */
function reworded<T>(name: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const message = messageOf(error);
    throw new VoiceNodeError('robot_invalid', message.startsWith(`${name}: `) ? message.slice(name.length + 2) : message, { cause: error });
  }
}
