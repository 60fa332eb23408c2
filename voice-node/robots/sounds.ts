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
  const audio = reworded(name, () => readAudio(bytes, name));
  if (audio.samples.length === 0) throw new VoiceNodeError('robot_invalid', 'expected a recording, got one without a sample');
  if (durationMs(audio) > MAX_SOUND_MS) throw new VoiceNodeError('robot_invalid', `expected at most ${MAX_SOUND_MS / 1000} s, got ${(durationMs(audio) / 1000).toFixed(1)} s`);
  if (audio.rateHz === WIRE_RATE_HZ) return audio;
  return reworded(name, () => atWireRate(audio));
}

function atWireRate({ samples, rateHz }: Audio): Audio {
  const resampler = createResampler({ fromHz: rateHz, toHz: WIRE_RATE_HZ });
  const delay = Math.round(resampler.delaySamples);
  const length = samplesIn((samples.length * 1000) / rateHz, WIRE_RATE_HZ);
  // The tail comes out when as much silence has been pushed in as the filter is long.
  const tail = new Int16Array(Math.ceil(((delay + 1) * rateHz) / WIRE_RATE_HZ) + 1);
  const [head, rest] = [resampler.process(samples), resampler.process(tail)];
  const all = new Int16Array(head.length + rest.length);
  all.set(head);
  all.set(rest, head.length);
  return { samples: all.slice(delay, delay + length), rateHz: WIRE_RATE_HZ };
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
