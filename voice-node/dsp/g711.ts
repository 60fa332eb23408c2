import { VoiceNodeError } from '../domain/errors.js';

/**
 * ITU-T G.711 (11/88): A-law, table 1a/1b, and mu-law, table 2a/2b, bit for bit as the ITU's reference does it
 * (G.191 software tools): the magnitude of a negative sample is its one's complement, so that both signs have
 * the same decision values. A-law takes the upper 13 bits of an int16, mu-law the upper 14.
 */

/** A segment holds 16 steps; the first two A-law segments share one step size. */
export function encodeALaw(sample: number): number {
  const magnitude = (sample < 0 ? ~sample : sample) >> 4;
  const segment = magnitude < 16 ? 0 : 28 - Math.clz32(magnitude);
  const step = segment === 0 ? magnitude : (magnitude >> (segment - 1)) & 15;
  // Every other bit is inverted on the line (G.711, 3.1), so that silence has transitions.
  return ((sample < 0 ? 0 : 0x80) | (segment << 4) | step) ^ 0x55;
}

export function decodeALaw(code: number): number {
  const bits = code ^ 0x55;
  const segment = (bits >> 4) & 7;
  const step = ((bits & 15) << 4) + 8;
  const magnitude = segment === 0 ? step : (step + 0x100) << (segment - 1);
  return bits & 0x80 ? magnitude : -magnitude;
}

/** What G.711 adds to the magnitude so that the segments begin at powers of two, in 14-bit units. */
const MU_BIAS = 33;
const MU_CLIP = 0x1fff;

export function encodeMuLaw(sample: number): number {
  const magnitude = Math.min(((sample < 0 ? ~sample : sample) >> 2) + MU_BIAS, MU_CLIP);
  const segment = 26 - Math.clz32(magnitude);
  const step = (magnitude >> (segment + 1)) & 15;
  // All bits are inverted on the line.
  return ~((sample < 0 ? 0x80 : 0) | (segment << 4) | step) & 0xff;
}

export function decodeMuLaw(code: number): number {
  const bits = ~code & 0xff;
  const segment = (bits >> 4) & 7;
  const magnitude = ((((bits & 15) << 1) + MU_BIAS) << segment) - MU_BIAS;
  // `0 - x` keeps the negative zero of code 0x7f an ordinary zero.
  return bits & 0x80 ? 0 - (magnitude << 2) : magnitude << 2;
}

const A_LAW = Int16Array.from({ length: 256 }, (_, code) => decodeALaw(code));
const MU_LAW = Int16Array.from({ length: 256 }, (_, code) => decodeMuLaw(code));

/** A-law bytes to int16. Returns how many. Allocates nothing. */
export const decodeALawInto = (codes: Uint8Array, out: Int16Array): number => decodeInto(A_LAW, codes, out);

/** mu-law bytes to int16. Returns how many. Allocates nothing. */
export const decodeMuLawInto = (codes: Uint8Array, out: Int16Array): number => decodeInto(MU_LAW, codes, out);

/** int16 to A-law bytes. Returns how many. Allocates nothing. */
export function encodeALawInto(samples: Int16Array, out: Uint8Array): number {
  requireRoom(out.length, samples.length);
  for (let i = 0; i < samples.length; i++) out[i] = encodeALaw(samples[i] as number);
  return samples.length;
}

/** int16 to mu-law bytes. Returns how many. Allocates nothing. */
export function encodeMuLawInto(samples: Int16Array, out: Uint8Array): number {
  requireRoom(out.length, samples.length);
  for (let i = 0; i < samples.length; i++) out[i] = encodeMuLaw(samples[i] as number);
  return samples.length;
}

function decodeInto(table: Int16Array, codes: Uint8Array, out: Int16Array): number {
  requireRoom(out.length, codes.length);
  for (let i = 0; i < codes.length; i++) out[i] = table[codes[i] as number] as number;
  return codes.length;
}

function requireRoom(available: number, needed: number): void {
  if (available < needed) throw new VoiceNodeError('argument_invalid', `the output needs room for ${needed} samples, it has ${available}`);
}
