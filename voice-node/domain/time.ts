/**
 * Three kinds of time, three types, so that they cannot be mixed by accident.
 *
 * - `MonotonicMs` orders what happened and measures durations. It is an argument everywhere below the
 *   runner; only `platform/clock.ts` reads it. Fractions of a millisecond are meaningful.
 * - `MediaMs` is a position in a call's audio, counted in samples and expressed in milliseconds:
 *   samples * 1000 / rateHz, in this order, so that whole milliseconds come out whole. It does not move when no audio comes.
 * - `WallMs` (Unix epoch) is for records and logs only; nothing is decided by it.
 */
declare const monotonic: unique symbol;
declare const media: unique symbol;
declare const wall: unique symbol;

export type MonotonicMs = number & { readonly [monotonic]: true };
export type MediaMs = number & { readonly [media]: true };
export type WallMs = number & { readonly [wall]: true };

export const monotonicMs = (value: number): MonotonicMs => value as MonotonicMs;
export const wallMs = (value: number): WallMs => value as WallMs;

/** The position of sample number `samples` in a stream of `rateHz`. */
export const mediaMs = (samples: number, rateHz: number): MediaMs => ((samples * 1000) / rateHz) as MediaMs;

/** The number of whole samples in `durationMs` at `rateHz`. */
export const samplesIn = (durationMs: number, rateHz: number): number => Math.round((durationMs * rateHz) / 1000);
