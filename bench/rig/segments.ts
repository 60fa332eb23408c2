/** A stretch of sound, in ms from the beginning. */
export interface Segment {
  readonly beginMs: number;
  readonly endMs: number;
}

const STEP = 48;

/** Stretches of `samples` (48 kHz) louder than `peak`, with pauses shorter than `pauseMs` closed. To the millisecond. */
export function segments(samples: Int16Array, peak: number, pauseMs: number): Segment[] {
  const found: { beginMs: number; endMs: number }[] = [];
  for (let at = 0; at + STEP <= samples.length; at += STEP) {
    let loud = false;
    for (let i = at; i < at + STEP && !loud; i++) loud = Math.abs(samples[i] as number) > peak;
    if (!loud) continue;
    const ms = at / STEP;
    const last = found.at(-1);
    if (last !== undefined && ms - last.endMs < pauseMs) last.endMs = ms + 1;
    else found.push({ beginMs: ms, endMs: ms + 1 });
  }
  return found;
}
