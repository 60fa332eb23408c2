import type { Audio } from '../domain/audio.js';

/** One after the other, copied. */
export function joinSamples(parts: readonly Int16Array[]): Int16Array {
  const all = new Int16Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** One after the other, copied. Undefined where there is nothing, or where the rate changes on the way. */
export function joinAudio(pieces: readonly Audio[]): Audio | undefined {
  const [first] = pieces;
  if (first === undefined || pieces.some(({ rateHz }) => rateHz !== first.rateHz)) return undefined;
  return { samples: joinSamples(pieces.map(({ samples }) => samples)), rateHz: first.rateHz };
}
