import { VoiceNodeError } from '../domain/errors.js';

/** int16 to float32, full scale +-1: x / 32768, exact. Returns how many. Allocates nothing. */
export function int16ToFloat32Into(input: Int16Array, out: Float32Array): number {
  const count = input.length;
  requireRoom(out.length, count);
  for (let i = 0; i < count; i++) out[i] = (input[i] as number) / 32768;
  return count;
}

/**
 * float32 to int16: 32768 x, rounded half up, saturated at -32768 and 32767; NaN becomes 0. The inverse of
 * int16ToFloat32Into, bit for bit. Returns how many. Allocates nothing. No dither: see dither.ts for that.
 */
export function float32ToInt16Into(input: Float32Array, out: Int16Array): number {
  const count = input.length;
  requireRoom(out.length, count);
  for (let i = 0; i < count; i++) out[i] = roundToInt16((input[i] as number) * 32768);
  return count;
}

/** The nearest int16, half up, saturated; NaN becomes 0. */
export function roundToInt16(x: number): number {
  if (x !== x) return 0;
  const shifted = x + 32768.5;
  return ((shifted > 65535 ? 65535 : shifted < 0 ? 0 : shifted) | 0) - 32768;
}

function requireRoom(available: number, needed: number): void {
  if (available < needed) throw new VoiceNodeError('argument_invalid', `the output needs room for ${needed} samples, it has ${available}`);
}
